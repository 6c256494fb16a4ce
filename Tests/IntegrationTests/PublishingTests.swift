import Foundation
import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("Publishers, as viewers see them", .onQuietMachine)
struct PublishingTests {
    private static let van = CameraConfiguration(
        name: "van", streams: [StreamConfiguration(path: "van", source: .publish(AnnounceConfiguration()))])

    @Test(
        "a recording goes on without an error when the publisher is killed and comes back",
        arguments: Transport.direct)
    func killed(path: Transport) async throws {
        try await withRelay([Self.van]) { relay in
            try await withTemporaryDirectory { directory in
                let first = try FFmpegPublisher.start(relay.url("van"), over: path, in: directory)
                try await eventually("it publishes") { relay.logged("publisher joined") == 1 }
                let file = directory.appendingPathComponent("recording.mkv")
                let recorder = try OutsideTool("ffmpeg").start(
                    [
                        "-nostdin", "-hide_banner", "-loglevel", "error", "-rtsp_transport", "tcp", "-i",
                        relay.url("van"),
                        "-t", "5", "-c", "copy", file.path,
                    ],
                    in: directory
                )
                try await eventually("two seconds are recorded") {
                    (try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int ?? 0) ?? 0 > 60_000
                }
                await first.stop()
                try await eventually("it is missed") { relay.logged("publisher left") == 1 }
                let second = try FFmpegPublisher.start(relay.url("van"), over: path, in: directory)
                let ended = try await recorder.ended(within: .seconds(20))
                #expect(relay.logged("publisher joined") == 2)
                await second.stop()
                #expect(ended.status == 0 && ended.complaints.isEmpty, "\(ended.complaints)")
                let complaints = try await FFmpeg.complaints(about: file)
                #expect(complaints == [])
            }
        }
    }

    @Test("a connection may watch and publish, OPTIONS lists both, and each request finds its own session")
    func both() async throws {
        try await withRelay([.testCamera(), Self.van]) { relay in
            let peer = try await relay.viewer()
            let methods = try await peer.request("OPTIONS", "*")["Public"] ?? ""
            #expect(methods.contains("DESCRIBE") && methods.contains("ANNOUNCE") && methods.contains("RECORD"))
            let sdp = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:streamid=0\r\n"
            let type = ("Content-Type", "application/sdp")
            #expect(try await peer.request("ANNOUNCE", relay.url("test"), [type], body: sdp).status == 403)
            #expect(try await peer.request("ANNOUNCE", relay.url("van"), [type], body: sdp).status == 200)
            // Some publishers leave the mode out.
            let setup = try await peer.request(
                "SETUP", relay.url("van/streamid=0"), [("Transport", "RTP/AVP/TCP;unicast;interleaved=8-9")])
            #expect(setup.status == 200 && setup["Transport"]?.hasSuffix("mode=record") == true)
            let session = ("Session", setup.session ?? "")
            let early = NIODeadline.now()
            let other = try await relay.viewer()
            #expect(try await other.request("DESCRIBE", relay.url("van")).status == 503)
            #expect(NIODeadline.now() - early < .seconds(5), "nobody can wake a publisher")
            #expect(try await peer.request("RECORD", relay.url("van"), [session]).status == 200)
            #expect(try await other.request("DESCRIBE", relay.url("van")).status == 200)
            let watcher = try await peer.watch(relay.url("test"))
            #expect(watcher.session != setup.session)
            #expect(try await peer.request("GET_PARAMETER", relay.url("van"), [session]).status == 200)
            try await peer.request("TEARDOWN", relay.url("van"), [session])
            #expect(relay.logged("publisher left") == 1 && relay.logged("viewer left") == 0)
            try await watcher.tearDown()
        }
    }
}

/// ffmpeg as a publisher of H.264 and AAC.
enum FFmpegPublisher {
    static func start(_ url: String, over transport: Transport, in directory: URL) throws -> RunningTool {
        try OutsideTool("ffmpeg").start(
            [
                "-nostdin", "-hide_banner", "-loglevel", "error",
                "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-re", "-f", "lavfi", "-i", "sine",
                "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25", "-pix_fmt", "yuv420p",
                "-c:a", "aac", "-f", "rtsp", "-rtsp_transport", transport.ffmpegOption, transport.ffmpegURL(url),
            ],
            in: directory
        )
    }
}

/// GStreamer's rtspclientsink as a publisher of H.264 and AAC.
enum GStreamerPublisher {
    static func start(_ url: String, over transport: Transport, in directory: URL) throws -> RunningTool {
        let pipeline = """
            videotestsrc is-live=true ! video/x-raw,width=160,height=90,framerate=15/1 \
            ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! h264parse ! queue ! s. \
            audiotestsrc is-live=true ! avenc_aac ! aacparse ! queue ! s. \
            rtspclientsink name=s location=\(transport.gstreamerURL(url)) protocols=\(transport.gstreamerProtocols) \
            tls-validation-flags=0 latency=100
            """
        return try OutsideTool("gst-launch-1.0").start(
            ["-q"] + pipeline.split(separator: " ").map(String.init), in: directory)
    }
}
