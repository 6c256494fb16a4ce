import NIOCore

/// How streams are served as HLS.
package struct HLSConfiguration: Sendable, Hashable {
    /// A segment is cut at the first random access point after this.
    package var segmentDuration: TimeAmount

    package init(segmentDuration: TimeAmount = .seconds(2)) {
        self.segmentDuration = segmentDuration
    }
}
