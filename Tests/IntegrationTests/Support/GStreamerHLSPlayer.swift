import Foundation
import NIOCore
import TestSupport

/// GStreamer's playbin as a player of HLS, in real time, which tells what it has shown.
enum GStreamerHLSPlayer: String, CaseIterable {
    /// With hlsdemux of gst-plugins-bad.
    case playbin
    /// With hlsdemux2.
    case playbin3

    private static let program = """
        import gi, sys
        gi.require_version("Gst", "1.0")
        from gi.repository import Gst, GLib
        Gst.init(None)
        maker, url, wanted = sys.argv[1], sys.argv[2], int(sys.argv[3])
        loop, shown, last = GLib.MainLoop(), {"video": 0, "audio": 0}, {}
        player = Gst.ElementFactory.make(maker)
        def handed(sink, buffer, pad, kind):
            # A tenth of a second more than the last one lasts is a gap.
            if kind in last and buffer.pts - last[kind] > buffer.duration + Gst.SECOND // 10:
                print("gap", kind, last[kind], buffer.pts, file=sys.stderr, flush=True)
            last[kind] = buffer.pts
            shown[kind] += 1
            if min(shown["video"], shown["audio"]) >= wanted: GLib.idle_add(loop.quit)
        for kind in shown:
            sink = Gst.ElementFactory.make("fakesink")
            sink.set_property("signal-handoffs", True)
            sink.set_property("sync", True)
            sink.connect("handoff", handed, kind)
            player.set_property(f"{kind}-sink", sink)
        def trust(player, bin, element):
            if element.find_property("ssl-strict"): element.set_property("ssl-strict", False)
        player.connect("deep-element-added", trust)
        def heard(bus, message):
            if message.type == Gst.MessageType.ERROR:
                print(*message.parse_error(), file=sys.stderr, flush=True)
                loop.quit()
            elif message.type == Gst.MessageType.EOS:
                print("the end of a live stream", file=sys.stderr, flush=True)
                loop.quit()
        bus = player.get_bus()
        bus.add_signal_watch()
        bus.connect("message", heard)
        player.set_property("uri", url)
        player.set_state(Gst.State.PLAYING)
        loop.run()
        print("shown", shown["video"], shown["audio"])
        player.set_state(Gst.State.NULL)
        """

    /// Shows so many pictures and as many pieces of sound; whatever hinders it is a complaint.
    func complaints(playing url: String, pictures: Int) async throws -> [String] {
        try await withTemporaryDirectory { folder in
            let ended = try await OutsideTool(GStreamerPlayer.python)
                .start(["-c", Self.program, rawValue, url, "\(pictures)"], in: folder).ended(within: .seconds(40))
            let shown = ended.lines.last?.split(separator: " ").compactMap { Int($0) } ?? []
            return ended.complaints + (shown.count == 2 && shown.min() ?? 0 >= pictures ? [] : ["\(ended.lines)"])
        }
    }
}
