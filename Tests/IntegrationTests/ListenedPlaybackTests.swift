import Foundation
import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("Streams that ffmpeg sends by itself, as players see them", .onQuietMachine)
struct ListenedPlaybackTests {
    private static let film = [
        "-nostdin", "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25",
        "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-c:v", "libx264", "-preset", "ultrafast", "-tune",
        "zerolatency", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac",
    ]

    private static func camera(_ name: String, _ listen: ListenSourceConfiguration) -> CameraConfiguration {
        CameraConfiguration(name: name, streams: [StreamConfiguration(path: name, source: .listen(listen))])
    }

    private static func expectPlayback(of url: String) async throws {
        let playback = try await FFmpeg.watch(url, over: .tcp, seconds: 3)
        #expect(playback.complaints == [])
        #expect(playback.pictures.count >= 65 && playback.sounds.count >= 120)
        #expect(Playback.falls(playback.pictures) == [] && Playback.falls(playback.sounds) == [])
        #expect(Playback.longestStep(playback.pictures) < 0.5 && Playback.longestStep(playback.sounds) < 0.5)
    }

    @Test("C11 RTP by its description, MPEG-TS to a group on loopback, and MPEG-TS in RTP are decoded without an error")
    func playback() async throws {
        let (video, audio) = (try await FreePorts.pair(), try await FreePorts.pair())
        let (group, carried) = (try await FreePorts.pair(), try await FreePorts.pair())
        try await withTemporaryDirectory { directory in
            let sdp = directory.appendingPathComponent("x.sdp")
            let cameras = [
                Self.camera("described", .init(origin: .description(file: sdp.path))),
                Self.camera(
                    "group", .init(origin: .transportStream(host: "239.255.77.9", port: group), interface: "127.0.0.1")),
                Self.camera("carried", .init(origin: .rtp(host: "127.0.0.1", port: carried))),
            ]
            try await withRelay(cameras) { relay in
                let outputs = [
                    [
                        "-map", "0:v", "-f", "rtp", "rtp://127.0.0.1:\(video)", "-map", "1:a", "-c:a", "aac", "-f",
                        "rtp",
                        "rtp://127.0.0.1:\(audio)", "-sdp_file", sdp.path,
                    ],
                    ["-f", "mpegts", "udp://239.255.77.9:\(group)?localaddr=127.0.0.1&pkt_size=1316"],
                    ["-f", "rtp_mpegts", "rtp://127.0.0.1:\(carried)"],
                ]
                let senders = try outputs.map { try OutsideTool("ffmpeg").start(Self.film + $0, in: directory) }
                try await eventually("all three are up", within: .seconds(20)) { relay.logged("camera up") == 3 }
                async let described: Void = Self.expectPlayback(of: relay.url("described"))
                async let group: Void = Self.expectPlayback(of: relay.url("group"))
                async let carried: Void = Self.expectPlayback(of: relay.url("carried"))
                _ = try await (described, group, carried)
                for sender in senders { await sender.stop() }
            }
        }
    }

    @Test("A sender that is killed and started again leaves a recording that decodes to its end")
    func restart() async throws {
        let port = try await FreePorts.pair()
        let cameras = [Self.camera("ts", .init(origin: .transportStream(host: "127.0.0.1", port: port)))]
        try await withRelay(cameras) { relay in
            try await withTemporaryDirectory { directory in
                let arguments = Self.film + ["-f", "mpegts", "udp://127.0.0.1:\(port)?pkt_size=1316"]
                let first = try OutsideTool("ffmpeg").start(arguments, in: directory)
                try await eventually("up", within: .seconds(20)) { relay.logged("camera up") == 1 }
                let file = directory.appendingPathComponent("recording.ts")
                let recorder = try OutsideTool("ffmpeg").start(
                    [
                        "-nostdin", "-hide_banner", "-loglevel", "error", "-rtsp_transport", "tcp", "-i",
                        relay.url("ts"), "-t", "5", "-c", "copy", "-flush_packets", "1", file.path,
                    ], in: directory)
                try await eventually("watched", within: .seconds(10)) { try await relay.viewerCount(of: "ts") == 1 }
                try await eventually("pictures of the first sender are recorded", within: .seconds(10)) {
                    (try? Data(contentsOf: file).count) ?? 0 > 20_000
                }
                await first.stop()
                let second = try OutsideTool("ffmpeg").start(arguments, in: directory)
                let ended = try await recorder.ended(within: .seconds(20))
                await second.stop()
                #expect(ended.status == 0 && ended.complaints.isEmpty, "\(ended.complaints)")
                #expect(try await FFmpeg.complaints(about: file) == [])
                #expect(relay.logged("camera up") == 2)
            }
        }
    }
}
