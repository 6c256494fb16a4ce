import NIOCore

/// How streams are served as HLS.
package struct HLSConfiguration: Sendable, Hashable {
    /// What segments are made of.
    package enum Container: String, Sendable, Hashable, CaseIterable {
        /// MPEG-TS for H.264, fragments of MP4 for H.265.
        case auto
        /// MPEG-TS for all but H.265, which players take in MP4 only.
        case mpegts
        /// Fragments of MP4.
        case fmp4
    }

    /// A segment is cut at the first random access point after this, less a tenth.
    package var segmentDuration: TimeAmount
    /// Low latency: segments are handed out in parts of about this, always in fragments of MP4; `nil` makes none.
    package var partDuration: TimeAmount?
    /// Segments in a playlist; more where they do not last three target durations.
    package var playlistLength: Int
    package var container: Container
    /// Segments of every stream are made all the time; otherwise from the first request on.
    package var always: Bool
    /// How long segments are made after the last request.
    package var linger: TimeAmount
    /// How long a first request waits for the first segments.
    package var startTimeout: TimeAmount
    /// Segments that a playlist has at the least: Chromium begins three before the end, and ends its player where there are fewer.
    package var firstSegments: Int
    /// Most bytes of a stream's segments that are kept, those that have left the playlist among them.
    package var memory: Int

    package init(
        segmentDuration: TimeAmount = .seconds(2), partDuration: TimeAmount? = nil, playlistLength: Int = 6,
        container: Container = .auto, always: Bool = false, linger: TimeAmount = .seconds(30),
        startTimeout: TimeAmount = .seconds(20), firstSegments: Int = 3, memory: Int = 64 * 1024 * 1024
    ) {
        self.segmentDuration = segmentDuration
        self.partDuration = partDuration
        self.playlistLength = playlistLength
        self.container = container
        self.always = always
        self.linger = linger
        self.startTimeout = startTimeout
        self.firstSegments = firstSegments
        self.memory = memory
    }

    /// Such that the first segments are there within `startTimeout`, whatever the camera's groups are, and a tenth before.
    var longestAtFirst: TimeAmount {
        let share = startTimeout.nanoseconds / 10 * 9 / Int64(max(firstSegments, 1))
        return min(max(.nanoseconds(share), .seconds(1)), TargetDuration.longest)
    }
}
