import Media
import NIOCore
import TestSupport
import Testing

@Suite("The built-in test camera, as players see it", .onQuietMachine)
struct TestCameraPlaybackTests {
    @Test("ffmpeg and GStreamer decode ten seconds of it without a complaint, over TCP and over UDP, all four at once")
    func fourPlayers() async throws {
        try await withRelay([.testCamera()]) { relay in
            try await expectTenSeconds(of: [relay.url("test")])
        }
    }
}
