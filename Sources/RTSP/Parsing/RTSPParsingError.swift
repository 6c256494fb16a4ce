/// Why a connection's bytes cannot be read on; the connection is answered with `status`, if at all, and closed.
package struct RTSPParsingError: Error, Sendable, Hashable {
    /// What was wrong.
    package enum Cause: Sendable, Hashable {
        /// The first line is neither a request line nor a status line.
        case malformedFirstLine
        /// There is a Content-Length, but no field of that name holds a number.
        case malformedContentLength
        /// The request URI or the whole request line is too long.
        case uriTooLong
        /// A header line, the number of them or the whole head is too long.
        case headersTooLarge
        /// The body that was announced is too long.
        case bodyTooLarge
        /// More than the tolerated bytes in a row were no message.
        case tooMuchGarbage
    }

    /// Decides the status and the text.
    package var cause: Cause
    /// The CSeq of the message at fault as far as it had been read: the answer repeats it (RFC 2326 §12.17).
    package var cSeq: String?

    package init(_ cause: Cause, cSeq: String? = nil) {
        self.cause = cause
        self.cSeq = cSeq
    }

    /// What a server answers before it closes the connection.
    package var status: RTSPStatus {
        switch cause {
        case .malformedFirstLine, .malformedContentLength, .tooMuchGarbage: .badRequest
        case .uriTooLong: .requestURITooLarge
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .bodyTooLarge: .requestEntityTooLarge
        }
    }
}

extension RTSPParsingError: CustomStringConvertible {
    package var description: String {
        switch cause {
        case .malformedFirstLine: "the first line is no RTSP request or status; check what speaks on this port"
        case .malformedContentLength: "Content-Length is no number; the peer's software needs an update"
        case .uriTooLong: "the request URI is too long; shorten the path or the query"
        case .headersTooLarge: "the message header is too large; the peer sends more fields than a message needs"
        case .bodyTooLarge: "the message body is too large; only descriptions and parameters belong there"
        case .tooMuchGarbage: "too many bytes that are no RTSP; check that this is the camera's RTSP port"
        }
    }
}
