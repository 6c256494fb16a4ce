import NIOCore
import Testing

@testable import Reflector

/// Where groups of pictures begin.
@Suite struct GroupTests {
    @Test("I17 a stream that never says where to begin can be joined all the same, once the ring would hold no more")
    func noRandomAccess() throws {
        let camera = try PublishedStream(policy: StreamPolicy(ringAge: .seconds(10)))
        try camera.publish()
        for index in 0..<240 { camera.sendVideo(NALUnit.slice, timestamp: UInt32(index) * 3600) }
        let early = RecordingSubscriber()
        camera.stream.subscribe(early, on: camera.loop)
        #expect(early.start == nil)
        for index in 240..<260 { camera.sendVideo(NALUnit.slice, timestamp: UInt32(index) * 3600) }
        let late = RecordingSubscriber()
        camera.stream.subscribe(late, on: camera.loop)
        #expect(late.packets(of: 0).count == 1)
        #expect(early.bursts.contains { $0.startsGroup })

        // From the next key frame on, groups are groups again.
        camera.sendVideo(NALUnit.idr, timestamp: 260 * 3600)
        camera.sendVideo(NALUnit.slice, timestamp: 261 * 3600)
        #expect(late.bursts.suffix(2).map(\.startsGroup) == [true, false])
    }

    @Test("A recovery point whose picture never came is not that of the next source")
    func staleRecoveryPoint() throws {
        let camera = try PublishedStream()
        try camera.publish()
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        // A SEI with a recovery point (payload type 6, one byte), and then the camera is gone.
        camera.add(track: 0, payload: [0x06, 0x06, 0x01, 0x80, 0x80], timestamp: 0, marker: false)
        camera.endPublication()
        try camera.publish()
        camera.sendVideo(NALUnit.slice, timestamp: 3600)
        #expect(!viewer.bursts.contains { $0.startsGroup })
    }

    @Test("The first viewer gets the begin of the picture that is under way, which nobody waited for before")
    func joinWithinPicture() throws {
        let camera = try PublishedStream()
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 0)
        camera.sendVideo(NALUnit.slice, timestamp: 3600, marker: false)
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        #expect(viewer.packets(of: 0).count == 2)
        camera.sendVideo(0x01, timestamp: 3600, after: .milliseconds(1))
        let numbers = viewer.packets(of: 0).map(\.sequenceNumber)
        #expect(numbers.count == 3)
        for (number, next) in zip(numbers, numbers.dropFirst()) { #expect(next.distance(from: number) == 1) }
    }

    @Test(
        "Who is sent the end of a group in the midst of a read may bring in another viewer at once, who starts right there"
    )
    func joinWithinDelivery() throws {
        let camera = try PublishedStream()
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 0)
        let first = InvitingSubscriber(into: camera)
        camera.stream.subscribe(first, on: camera.loop)
        // One read: the end of one group, and the begin of the next.
        camera.add(track: 0, payload: [NALUnit.slice, 0x88, 1], timestamp: 3600, marker: true)
        camera.add(track: 0, payload: [NALUnit.idr, 0x88, 2], timestamp: 7200, marker: true)
        #expect(first.invited.start?.firstPackets[0] != nil)
        #expect(first.invited.packets(of: 0).count == 2)
        camera.publication?.readEnded(at: camera.now)
        let numbers = first.invited.packets(of: 0).map(\.sequenceNumber)
        #expect(numbers.count == 3)
        for (number, next) in zip(numbers, numbers.dropFirst()) { #expect(next.distance(from: number) == 1) }
        #expect(first.invited.bursts.last?.startsGroup == true)
    }
}

/// Brings in another viewer with the first burst it gets.
private final class InvitingSubscriber: Subscriber {
    let invited = RecordingSubscriber()
    private let camera: PublishedStream
    private var subscription: Subscription?

    init(into camera: PublishedStream) {
        self.camera = camera
    }

    func subscribed(_ subscription: Subscription, start: StreamStart?) {
        self.subscription = subscription
    }

    func receive(_ burst: Burst, variants: BurstVariants) {
        if invited.subscription == nil { camera.stream.subscribe(invited, on: camera.loop) }
    }

    func streamEnded() {}
}
