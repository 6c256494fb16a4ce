import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("A pulled camera, as players see it")
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

    @Test("they decode what GStreamer's own server sends: H.264 with µ-law, H.265 with AAC", arguments: PullTransport.direct)
    func pulledFromGStreamer(transport: PullTransport) async throws {
        try await GStreamerServer.run { origin in
            let cameras = ["h264", "h265"].map { path in
                CameraConfiguration.pulled(path, PullConfiguration(url: origin.url(path), transport: transport))
            }
            try await withRelay(cameras) { relay in
                try await withThrowingTaskGroup(of: Void.self) { streams in
                    streams.addTask {
                        try await expectTenSeconds(
                            of: [relay.url("h264")], video: .h264, audio: .pcmu, audioFrameRate: 10
                        )
                    }
                    streams.addTask {
                        try await expectTenSeconds(of: [relay.url("h265")], video: .h265, audio: .aac)
                    }
                    try await streams.waitForAll()
                }
            }
        }
    }
}

extension PullTransport {
    /// Those that leave nothing to choose.
    static let direct: [PullTransport] = [.tcp, .udp]
}
