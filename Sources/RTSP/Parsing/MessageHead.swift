import NIOCore

/// The head of a message while it arrives: each byte is looked at once, however small the pieces.
struct MessageHead: Sendable {
    enum Progress {
        case incomplete
        /// The blank line was read: the head is that many bytes long.
        case complete(length: Int)
        /// The first line is no RTSP.
        case malformed
        case tooLarge(RTSPParsingError.Cause)
    }

    private(set) var startLine: StartLine?
    private(set) var headers = RTSPHeaders()
    /// How far line ends have been looked for, counted from the first byte of the message.
    private var examined = 0
    private var lineStart = 0
    private var lines = 0

    init() {}

    /// A head whose first line was read elsewhere.
    init(startLine: StartLine) {
        self.startLine = startLine
    }

    var isEmpty: Bool { examined == 0 }

    /// Takes whole lines from `bytes`, which begin with the first byte of the message.
    mutating func advance(over bytes: ByteBufferView, limits: RTSPMessageLimits) -> Progress {
        while let lineFeed = bytes[(bytes.startIndex + examined)...].firstIndex(of: .lineFeed) {
            let line = bytes[(bytes.startIndex + lineStart)..<lineFeed].withoutCarriageReturn
            examined = lineFeed - bytes.startIndex + 1
            if let cause = exceeded(lineLength: line.count, limits) { return .tooLarge(cause) }
            lineStart = examined
            if startLine == nil {
                guard let parsed = StartLine(line) else { return .malformed }
                if case .request(_, let uri, _) = parsed, uri.utf8.count > limits.uri { return .tooLarge(.uriTooLong) }
                startLine = parsed
            } else if line.isEmpty {
                return .complete(length: examined)
            } else {
                lines += 1
                guard lines <= limits.headers else { return .tooLarge(.headersTooLarge) }
                take(line)
            }
        }
        examined = bytes.count
        // One byte of grace: the carriage return of the line end that is still to come.
        if let cause = exceeded(lineLength: examined - lineStart - 1, limits) { return .tooLarge(cause) }
        return .incomplete
    }

    private func exceeded(lineLength: Int, _ limits: RTSPMessageLimits) -> RTSPParsingError.Cause? {
        if lineLength > limits.line { return startLine == nil ? .uriTooLong : .headersTooLarge }
        return examined > limits.headerBytes ? .headersTooLarge : nil
    }

    /// A line without a colon says nothing and is dropped: a CSeq missing for it is the request's fault to answer for.
    private mutating func take(_ line: ByteBufferView) {
        if line.first?.isBlank == true {
            return headers.continueLast(with: String(decoding: line.trimmedBlanks, as: UTF8.self))
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        let name = line[..<colon].trimmedBlanks
        let value = line[line.index(after: colon)...].trimmedBlanks
        guard !name.isEmpty else { return }
        headers.add(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
    }

    /// The CSeq of a message whose first line is no RTSP, if it stands in what has arrived.
    static func cSeq(in bytes: ByteBufferView, limits: RTSPMessageLimits) -> String? {
        var head = MessageHead(startLine: .response(.ok))
        guard let lineFeed = bytes.prefix(limits.line).firstIndex(of: .lineFeed) else { return nil }
        _ = head.advance(over: bytes[(lineFeed + 1)...], limits: limits)
        return head.headers["CSeq"]
    }
}

extension ByteBufferView {
    fileprivate var withoutCarriageReturn: ByteBufferView {
        last == .carriageReturn ? self[..<index(before: endIndex)] : self
    }
}
