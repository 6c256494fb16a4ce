import NIOCore

@testable import Media

/// Reads a description written with LF, as cameras would never send it on the wire, with CR LF.
func parse(_ text: String) throws(SDPError) -> SessionDescription {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return try SessionDescription(parsing: ByteBuffer(string: lines.joined(separator: "\r\n")))
}

/// A description of one H.264 track whose session lines are `session`.
func parse(session: String) throws(SDPError) -> SessionDescription {
    try parse(session + "\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:trackID=1\n")
}

/// The track that `media` describes.
func track(_ media: String) throws -> TrackDescription {
    let head = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=Media Presentation\nc=IN IP4 0.0.0.0\nt=0 0\na=control:*\n"
    return try parse(head + media).tracks[0]
}
