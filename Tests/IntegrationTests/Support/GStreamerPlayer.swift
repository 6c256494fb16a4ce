import Foundation
import Media
import TestSupport

/// GStreamer's rtspsrc with a decoder behind each track, which tells how much it has decoded.
///
/// A pad is linked in the callback that brings it: `gst-launch-1.0` links late, and on a busy machine leaves one alone for good.
struct GStreamerPlayer {
    /// What a track is made of, and how much of it a second has.
    struct Track {
        var codec: Codec
        /// Pictures or samples a second.
        var rate: Int

        /// From its payload to its raw form.
        fileprivate var decoder: String {
            switch codec {
            case .h264: "rtph264depay ! h264parse ! avdec_h264"
            case .h265: "rtph265depay ! h265parse ! avdec_h265"
            case .aac: "rtpmp4gdepay ! aacparse ! avdec_aac"
            case .pcmu: "rtppcmudepay ! mulawdec"
            default: "decodebin"
            }
        }
    }

    /// Bytes of a picture of 16 by 16 in 4:2:0.
    private static let thumbnail = 16 * 16 * 3 / 2
    /// Of one sound channel.
    private static let sample = 2

    /// Debian's own: another Python would not find Debian's bindings.
    static let python = "/usr/bin/python3"

    /// `Player`: properties of rtspsrc, and by kind what stands behind its pad; counts the bytes and buffers that come out of each.
    static let library = """
        import gi, signal, sys
        gi.require_version("Gst", "1.0")
        from gi.repository import Gst, GLib
        Gst.init(None)

        class Player:
            def __init__(self, properties, chains, sink):
                self.loop = GLib.MainLoop()
                self.pipeline = Gst.Pipeline.new()
                self.bytes = dict.fromkeys(chains, 0)
                self.buffers = dict.fromkeys(chains, 0)
                self.chains = {}
                source = Gst.ElementFactory.make("rtspsrc")
                for name, value in properties.items(): Gst.util_set_object_arg(source, name, value)
                self.pipeline.add(source)
                for kind, chain in chains.items():
                    part = Gst.parse_bin_from_description(
                        f"queue ! {chain} ! fakesink name=sink signal-handoffs=true {sink}", True)
                    part.get_by_name("sink").connect("handoff", self.count, kind)
                    self.pipeline.add(part)
                    self.chains[kind] = part
                source.connect("pad-added", self.link)
                bus = self.pipeline.get_bus()
                bus.add_signal_watch()
                bus.connect("message", self.heard)
                GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGINT, self.loop.quit)

            def link(self, source, pad):
                caps = pad.get_current_caps() or pad.query_caps()
                part = self.chains.get(caps.get_structure(0).get_string("media"))
                if part: pad.link(part.get_static_pad("sink"))

            def count(self, sink, buffer, pad, kind):
                self.bytes[kind] += buffer.get_size()
                self.buffers[kind] += 1

            def heard(self, bus, message):
                if message.type == Gst.MessageType.ERROR:
                    print("ERROR", *message.parse_error(), file=sys.stderr, flush=True)
                    self.loop.quit()
                elif message.type == Gst.MessageType.WARNING:
                    print("WARNING", *message.parse_warning(), file=sys.stderr, flush=True)
                else:
                    self.told(message)

            def told(self, message):
                if message.type == Gst.MessageType.EOS: self.loop.quit()

            def play(self):
                self.pipeline.set_state(Gst.State.PLAYING)
                self.loop.run()
                # What it says from here on is none of ours.
                print("ended", flush=True)
                self.pipeline.set_state(Gst.State.NULL)

        """

    private static let program =
        library + """
            url, protocols, video, audio = sys.argv[1:5]
            properties = {"location": url, "protocols": protocols, "latency": "200", "tls-validation-flags": "0"}
            if protocols == "udp-mcast": properties["multicast-iface"] = "lo"
            player = Player(
                properties, {
                    "video": video + " ! videoscale ! videoconvert ! video/x-raw,format=I420,width=16,height=16",
                    "audio": audio + " ! audioconvert ! audio/x-raw,format=S16LE,channels=1",
                }, "sync=false async=false")
            def tell():
                print("decoded", player.bytes["video"], player.bytes["audio"], flush=True)
                return True
            GLib.timeout_add(50, tell)
            player.play()
            """

    private let tool: RunningTool

    init(_ url: String, over transport: Transport, video: Track, audio: Track, in directory: URL) throws {
        tool = try OutsideTool(Self.python).start(
            [
                "-c", Self.program, transport.gstreamerURL(url), transport.gstreamerProtocols, video.decoder,
                audio.decoder,
            ], in: directory)
    }

    /// Pictures, and samples of sound, so far.
    var decoded: (pictures: Int, samples: Int) {
        let last = tool.lines.last { $0.hasPrefix("decoded ") }?.split(separator: " ").compactMap { Int($0) } ?? []
        return last.count == 2 ? (last[0] / Self.thumbnail, last[1] / Self.sample) : (0, 0)
    }

    /// What it wrote of what went wrong, and that it has ended by itself.
    var complaints: [String] { tool.complaints + (isPlaying ? [] : ["GStreamer has ended"]) }

    var isPlaying: Bool { tool.isRunning && !tool.lines.contains("ended") }

    /// As Control-C does.
    func end() async throws {
        tool.interrupt()
        _ = try await tool.ended(within: .seconds(10))
    }
}
