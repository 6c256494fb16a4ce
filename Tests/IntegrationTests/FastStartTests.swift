import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("A stream whose key frames are ten seconds apart", .onQuietMachine)
struct FastStartTests {
    @Test("viewers who join between two key frames have a whole picture within 200 ms of PLAY's answer")
    func pictureAtOnce() async throws {
        try await withRelay([.testCamera(keyFrameInterval: .seconds(10))]) { relay in
            let url = relay.url("test")
            let first = try await relay.viewer().watch(url)
            try await eventually("the group is five seconds old", within: .seconds(30)) {
                let pictures = first.packets(of: 0)
                guard let begin = pictures.first, let end = pictures.last else { return false }
                return end.timestamp &- begin.timestamp >= 5 * 90_000
            }
            let delays = try await withThrowingTaskGroup(of: TimeAmount?.self) { viewers in
                for _ in 0..<20 {
                    viewers.addTask {
                        let watcher = try await relay.viewer().watch(url)
                        var received: [ReceivedPacket] = []
                        try await eventually("a key picture") {
                            received = watcher.packets(of: 0)
                            return received.firstKeyPicture != nil
                        }
                        return received.firstKeyPicture.map { $0.arrival - watcher.playAnswered }
                    }
                }
                return try await viewers.reduce(into: []) { $0.append($1) }
            }
            let inTime = delays.count { $0.map { $0 <= .milliseconds(200) } ?? false }
            #expect(inTime >= 19, "\(delays)")

            // A real decoder has nothing to wait for either; ffmpeg itself takes its time to start.
            let begin = NIODeadline.now()
            let picture = try await FFmpeg.firstPicture(of: url)
            #expect(NIODeadline.now() - begin < .seconds(3) && picture == [])
            // All of it happened within the first group.
            #expect(first.packets(of: 0).count { $0.completedUnits.contains(7) } == 1)
        }
    }
}
