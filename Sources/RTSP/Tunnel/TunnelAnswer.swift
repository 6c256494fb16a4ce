import NIOCore

/// The head of the answer to a tunnel's request; what follows it is RTSP, raw.
package struct TunnelAnswer: Sendable, Hashable {
    private static let limits = RTSPMessageLimits.client

    package let status: RTSPStatus
    package let headers: RTSPHeaders

    /// `nil` = more bytes are needed. Any HTTP version will do, and a missing reason.
    package init?(readingFrom buffer: inout ByteBuffer) throws(TunnelError) {
        let bytes = buffer.readableBytesView
        guard let lineFeed = bytes.prefix(Self.limits.line).firstIndex(of: .lineFeed) else {
            let beginning = Array("HTTP/".utf8)
            guard bytes.count < Self.limits.line, bytes.prefix(5).elementsEqual(beginning.prefix(bytes.count)) else {
                throw .notHTTP
            }
            return nil
        }
        guard let status = Self.status(of: bytes[..<lineFeed]) else { throw .notHTTP }
        var head = MessageHead(startLine: .response(status))
        let fields = bytes[(lineFeed + 1)...]
        switch head.advance(over: fields, limits: Self.limits) {
        case .incomplete: return nil
        case .malformed, .tooLarge: throw .notHTTP
        case .complete(let length):
            buffer.moveReaderIndex(to: fields.startIndex + length)
            self.status = status
            headers = head.headers
        }
    }

    private static func status(of line: ByteBufferView) -> RTSPStatus? {
        guard line.starts(with: "HTTP/".utf8) else { return nil }
        let parts = String(decoding: line, as: UTF8.self)[...].trimmed.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[1].utf8.count == 3, let code = parts[1].number(Int.self),
            (100...599).contains(code)
        else { return nil }
        return RTSPStatus(code: code, reason: parts.count > 2 ? String(parts[2]) : "")
    }
}
