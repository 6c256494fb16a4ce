import Foundation
import NIOCore
import TestSupport

/// GStreamer's RTSP server as one that takes publishers: it decodes what comes, and counts pictures and sounds.
final class GStreamerRecorder: Sendable {
    private static let program = """
        import gi
        gi.require_version("Gst", "1.0")
        gi.require_version("GstRtspServer", "1.0")
        from gi.repository import Gst, GstRtspServer, GLib
        Gst.init(None)
        server = GstRtspServer.RTSPServer()
        server.set_address("127.0.0.1")
        server.set_service("0")
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_transport_mode(GstRtspServer.RTSPTransportMode.RECORD)
        factory.set_launch("( decodebin name=depay0 ! fakesink name=video signal-handoffs=true sync=false async=false "
            "decodebin name=depay1 ! fakesink name=audio signal-handoffs=true sync=false async=false )")
        def configured(factory, media):
            for name in ("video", "audio"):
                sink = media.get_element().get_by_name(name)
                sink.connect("handoff", lambda *_, name=name: print("frame", name, flush=True))
        factory.connect("media-configure", configured)
        server.get_mount_points().add_factory("/in", factory)
        server.attach(None)
        print("port", server.get_bound_port(), flush=True)
        GLib.MainLoop().run()
        """

    private let tool: RunningTool
    private let port: Int

    private init(tool: RunningTool, port: Int) {
        self.tool = tool
        self.port = port
    }

    var url: String { "rtsp://127.0.0.1:\(port)/in" }

    /// Pictures or sounds that were decoded so far.
    func frames(_ kind: String) -> Int { tool.lines.count { $0 == "frame \(kind)" } }

    /// What GStreamer wrote about what went wrong.
    var complaints: [String] { tool.complaints }

    static func run<Result>(_ body: (GStreamerRecorder) async throws -> Result) async throws -> Result {
        try await withTemporaryDirectory { directory in
            // Debian's own: another Python would not find Debian's bindings.
            let tool = try OutsideTool("/usr/bin/python3").start(["-c", program], in: directory)
            do {
                try await eventually("GStreamer's server tells its port, or why it cannot run") {
                    tool.lines.contains { $0.hasPrefix("port ") } || !tool.isRunning
                }
                guard let port = tool.lines.first(where: { $0.hasPrefix("port ") }).flatMap({ Int($0.dropFirst(5)) })
                else {
                    throw OutsideTool.Failure(
                        description: "no GStreamer server (deploy/install test installs it): \(tool.complaints)")
                }
                let result = try await body(GStreamerRecorder(tool: tool, port: port))
                await tool.stop()
                return result
            } catch {
                await tool.stop()
                throw error
            }
        }
    }
}
