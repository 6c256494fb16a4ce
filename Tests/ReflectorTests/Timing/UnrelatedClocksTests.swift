import NIOCore
import RTP
import Testing

@testable import Reflector

@Suite("Sound and picture whose timestamps have nothing to do with each other")
struct UnrelatedClocksTests {
    private static let videoStart: UInt32 = 3_000_000_000
    private static let soundStart: UInt32 = 77

    /// Pictures and sounds that come 20 ms apart, for so many seconds; `reported` is called once a second with the index of the picture.
    private func watch(
        seconds: Int, reported: (PublishedStream, Int) -> Void = { _, _ in }
    ) throws -> (viewer: RecordingSubscriber, camera: PublishedStream) {
        let camera = try PublishedStream()
        try camera.publish()
        let viewer = RecordingSubscriber()
        for index in 0..<seconds * 25 {
            let unit = index % 50 == 0 ? NALUnit.idr : NALUnit.slice
            camera.sendVideo(unit, timestamp: Self.videoStart &+ UInt32(index) * 3600, after: .milliseconds(20))
            camera.sendAudio(timestamp: Self.soundStart + UInt32(index) * 320, after: .milliseconds(20))
            if index % 25 == 24 { reported(camera, index) }
            if index == 5 {
                camera.stream.subscribe(viewer, on: camera.loop)
                camera.loop.run()
            }
        }
        return (viewer, camera)
    }

    /// By how many seconds the reports place the last sound behind the last picture, report by report.
    private func distances(_ viewer: RecordingSubscriber) throws -> [Double] {
        let last = try [0, 1].map { try #require(viewer.packets(of: $0).last).timestamp }
        var moments: [[Double]] = [[], []]
        for (track, packets) in viewer.reports {
            guard case .senderReport(let report)? = packets.first else { continue }
            let rate = track == 0 ? 90_000.0 : 8000.0
            let ahead = Double(Int32(bitPattern: last[track] &- report.rtpTimestamp)) / rate
            moments[track].append(Double(report.ntp.unixNanoseconds % 1_000_000_000_000) / 1e9 + ahead)
        }
        return zip(moments[0], moments[1]).map { $1 - $0 }
    }

    @Test("K7 without a sender report of the camera they are placed as they come")
    func byArrival() throws {
        let distances = try distances(try watch(seconds: 20).viewer)
        #expect(distances.count > 5)
        #expect(distances.allSatisfy { abs($0 - 0.02) < 0.03 }, "\(distances)")
    }

    @Test("K7 the camera's sender reports move them, by no more than 5 ms a report")
    func byReports() throws {
        // The picture was taken 200 ms before the sound that comes with it.
        let (viewer, _) = try watch(seconds: 60) { camera, index in
            guard index > 125 else { return }
            let moment = 1_600_000_000 + Double(index) * 0.04
            for (track, stamp, behind) in [
                (0, Self.videoStart &+ UInt32(index) * 3600, 0.2), (1, Self.soundStart + UInt32(index) * 320, 0),
            ] {
                camera.publication?.receive(
                    SenderReport(
                        ssrc: camera.ssrc &+ UInt32(track),
                        ntp: NTPTime(unixNanoseconds: Int64((moment - behind) * 1e9)),
                        rtpTimestamp: stamp, packetCount: 0, octetCount: 0),
                    track: track, at: camera.now)
            }
        }
        let distances = try distances(viewer)
        for (earlier, later) in zip(distances, distances.dropFirst()) { #expect(abs(later - earlier) < 0.0101) }
        let moved = try #require(distances.last) - (try #require(distances.first))
        #expect(moved > 0.05 && moved < 0.21, "\(distances)")
    }
}
