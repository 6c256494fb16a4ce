import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("A pulled camera, as players see it", .onQuietMachine)
struct PulledPlaybackTests {
    @Test("ffmpeg and GStreamer decode ten seconds of a stream pulled over TCP and of one pulled over UDP, all at once")
    func pulledFromRelay() async throws {
        try await withRelay([.testCamera()]) { origin in
            let cameras = PullTransport.direct.map { transport in
                CameraConfiguration.pulled(
                    "over-\(transport)", PullConfiguration(url: origin.url("test"), transport: transport)
                )
            }
            try await withRelay(cameras) { relay in
                try await expectTenSeconds(of: cameras.map { relay.url($0.name) })
                #expect(relay.log.filter { $0.contains("camera up") }.count == 2)
            }
        }
    }

    @Test("they decode what GStreamer's own server sends: H.264 with µ-law over TCP, H.265 with AAC over UDP")
    func pulledFromGStreamer() async throws {
        try await GStreamerServer.run { origin in
            let cameras = [
                CameraConfiguration.pulled("h264", PullConfiguration(url: origin.url("h264"), transport: .tcp)),
                CameraConfiguration.pulled("h265", PullConfiguration(url: origin.url("h265"), transport: .udp)),
            ]
            try await withRelay(cameras) { relay in
                async let h264: Void = expectTenSeconds(
                    of: [relay.url("h264")], video: .init(codec: .h264, rate: 10),
                    audio: .init(codec: .pcmu, rate: 8000), stutters: true
                )
                async let h265: Void = expectTenSeconds(
                    of: [relay.url("h265")], video: .init(codec: .h265, rate: 10), stutters: true
                )
                _ = try await (h264, h265)
            }
        }
    }
}

extension PullTransport {
    /// Those that leave nothing to choose.
    static let direct: [PullTransport] = [.tcp, .udp]
}
