import NIOCore
import RTP
import TestSupport
import Testing

@testable import Reflector

@Suite("A camera whose timestamps do not keep time, as viewers see it")
struct WrongRateTests {
    /// Pictures that come 21 times a second and are stamped as 25, with sound that is right, for so many seconds.
    private func watch(seconds: Int, log: LogRecord) throws -> (viewer: RecordingSubscriber, camera: PublishedStream) {
        let camera = try PublishedStream(logger: log.logger)
        try camera.publish()
        let viewer = RecordingSubscriber()
        var (pictures, sounds) = (0, 0)
        for moment in 0..<seconds * 1000 {
            camera.now = camera.now + .milliseconds(1)
            if moment * 21 / 1000 >= pictures {
                let unit = pictures % 50 == 0 ? NALUnit.idr : NALUnit.slice
                camera.sendVideo(unit, timestamp: UInt32(pictures) * 3600, after: .zero)
                pictures += 1
            }
            if moment / 20 >= sounds {
                camera.sendAudio(timestamp: UInt32(sounds) * 160, after: .zero)
                sounds += 1
            }
            if moment == 100 {
                camera.stream.subscribe(viewer, on: camera.loop)
                camera.loop.run()
            }
        }
        return (viewer, camera)
    }

    @Test("K3 sound and picture stay together, by their timestamps and by the sender reports")
    func together() throws {
        let log = LogRecord()
        let (viewer, _) = try watch(seconds: 150, log: log)
        let pictures = viewer.packets(of: 0)
        let sounds = viewer.packets(of: 1)
        // The last minute by timestamps alone.
        let video = Double(pictures[pictures.count - 1].timestamp &- pictures[pictures.count - 1 - 60 * 21].timestamp)
        let audio = Double(sounds[sounds.count - 1].timestamp &- sounds[sounds.count - 1 - 60 * 50].timestamp)
        #expect(abs(video / 90_000 - 60) < 0.1)
        #expect(abs(audio / 8000 - 60) < 0.001)
        // And by the last report of each.
        var moments: [Int: Double] = [:]
        for (track, packets) in viewer.reports {
            guard case .senderReport(let report)? = packets.first else { continue }
            let (last, rate) =
                track == 0 ? (pictures[pictures.count - 1], 90_000.0) : (sounds[sounds.count - 1], 8000.0)
            let ahead = Double(Int32(bitPattern: last.timestamp &- report.rtpTimestamp)) / rate
            moments[track] = Double(report.ntp.unixNanoseconds % 1_000_000_000_000) / 1e9 + ahead
        }
        #expect(abs(try #require(moments[0]) - (try #require(moments[1]))) < 0.08)
        let lines = log.lines.filter { $0.contains("timestamps do not keep time") }
        #expect(lines.count == 1)
        #expect(lines.first?.contains("declared=25.0 pictures/s") == true, "\(lines)")
        #expect(lines.first?.contains("measured=21.0 pictures/s") == true, "\(lines)")
    }
}
