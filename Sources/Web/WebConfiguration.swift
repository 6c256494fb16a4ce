import HLS

/// What is served over HTTP, and where.
package struct WebConfiguration: Sendable, Hashable {
    /// How streams are served as HLS.
    package var hls: HLSConfiguration

    package init(hls: HLSConfiguration = HLSConfiguration()) {
        self.hls = hls
    }
}
