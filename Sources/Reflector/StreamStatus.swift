import NIOCore

/// How a stream is doing at one moment, for people.
package struct StreamStatus: Sendable, Hashable {
    /// Whether there is a source.
    package enum Source: Sendable, Hashable {
        /// There is none, and nobody wants one.
        case unwanted
        /// It is wanted, and on its way.
        case awaited
        /// It is wanted, and was lost, failed to come, or has not come within the policy's start time-out.
        case down
        /// It is there.
        case live
    }

    package var source: Source
    /// Why the source could not be had or was lost, since it was there last or was wanted anew; never with a URL or a password.
    package var setback: String?
    /// As they were described last.
    package var tracks: [StreamTrack]
    /// Subscribers who are viewers; those of a feed are counted by who reads it.
    package var viewers: Int
    /// Over the last seconds; `nil` where nothing was measured.
    package var rate: StreamRate?
    /// Since the newest frame of the leading track; `nil` where there was none.
    package var age: TimeAmount?

    package init(
        source: Source, setback: String? = nil, tracks: [StreamTrack] = [], viewers: Int = 0, rate: StreamRate? = nil,
        age: TimeAmount? = nil
    ) {
        self.source = source
        self.setback = setback
        self.tracks = tracks
        self.viewers = viewers
        self.rate = rate
        self.age = age
    }
}

/// What a stream sends.
package struct StreamRate: Sendable, Hashable {
    /// Payload of all tracks, in bits a second.
    package var bitsPerSecond: Double
    /// Of the leading track.
    package var framesPerSecond: Double

    package init(bitsPerSecond: Double, framesPerSecond: Double) {
        self.bitsPerSecond = bitsPerSecond
        self.framesPerSecond = framesPerSecond
    }
}

extension Stream {
    /// How it is doing; completes on the home loop.
    package func status() -> EventLoopFuture<StreamStatus> {
        homeLoop.submit { [core] in core.value.status() }
    }

    /// The source is not there, for a reason in words without URLs and passwords; on the home loop only.
    package func isDown(because reason: String) {
        core.value.sourceFailed(because: reason)
    }
}
