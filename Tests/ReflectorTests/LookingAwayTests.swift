import NIOConcurrencyHelpers
import NIOCore
import RTP
import Testing

@testable import Reflector

/// Subscribers that want a stream and do not watch it.
@Suite struct LookingAwayTests {
    @Test(
        "After an outage the wall clock is set anew, as for nobody; for a viewer it runs on", arguments: [true, false])
    func wallClock(looksAway: Bool) throws {
        let start: Int64 = 1_700_000_000_000_000_000
        let hour: Int64 = 3_600_000_000_000
        let wall = NIOLockedValueBox(start)
        let camera = try PublishedStream(wallClock: { wall.withLockedValue { $0 } })
        try camera.publish()
        let first = RecordingSubscriber(looksAway: looksAway)
        camera.stream.subscribe(first, on: camera.loop)
        camera.sendVideo(NALUnit.idr, timestamp: 0)
        camera.endPublication()
        wall.withLockedValue { $0 += hour }
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 3600)
        camera.sendAudio(timestamp: 320)
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        guard case .senderReport(let report)? = viewer.reports.first?.packets.first else {
            Issue.record("no sender report")
            return
        }
        let told = report.ntp.unixNanoseconds - start
        #expect(abs(told - (looksAway ? hour : 0)) < 10_000_000_000)
    }

    @Test("No picture is held together for them, and none is read on for")
    func pictures() throws {
        let camera = try PublishedStream()
        try camera.publish()
        let (away, viewer) = (RecordingSubscriber(looksAway: true), RecordingSubscriber())
        camera.stream.subscribe(away, on: camera.loop)
        camera.loop.advanceTime(to: camera.now)
        camera.sendVideo(NALUnit.idr, timestamp: 0, marker: false, after: .zero)
        #expect(camera.publication?.awaitsRest == false)
        camera.stream.subscribe(viewer, on: camera.loop)
        #expect(viewer.packets(of: 0).count == 1, "what was there before it came goes out at once")
        camera.sendVideo(NALUnit.idr, timestamp: 0, marker: false, after: .microseconds(20))
        #expect(camera.publication?.awaitsRest == true)
        viewer.leave()
        camera.loop.run()
        #expect(camera.publication?.awaitsRest == false)
        #expect(away.packets(of: 0).count == 1)
        camera.sendVideo(NALUnit.idr, timestamp: 0, after: .microseconds(20))
        #expect(away.packets(of: 0).count == 3)
    }
}
