/// What a segment is a file of.
package enum SegmentForm: Sendable, Hashable {
    case transportStream
    /// Fragments of MP4, behind an initialization section; with video or without.
    case fragments(hasVideo: Bool)

    /// How the names of its files end.
    package var fileExtension: String {
        switch self {
        case .transportStream: "ts"
        case .fragments: "m4s"
        }
    }

    /// The media type over HTTP (RFC 8216bis §3.1).
    package var contentType: String {
        switch self {
        case .transportStream: "video/mp2t"
        case .fragments(let hasVideo): hasVideo ? "video/mp4" : "audio/mp4"
        }
    }
}
