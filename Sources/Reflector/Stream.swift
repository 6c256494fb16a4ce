import Logging
import Media
import NIOCore

/// How a stream treats its source and its ring.
package struct StreamPolicy: Sendable, Equatable {
    /// The source is started by the first viewer and stopped `linger` after the last.
    package var onDemand: Bool
    package var linger: TimeAmount
    /// A viewer's DESCRIBE waits this long for the source.
    package var startTimeout: TimeAmount
    /// A group of pictures larger than this is not kept for viewers to come, in bytes.
    package var ringBytes: Int
    /// Nor one older than this.
    package var ringAge: TimeAmount
    /// Larger RTP packets of H.264, H.265 and MJPEG are cut for everyone, in bytes with their header: what goes through most
    /// tunnels in one datagram (quirk H13).
    package var packetSize: Int

    package init(
        onDemand: Bool = false,
        linger: TimeAmount = .seconds(30),
        startTimeout: TimeAmount = .seconds(10),
        ringBytes: Int = 16 * 1024 * 1024,
        ringAge: TimeAmount = .seconds(60),
        packetSize: Int = 1452
    ) {
        self.onDemand = onDemand
        self.linger = linger
        self.startTimeout = startTimeout
        self.ringBytes = ringBytes
        self.ringAge = ringAge
        self.packetSize = packetSize
    }
}

/// What a stream takes from the world: clocks and chance, so that tests can give their own.
package struct StreamClock: Sendable {
    package var now: @Sendable () -> NIODeadline
    /// Nanoseconds since 1970.
    package var wallClock: @Sendable () -> Int64
    package var random: @Sendable () -> UInt32

    package init(
        now: @escaping @Sendable () -> NIODeadline,
        wallClock: @escaping @Sendable () -> Int64,
        random: @escaping @Sendable () -> UInt32
    ) {
        self.now = now
        self.wallClock = wallClock
        self.random = random
    }

    /// Nanoseconds since 1970 at a moment of the monotonic clock.
    func unixNanoseconds(at moment: NIODeadline) -> Double {
        Double(wallClock()) - Double((now() - moment).nanoseconds)
    }
}

/// A live stream: one source in, any number of viewers out. The handle may be used on any thread; the stream itself lives on
/// its home loop, where its source's sockets are read.
package final class Stream: Sendable {
    package let path: StreamPath
    package let homeLoop: any EventLoop
    /// The relay that it lives in.
    package let relay: RelayIdentity
    /// `true`: a source is wanted now; `false`: nobody wants it any more. One consumer; ends with the stream.
    package let demand: AsyncStream<Bool>
    let core: NIOLoopBoundBox<StreamCore>

    package init(
        path: StreamPath, title: String? = nil, homeLoop: any EventLoop,
        relay: RelayIdentity = RelayIdentity(.random(in: .min ... .max)), policy: StreamPolicy = StreamPolicy(),
        clock: StreamClock, logger: Logger
    ) {
        self.path = path
        self.relay = relay
        self.homeLoop = homeLoop
        let (demand, continuation) = AsyncStream<Bool>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.demand = demand
        var logger = logger
        logger[metadataKey: "stream"] = "\(path)"
        let core = StreamCore(
            path: path, title: title, policy: policy, homeLoop: homeLoop, clock: clock, demand: continuation,
            logger: logger
        )
        self.core = NIOLoopBoundBox.makeBoxSendingValue(core, eventLoop: homeLoop)
    }

    /// The description a viewer gets. It wakes a source on demand and waits for it up to the policy's start time-out;
    /// through an outage of its source a stream keeps the last one. Fails with `StreamError`; completes on `eventLoop`.
    /// `relays` are those on whose behalf it is asked for: `.loop` where the stream comes from one of them.
    package func describe(
        on eventLoop: any EventLoop, for relays: RelayChain = .direct
    ) -> EventLoopFuture<StreamSnapshot> {
        homeLoop.flatSubmit { [core] in core.value.describe(for: relays) }.hop(to: eventLoop)
    }

    /// The tracks as they were described last, without waking a source; none before there was one. Completes on the home loop.
    package func knownTracks() -> EventLoopFuture<[StreamTrack]> {
        homeLoop.submit { [core] in core.value.snapshot.tracks }
    }

    /// Whether its source is known to be away, and the last key picture of one that is; wakes nobody. Completes on the home loop.
    package func standing() -> EventLoopFuture<StreamStanding> {
        homeLoop.submit { [core] in core.value.standing }
    }

    /// Adds a subscriber that lives on `eventLoop`, which must be the current one; `subscribed(_:start:)` tells it when it is on.
    /// `tracks` are all those of the snapshot it was told: a stream that has others by now is over for it, and says so at once.
    /// `via` is for who passes the stream on to other relays, and told them that way: it is over for him, too, when the stream comes
    /// another way. `observer` is told after each burst, once for all subscribers that share it.
    package func subscribe(
        _ subscriber: any Subscriber, knowing tracks: [StreamTrack]? = nil, via: RelayChain? = nil,
        observer: (any BurstDeliveryObserver)? = nil, on eventLoop: any EventLoop
    ) {
        let ssrcs = tracks?.map(\.ssrc)
        let manner = SubscriberManner(subscriber)
        let subscriber = NIOLoopBound(subscriber, eventLoop: eventLoop)
        let observer = NIOLoopBound(observer, eventLoop: eventLoop)
        if homeLoop.inEventLoop {
            core.value.subscribe(
                subscriber, manner: manner, ssrcs: ssrcs, via: via, observer: observer, on: eventLoop)
        } else {
            homeLoop.execute { [core] in
                core.value.subscribe(
                    subscriber, manner: manner, ssrcs: ssrcs, via: via, observer: observer, on: eventLoop)
            }
        }
    }

    /// Takes a source on; on the home loop only. `source` names it in log lines.
    ///
    /// A source whose tracks are compatible with the last ones goes on with their SSRCs and timelines, and viewers stay;
    /// another one ends the viewers. `via` are the relays that it has come through; where they are others than those of the last
    /// source, further relays have to ask again. Throws `.alreadyPublished`, `.unusableTracks`, `.closed`.
    package func publish(
        tracks: [TrackDescription], by source: String, via: RelayChain = .direct
    ) throws(StreamError) -> Publication {
        try core.value.publish(tracks, by: source, via: via)
    }

    /// The source that is being asked for is known to be a relay, or to come through some; on the home loop only. Whoever waits for
    /// the stream on behalf of one of them is refused with `.loop`.
    package func sourceIsAsked(through relays: RelayChain) {
        core.value.sourceIsAsked(through: relays)
    }

    /// Subscribers at the moment; completes on the home loop.
    package func viewerCount() -> EventLoopFuture<Int> {
        homeLoop.submit { [core] in core.value.viewerCount }
    }

    /// Ends every subscriber, fails whoever waits, and takes no one any more.
    package func close() -> EventLoopFuture<Void> {
        homeLoop.submit { [core] in core.value.close() }
    }
}
