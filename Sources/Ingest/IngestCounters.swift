/// What a source sent that no viewer gets, and what it lost on the way.
package struct IngestCounters: Sendable, Hashable {
    /// RTP packets passed on.
    package var packets: UInt64 = 0
    /// No valid RTP (quirk H1).
    package var malformed: UInt64 = 0
    /// A payload type that the description does not name (quirk H6).
    package var unknownPayloadTypes: UInt64 = 0
    /// Nothing behind the header (quirk H16).
    package var empty: UInt64 = 0
    /// Came twice.
    package var duplicates: UInt64 = 0
    /// Came after their gap was given up.
    package var late: UInt64 = 0
    /// Numbers that never came.
    package var lost: UInt64 = 0
    /// Begins of a new numbering within the session (quirks H2, H3).
    package var restarts: UInt64 = 0
    /// RTCP of which nothing could be read (quirk H9).
    package var malformedReports: UInt64 = 0
    /// Interleaved frames on channels that were not set up (quirk G4).
    package var strayFrames: UInt64 = 0
    /// Bytes between messages (quirks A15, G1).
    package var discardedBytes: UInt64 = 0
    /// Datagrams from elsewhere.
    package var foreignDatagrams: UInt64 = 0
    /// Datagrams longer than the buffer they were read into (quirk H12).
    package var truncatedDatagrams: UInt64 = 0

    /// All zero.
    package init() {}

    /// Field by field.
    package static func + (left: IngestCounters, right: IngestCounters) -> IngestCounters {
        var sum = left
        let fields: [WritableKeyPath<IngestCounters, UInt64>] = [
            \.packets, \.malformed, \.unknownPayloadTypes, \.empty, \.duplicates, \.late, \.lost, \.restarts,
            \.malformedReports, \.strayFrames, \.discardedBytes, \.foreignDatagrams, \.truncatedDatagrams,
        ]
        for field in fields { sum[keyPath: field] &+= right[keyPath: field] }
        return sum
    }
}
