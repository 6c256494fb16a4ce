import Foundation
import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("A viewer that stops reading for a while", .onQuietMachine)
struct SlowViewerTests {
    @Test("others lose nothing, and it goes on with a clean picture, from memory that is bounded")
    func stall() async throws {
        let film = try await Film.make(.noise, seconds: 2, group: 10)
        let camera = try await RecordedCamera.start(film, unixSeconds: Date().timeIntervalSince1970)
        try await withRelay([.pulled("gate", PullConfiguration(url: camera.url))]) { relay in
            let url = relay.url("gate")
            let steady = try await relay.viewer().watch(url)
            let slow = try await FakeViewer.connect(port: relay.port, receiveBuffer: 64 * 1024).watch(url)
            try await eventually("both watch") { !steady.packets(of: 0).isEmpty && !slow.packets(of: 0).isEmpty }

            try await slow.viewer.reads(false)
            let before = slow.packets(of: 0).count
            let begin = steady.packets(of: 0).count
            try await eventually("the others have seen six seconds more", within: .seconds(30)) {
                let pictures = steady.packets(of: 0).dropFirst(begin)
                guard let first = pictures.first, let last = pictures.last else { return false }
                return last.timestamp &- first.timestamp >= 6 * 90_000
            }
            let missed = steady.packets(of: 0).dropFirst(begin).reduce(0) { $0 + $1.payload.count }
            try await slow.viewer.reads(true)
            try await eventually("it has a picture after the gap", within: .seconds(30)) {
                let packets = slow.packets(of: 0)
                guard let gap = packets.gaps.last else { return false }
                return Array(packets[gap...]).firstKeyPicture != nil && packets.count > gap + 500
            }

            #expect(steady.packets(of: 0).gaps == [])
            #expect(steady.packets(of: 1).gaps == [])
            let received = slow.packets(of: 0)
            let end = try #require(received.lastIndex { $0.marker })
            let packets = Array(received[...end])
            let gaps = packets.gaps
            for gap in gaps {
                #expect(packets[gap].completedUnits == [7], "a group begins behind the gap")
                #expect(packets[gap - 1].marker, "a picture ends before the gap")
            }
            // What waited for it: the kernel's buffers (4 MB at most), and what the relay held.
            let waiting = packets[before..<(gaps.last ?? packets.endIndex)].reduce(0) { $0 + $1.payload.count }
            #expect(missed > 12 << 20 && waiting < 9 << 20, "of \(missed) bytes \(waiting) waited")
            try await withTemporaryDirectory { directory in
                let file = directory.appendingPathComponent("seen.h264")
                try Data(packets.annexB).write(to: file)
                #expect(try await FFmpeg.complaints(about: file) == [])
            }
        }
        try await camera.stop()
    }
}
