import NIOCore
import NIOEmbedded
import Testing

@testable import Reflector

/// Who keeps a stream busy, and who does not.
@Suite struct StreamMembershipTests {
    @Test("Who knows other tracks than the stream has by now is told that it is over, and is no viewer")
    func staleTracks() throws {
        let camera = try PublishedStream()
        try camera.publish()
        let known = try camera.snapshot().tracks
        camera.endPublication()
        try camera.publish([PublishedStream.video])
        camera.sendVideo(NALUnit.idr, timestamp: 0)

        let stale = RecordingSubscriber()
        camera.stream.subscribe(stale, knowing: known, on: camera.loop)
        #expect(stale.hasEnded)
        #expect(stale.start == nil)
        let fresh = RecordingSubscriber()
        camera.stream.subscribe(fresh, knowing: try camera.snapshot().tracks, on: camera.loop)
        #expect(fresh.start != nil)
        #expect(try camera.viewerCount() == 1)
    }

    @Test("A DESCRIBE that was given up on no longer keeps a source wanted")
    func describeGivenUp() async throws {
        let camera = try PublishedStream(
            policy: StreamPolicy(onDemand: true, linger: .seconds(30), startTimeout: .seconds(10)))
        var demand = camera.stream.demand.makeAsyncIterator()
        let description = camera.stream.describe(on: camera.loop)
        camera.loop.run()
        #expect(await demand.next() == true)
        camera.loop.advanceTime(by: .seconds(10))
        #expect(throws: StreamError.unavailable(camera.stream.path)) { try description.wait() }
        camera.loop.advanceTime(by: .seconds(30))
        camera.stream.close().whenComplete { _ in }
        camera.loop.run()
        #expect(await demand.next() == false)
    }

    @Test("A DESCRIBE that no PLAY follows does not keep the source beyond the linger")
    func describeAlone() async throws {
        let camera = try PublishedStream(policy: StreamPolicy(onDemand: true, linger: .seconds(30)))
        var demand = camera.stream.demand.makeAsyncIterator()
        _ = camera.stream.describe(on: camera.loop)
        camera.loop.run()
        #expect(await demand.next() == true)
        try camera.publish()
        camera.loop.advanceTime(by: .seconds(29))
        _ = try camera.snapshot()
        camera.loop.advanceTime(by: .seconds(29))
        _ = try camera.snapshot()
        camera.loop.advanceTime(by: .seconds(30))
        camera.stream.close().whenComplete { _ in }
        camera.loop.run()
        #expect(await demand.next() == false)
    }

    @Test("A source that comes while it is being stopped does not keep the next viewer from getting one")
    func sourceWhileStopped() async throws {
        let camera = try PublishedStream(
            policy: StreamPolicy(onDemand: true, linger: .seconds(30), startTimeout: .seconds(10)))
        var demand = camera.stream.demand.makeAsyncIterator()
        _ = camera.stream.describe(on: camera.loop)
        camera.loop.run()
        #expect(await demand.next() == true)
        camera.loop.advanceTime(by: .seconds(40))
        #expect(await demand.next() == false)
        try camera.publish()
        camera.endPublication()

        _ = camera.stream.describe(on: camera.loop)
        camera.loop.run()
        camera.stream.close().whenComplete { _ in }
        camera.loop.run()
        #expect(await demand.next() == true)
    }

    @Test("A loop that the last viewer has left is not woken any more")
    func quietLoops() throws {
        let camera = try PublishedStream()
        let other = EmbeddedEventLoop()
        try camera.publish()
        let guest = RecordingSubscriber()
        camera.stream.subscribe(guest, on: other)
        other.run()
        guest.leave()
        camera.loop.run()

        weak var burst: Burst?
        do {
            let viewer = RecordingSubscriber()
            camera.stream.subscribe(viewer, on: camera.loop)
            camera.sendVideo(NALUnit.idr, timestamp: 0)
            burst = viewer.bursts.last
            #expect(burst != nil)
            viewer.leave()
        }
        camera.loop.run()
        camera.endPublication()
        // What is left of it would wait on the other loop.
        #expect(burst == nil)
        try other.syncShutdownGracefully()
    }
}

extension PublishedStream {
    fileprivate func snapshot() throws -> StreamSnapshot {
        let snapshot = stream.describe(on: loop)
        loop.run()
        return try snapshot.wait()
    }

    fileprivate func viewerCount() throws -> Int {
        let count = stream.viewerCount()
        loop.run()
        return try count.wait()
    }
}
