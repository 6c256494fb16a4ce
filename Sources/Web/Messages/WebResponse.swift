import Egress
import NIOCore
import NIOHTTP1
import RTSP

/// What a request is answered.
package struct WebResponse: Sendable {
    /// What goes out behind the head.
    package enum Body: Sendable {
        case none
        /// In one piece, shared with all who get it.
        case bytes(ByteBuffer)
        /// The same, and where they lie in the kernel's memory: from so many bytes behind the beginning of this file on.
        case kept(ByteBuffer, MemoryFile, from: Int)
        /// These bytes of a file, read as the viewer takes them.
        case file(MovieDownload, Range<Int64>)
        /// What is watched, as long as it goes on.
        case live(LiveTicket)
        /// The connection is a WebSocket from here.
        case socket(LiveTicket)

        /// In bytes; 0 where nobody knows.
        package var count: Int64 {
            switch self {
            case .none, .live, .socket: 0
            case .bytes(let bytes), .kept(let bytes, _, _): Int64(bytes.readableBytes)
            case .file(_, let range): range.upperBound - range.lowerBound
            }
        }

        /// A part of what there is.
        func part(_ range: Range<Int64>) -> Body {
            switch self {
            case .none, .live, .socket: return .none
            case .bytes(let bytes):
                let start = bytes.readerIndex + Int(range.lowerBound)
                return bytes.getSlice(at: start, length: range.count).map { .bytes($0) } ?? .none
            case .kept(let bytes, let file, let offset):
                let start = bytes.readerIndex + Int(range.lowerBound)
                return bytes.getSlice(at: start, length: range.count).map {
                    .kept($0, file, from: offset + Int(range.lowerBound))
                } ?? .none
            case .file(let file, let whole):
                return .file(file, (whole.lowerBound + range.lowerBound)..<(whole.lowerBound + range.upperBound))
            }
        }
    }

    package var status: HTTPResponseStatus
    /// Without those of the connection, and without `Content-Length`.
    package var headers: HTTPHeaders
    package var body: Body

    package init(_ status: HTTPResponseStatus, headers: HTTPHeaders = [:], body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// One line of text, for whoever looks.
    package init(_ status: HTTPResponseStatus, saying text: String? = nil) {
        self.init(
            status, headers: ["Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"],
            body: .bytes(ByteBuffer(string: "\(text ?? status.reasonPhrase)\n")))
        if status == .serviceUnavailable { headers.add(name: "Retry-After", value: "5") }
    }
}

/// A resource as it is now, for everybody who asks for all or a part of it.
package struct WebEntity: Sendable {
    /// `Content-Type`.
    package var mediaType: String
    package var state: Preconditions.State
    /// `Cache-Control`.
    package var caching: String
    package var body: WebResponse.Body
    /// What else is said of it.
    package var headers: HTTPHeaders = [:]

    package init(mediaType: String, state: Preconditions.State, caching: String, body: WebResponse.Body) {
        self.mediaType = mediaType
        self.state = state
        self.caching = caching
        self.body = body
    }

    /// What a GET or HEAD is answered: 200, 206, 304, 412 or 416. The body of a HEAD is for its connection to leave out.
    package func response(to request: WebRequest) -> WebResponse {
        var headers = headers
        headers.add(name: "Cache-Control", value: caching)
        headers.add(name: "Accept-Ranges", value: "bytes")
        if let tag = state.tag { headers.add(name: "ETag", value: tag.serialized) }
        if let modified = state.modified { headers.add(name: "Last-Modified", value: modified.serialized) }
        switch Preconditions(request.headers).verdict(on: state) {
        case .failed: return WebResponse(.preconditionFailed)
        case .notModified: return WebResponse(.notModified, headers: headers)
        case .proceed(let isRangeAllowed):
            headers.add(name: "Content-Type", value: mediaType)
            // Ranges are for GET alone (RFC 9110 §14.2).
            let fields = isRangeAllowed && request.method == .GET ? request.headers["Range"] : []
            switch ByteRange(parsing: fields, of: body.count) {
            case .whole: return WebResponse(.ok, headers: headers, body: body)
            case .part(let range):
                headers.add(
                    name: "Content-Range", value: "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(body.count)")
                return WebResponse(.partialContent, headers: headers, body: body.part(range))
            case .unsatisfiable:
                var response = WebResponse(.rangeNotSatisfiable)
                response.headers.add(name: "Content-Range", value: "bytes */\(body.count)")
                return response
            }
        }
    }
}
