import Ingest
import Media
import NIOCore
import Server
import TestSupport
import Testing

@Suite("RTSP through HTTP, as players and servers of other people see it", .onQuietMachine)
struct HTTPTunnelPlaybackTests {
    @Test("ffmpeg and GStreamer decode four seconds through the tunnel, and Python over a WebSocket, all at once")
    func players() async throws {
        try await withRelay([.testCamera()]) { relay in
            async let playback = FFmpeg.watch(relay.url("test"), over: .http, seconds: 4)
            async let complaints = GStreamer.complaints(
                watching: relay.url("test"), over: .http, video: .init(codec: .h264, rate: 25),
                audio: .init(codec: .aac, rate: 48_000), seconds: 4, within: .seconds(40)
            )
            async let webSocket = WebSocketViewer.watch("test", port: relay.port, packets: 200)
            expectWhole(try await playback, pictureRate: 25)
            #expect(try await complaints == [])
            let (lines, errors) = try await webSocket
            #expect(errors == [])
            #expect(lines == ["gaps 0 tracks 2 pongs 1 ended 1000"])
            try await eventually("all have left") { relay.logged("viewer left") == relay.logged("viewer joined") }
        }
    }

    @Test(
        "a camera is pulled through the tunnel of this relay and of GStreamer's server, by its URL or by its transport")
    func pulled() async throws {
        try await GStreamerServer.run { camera in
            try await withRelay([.testCamera()]) { origin in
                let tunnelled = { (url: String) in url.replacing("rtsp://", with: "rtsp+http://") }
                let cameras: [CameraConfiguration] = [
                    .pulled("own", PullConfiguration(url: tunnelled(origin.url("test")))),
                    .pulled("gst", PullConfiguration(url: camera.url("h264"), transport: .http)),
                ]
                try await withRelay(cameras) { relay in
                    async let own = FFmpeg.watch(relay.url("own"), over: .tcp, seconds: 4)
                    async let complaints = GStreamer.complaints(
                        watching: relay.url("gst"), over: .http, video: .init(codec: .h264, rate: 10),
                        audio: .init(codec: .pcmu, rate: 8000), seconds: 3, within: .seconds(40)
                    )
                    expectWhole(try await own, pictureRate: 25)
                    #expect(try await complaints == [])
                    let up = relay.log.filter { $0.contains("camera up") }
                    #expect(up.count == 2 && up.allSatisfy { $0.contains("transport=http") })
                }
            }
        }
    }

    private func expectWhole(_ playback: Playback, pictureRate: Int) {
        #expect(playback.complaints == [])
        #expect(playback.pictures.count >= 3 * pictureRate)
        #expect((playback.sounds.last ?? 0) > 3)
        #expect(Playback.falls(playback.pictures) == [] && Playback.longestStep(playback.pictures) < 0.5)
    }
}
