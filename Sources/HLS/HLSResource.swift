import NIOCore

/// What a request for a playlist asks beyond it (RFC 8216bis §6.2.5): `_HLS_msn`, `_HLS_part`, `_HLS_skip`.
package struct HLSQuery: Sendable, Hashable {
    /// The media sequence number to wait for; `nil` takes the playlist as it is.
    package var mediaSequence: Int64?
    /// The part of that segment to wait for, counted from 0.
    package var part: Int?
    /// Older segments may be left out (a delta update).
    package var skip: Bool

    package init(mediaSequence: Int64? = nil, part: Int? = nil, skip: Bool = false) {
        self.mediaSequence = mediaSequence
        self.part = part
        self.skip = skip
    }
}

/// What stands behind a file name of a stream.
package enum HLSResource: Sendable {
    /// Changes with time; an entity tag goes with it.
    case playlist(ByteBuffer, tag: String, reloadAfter: TimeAmount)
    /// Never changes: Cache-Control immutable. One buffer, shared by all who get it.
    case media(ByteBuffer, contentType: String, tag: String)
    case notFound
    /// Refused with 400 (bad _HLS_msn and the like), with what is wrong.
    case badRequest(String)
    /// The camera did not come in time: 503 with the reason.
    case unavailable(String)
    /// The stream cannot be shown in HLS: 415 with the reason.
    case unsupported(String)
}
