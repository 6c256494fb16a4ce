import Media
import NIOCore
import TestSupport
import Testing

@testable import Reflector

@Suite("The last picture of a stream whose source is gone")
struct LastPictureTests {
    /// A key picture of two packets of `size` bytes and some others; nobody watches.
    private static func send(_ published: PublishedStream, from timestamp: UInt32, size: Int = 500) {
        published.sendVideo(NALUnit.idr, timestamp: timestamp, marker: false, size: size)
        published.sendVideo(NALUnit.idr, timestamp: timestamp, after: .zero, size: size)
        for number in 1..<10 {
            published.sendVideo(NALUnit.slice, timestamp: timestamp &+ UInt32(number) * 3600)
            published.sendAudio(timestamp: UInt32(number) * 160)
        }
    }

    private static func standing(_ published: PublishedStream) throws -> StreamStanding {
        let standing = published.stream.standing()
        published.loop.run()
        return try standing.wait()
    }

    @Test("It is kept without anybody having asked, with the moment it was taken, until there is a newer one")
    func kept() throws {
        let published = try PublishedStream()
        try published.publish()
        #expect(try Self.standing(published).isDown == false)
        Self.send(published, from: 0)
        let taken = published.now
        #expect(try Self.standing(published).lastPicture == nil)
        published.endPublication()
        let down = try Self.standing(published)
        #expect(down.isDown)
        let picture = try #require(down.lastPicture?.keyPicture())
        #expect(picture.unit.isRandomAccess && picture.unit.payload.readableBytes == 2 * 504)
        let age = (taken - .uptimeNanoseconds(5_000_000_000)).nanoseconds + 1_700_000_000_000_000_000
        #expect(abs(age - picture.unit.wallClock) < 700_000_000)
        // Without a picture of the next source it stays.
        try published.publish()
        #expect(try Self.standing(published).isDown == false)
        published.endPublication()
        #expect(try Self.standing(published).lastPicture === down.lastPicture)
        try published.publish()
        Self.send(published, from: 900_000)
        #expect(try Self.standing(published).lastPicture == nil)
    }

    @Test("A picture that was cut off is not it: that before is")
    func cutOff() throws {
        let published = try PublishedStream()
        try published.publish()
        // Somebody watches, so that pieces of pictures go out.
        let viewer = RecordingSubscriber()
        published.stream.subscribe(viewer, on: published.loop)
        Self.send(published, from: 0)
        published.sendVideo(NALUnit.idr, timestamp: 36_000, marker: false, size: 700)
        published.now = published.now + .seconds(1)
        published.publication?.readEnded(at: published.now)
        published.sendVideo(NALUnit.idr, timestamp: 36_000, marker: false, size: 700)
        published.endPublication()
        let picture = try #require(try Self.standing(published).lastPicture?.keyPicture())
        #expect(picture.unit.payload.readableBytes == 2 * 504)
    }

    @Test("One that is too large is not kept")
    func large() throws {
        let published = try PublishedStream()
        try published.publish()
        for number in 0..<50 {
            published.sendVideo(NALUnit.idr, timestamp: 0, marker: number == 49, after: .zero, size: 60_000)
        }
        published.sendVideo(NALUnit.slice, timestamp: 3600)
        published.endPublication()
        #expect(try Self.standing(published).lastPicture == nil)
    }

    @Test("A source that is only on its way is waited for; one that does not come in time, failed or was lost is down")
    func absence() {
        var absence = SourceAbsence(wantedSince: .uptimeNanoseconds(0))
        #expect(!absence.isDown(at: .uptimeNanoseconds(9_000_000_000), patience: .seconds(10)))
        #expect(absence.isDown(at: .uptimeNanoseconds(11_000_000_000), patience: .seconds(10)))
        absence.sourceBegan()
        absence.sourceLost(leaving: nil)
        #expect(absence.isDown(at: .uptimeNanoseconds(1), patience: .seconds(10)))
        absence.wanted(at: .uptimeNanoseconds(20_000_000_000))
        #expect(!absence.isDown(at: .uptimeNanoseconds(29_000_000_000), patience: .seconds(10)))
        absence.sourceFailed(because: "no route to host")
        #expect(absence.isDown(at: .uptimeNanoseconds(20_000_000_001), patience: .seconds(10)))
        absence.wanted(at: .uptimeNanoseconds(40_000_000_000))
        #expect(!absence.isDown(at: .uptimeNanoseconds(41_000_000_000), patience: .seconds(10)))
        #expect(absence.setback == nil)
    }

    @Test("A camera on demand that nobody asked for is not down")
    func asleep() throws {
        let published = try PublishedStream(policy: StreamPolicy(onDemand: true))
        #expect(try Self.standing(published).isDown == false)
        let viewer = RecordingSubscriber()
        published.stream.subscribe(viewer, on: published.loop)
        #expect(try Self.standing(published).isDown == false)
        try published.publish()
        published.endPublication()
        #expect(try Self.standing(published).isDown)
    }
}
