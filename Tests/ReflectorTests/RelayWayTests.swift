import Media
import NIOCore
import NIOEmbedded
import Testing

@testable import Reflector

/// Which relays a stream has come through, and who must not have it.
@Suite struct RelayWayTests {
    private static let upstream = RelayChain(["heliograph-upstream"])

    @Test("A stream is not described to a relay from which it comes, or from which it is just being asked for")
    func refused() throws {
        let camera = try PublishedStream(policy: StreamPolicy(startTimeout: .seconds(10)))
        let waits = camera.stream.describe(on: camera.loop, for: Self.upstream)
        let other = camera.stream.describe(on: camera.loop, for: RelayChain(["heliograph-other"]))
        camera.loop.run()
        camera.stream.sourceIsAsked(through: Self.upstream)
        camera.loop.run()
        #expect(throws: StreamError.loop(camera.stream.path)) { try waits.wait() }
        let late = camera.stream.describe(on: camera.loop, for: Self.upstream)
        camera.loop.run()
        #expect(throws: StreamError.loop(camera.stream.path)) { try late.wait() }

        let publication = try camera.stream.publish(
            tracks: [PublishedStream.video], by: "test", via: Self.upstream.through(RelayIdentity(1)))
        camera.loop.run()
        #expect(try other.wait().via == Self.upstream.through(RelayIdentity(1)))
        publication.end()
    }

    @Test("Two who come through proxies of one name are not taken for each other")
    func proxies() throws {
        let camera = try PublishedStream()
        let proxied = RelayChain(["proxy"])
        let publication = try camera.stream.publish(tracks: [PublishedStream.video], by: "test", via: proxied)
        let viewer = camera.stream.describe(on: camera.loop, for: proxied)
        camera.loop.run()
        #expect(try viewer.wait().via == proxied)
        publication.end()
    }

    @Test("On demand, the way of the last source says nothing of the next one")
    func lastWay() throws {
        let camera = try PublishedStream(policy: StreamPolicy(onDemand: true))
        let publication = try camera.stream.publish(
            tracks: [PublishedStream.video], by: "test", via: Self.upstream)
        publication.end()
        let answer = camera.stream.describe(on: camera.loop, for: Self.upstream)
        camera.loop.run()
        let next = try camera.stream.publish(tracks: [PublishedStream.video], by: "test", via: .direct)
        camera.loop.run()
        #expect(try answer.wait().via == .direct)
        next.end()
    }

    @Test("When a stream comes another way, those who told others of it are ended, and viewers are not")
    func anotherWay() throws {
        let camera = try PublishedStream()
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 0)
        let (viewer, relay, stale) = (RecordingSubscriber(), RecordingSubscriber(), RecordingSubscriber())
        camera.stream.subscribe(viewer, on: camera.loop)
        camera.stream.subscribe(relay, via: .direct, on: camera.loop)
        camera.stream.subscribe(stale, via: Self.upstream, on: camera.loop)
        #expect(stale.hasEnded && !relay.hasEnded)

        // The same way again: nobody notices.
        camera.endPublication()
        try camera.publish()
        #expect(!relay.hasEnded)
        camera.endPublication()
        let publication = try camera.stream.publish(
            tracks: [PublishedStream.video, PublishedStream.audio], by: "test", via: Self.upstream)
        #expect(relay.hasEnded && !viewer.hasEnded)
        publication.end()
    }
}
