import Foundation
import NIOCore
import TestSupport

/// GStreamer's RTSP server with live test pictures: a camera made by other people.
///
/// Each client gets pictures of its own: where several come at once to what it shares, it may send one of them no sound, or refuse them.
final class GStreamerServer: Sendable {
    /// By path: what `gst-launch-1.0` would be given.
    private static let streams = [
        "h264": """
        videotestsrc is-live=true pattern=ball ! video/x-raw,width=192,height=144,framerate=10/1 \
        ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 bitrate=300 \
        ! rtph264pay name=pay0 pt=96 audiotestsrc is-live=true wave=ticks \
        ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay1 pt=0
        """,
        "h265": """
        videotestsrc is-live=true pattern=ball ! video/x-raw,width=192,height=144,framerate=10/1 \
        ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 bitrate=300 \
        ! rtph265pay name=pay0 pt=96 audiotestsrc is-live=true wave=ticks \
        ! audio/x-raw,rate=48000,channels=1 ! avenc_aac ! aacparse ! rtpmp4gpay name=pay1 pt=97
        """,
    ]

    private static let program = """
        import sys, gi
        gi.require_version("Gst", "1.0")
        gi.require_version("GstRtspServer", "1.0")
        from gi.repository import Gst, GstRtspServer, GLib, Gio
        Gst.init(None)
        server = GstRtspServer.RTSPServer()
        server.set_address("127.0.0.1")
        server.set_service("0")
        permissions = None
        if sys.argv[1]:
            auth = GstRtspServer.RTSPAuth()
            auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(sys.argv[1]))
            token = GstRtspServer.RTSPToken()
            token.set_string("media.factory.role", "anyone")
            auth.set_default_token(token)
            server.set_auth(auth)
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_permission_for_role("anyone", "media.factory.access", True)
            permissions.add_permission_for_role("anyone", "media.factory.construct", True)
        for description in sys.argv[2:]:
            path, launch = description.split("=", 1)
            factory = GstRtspServer.RTSPMediaFactory()
            factory.set_launch("( " + launch + " )")
            factory.set_shared(False)
            if permissions: factory.set_permissions(permissions)
            server.get_mount_points().add_factory(path, factory)
        server.attach(None)
        print("port", server.get_bound_port(), flush=True)
        GLib.MainLoop().run()
        """

    private let tool: RunningTool
    let port: Int
    private let scheme: String

    private init(tool: RunningTool, port: Int, scheme: String) {
        self.tool = tool
        self.scheme = scheme
        self.port = port
    }

    func url(_ path: String) -> String { "\(scheme)://127.0.0.1:\(port)/\(path)" }

    /// Runs `body` with a server of both streams, `h264` with µ-law and `h265` with AAC; in TLS where it has a file of
    /// certificate and key.
    static func run<Result>(certificate: String? = nil, _ body: (GStreamerServer) async throws -> Result) async throws
        -> Result
    {
        try await withTemporaryDirectory { directory in
            let arguments = streams.map { "/\($0.key)=\($0.value)" }
            // Debian's own: another Python would not find Debian's bindings.
            let tool = try OutsideTool("/usr/bin/python3").start(
                ["-c", program, certificate ?? ""] + arguments, in: directory)
            do {
                try await eventually("GStreamer's server tells its port, or why it cannot run") {
                    tool.lines.contains { $0.hasPrefix("port ") } || !tool.isRunning
                }
                guard let port = tool.lines.first(where: { $0.hasPrefix("port ") }).flatMap({ Int($0.dropFirst(5)) })
                else {
                    throw OutsideTool.Failure(
                        description: "no GStreamer server (deploy/install test installs it): \(tool.complaints)"
                    )
                }
                let result = try await body(
                    GStreamerServer(tool: tool, port: port, scheme: certificate == nil ? "rtsp" : "rtsps"))
                await tool.stop()
                return result
            } catch {
                await tool.stop()
                throw error
            }
        }
    }
}
