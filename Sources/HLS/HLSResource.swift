import NIOCore

/// What a client asks of a playlist beyond its name: the delivery directives of RFC 8216bis §6.2.5.
package struct HLSQuery: Sendable, Hashable {
    /// `_HLS_msn`: answer when the segment of this number is there.
    package var mediaSequence: Int64?
    /// `_HLS_part`: answer when this part of it is there.
    package var part: Int?
    /// `_HLS_skip`: leave out what the client knows.
    package var skip: Bool
    /// What tells the one who asks from others, if anything does.
    package var viewer: Int?

    package init(mediaSequence: Int64? = nil, part: Int? = nil, skip: Bool = false, viewer: Int? = nil) {
        self.mediaSequence = mediaSequence
        self.part = part
        self.skip = skip
        self.viewer = viewer
    }
}

/// The answer to a request for a file of HLS.
package enum HLSResource: Sendable {
    /// Changes with time; an entity tag goes with it.
    case playlist(ByteBuffer, tag: String, reloadAfter: TimeAmount)
    /// Never changes: Cache-Control immutable. One ByteBuffer, shared by all who get it.
    case media(ByteBuffer, contentType: String, tag: String)
    case notFound
    /// Refused with 400 (bad _HLS_msn and the like), with what is wrong.
    case badRequest(String)
    /// The camera did not come in time, or too much is asked at once: 503 with the reason.
    case unavailable(String)
    /// The stream cannot be shown in HLS: 415 with the reason.
    case unsupported(String)
}
