import NIOCore

/// Takes requests, responses and interleaved frames from the bytes of one connection (RFC 2326 §4, §10.12).
///
/// The parser remembers how far it has read the head of an unfinished message, so it must be given the same buffer
/// each time, with nothing but bytes added behind; only the parser moves the reader index.
package struct RTSPMessageParser: Sendable {
    /// May be changed between two messages.
    package var limits: RTSPMessageLimits
    /// The channels that were set up: after garbage, only a frame on one of these is believed (quirks G1, G4).
    package var negotiatedChannels = ChannelSet()
    /// Bytes skipped because they were no message, over the whole connection (quirks A15, G1).
    package internal(set) var discardedBytes = 0

    var discardedInARow = 0
    /// Whether the bytes before the reader index were garbage, so that what follows has to prove itself.
    var isResynchronizing = false
    private var head = MessageHead()
    private var awaitingBody: AwaitingBody?

    private struct AwaitingBody: Sendable {
        var headLength: Int
        var bodyLength: Int
    }

    package init(limits: RTSPMessageLimits) {
        self.limits = limits
    }

    /// Whether a message begins at the reader index, in bytes that are believed: frames may be read there by whoever has the buffer.
    package var isBetweenMessages: Bool {
        head.isEmpty && awaitingBody == nil && !isResynchronizing && discardedInARow == 0
    }

    /// The next message; `nil` = more bytes are needed, an error = this connection cannot go on.
    package mutating func next(_ buffer: inout ByteBuffer) throws(RTSPParsingError) -> RTSPMessage? {
        while true {
            if let awaitingBody { return finish(awaitingBody, &buffer) }
            if head.isEmpty {
                buffer.skipLineEnds()
                switch messageStart(in: buffer) {
                case .needsBytes: return nil
                case .frame: return frame(&buffer)
                case .text: break
                case .garbage:
                    try discardByte(&buffer)
                    continue
                }
            }
            switch head.advance(over: buffer.readableBytesView, limits: limits) {
            case .incomplete: return nil
            case .complete(let length):
                let body = try bodyLength()
                awaitingBody = AwaitingBody(headLength: length, bodyLength: body)
            case .tooLarge(let cause) where head.startLine != nil || limits.garbage == 0:
                throw RTSPParsingError(cause, cSeq: head.headers["CSeq"])
            case .malformed, .tooLarge:
                try discardByte(&buffer)
            }
        }
    }

    private mutating func frame(_ buffer: inout ByteBuffer) -> RTSPMessage? {
        guard let frame = InterleavedFrame(readingFrom: &buffer) else { return nil }
        messageEnded()
        return .interleaved(frame)
    }

    private mutating func finish(_ awaiting: AwaitingBody, _ buffer: inout ByteBuffer) -> RTSPMessage? {
        let bodyStart = buffer.readerIndex + awaiting.headLength
        guard
            let startLine = head.startLine,
            let body = buffer.getSlice(at: bodyStart, length: awaiting.bodyLength)
        else { return nil }
        buffer.moveReaderIndex(forwardBy: awaiting.headLength + awaiting.bodyLength)
        let headers = head.headers
        messageEnded()
        switch startLine {
        case .request(let method, let uri, let version):
            return .request(RTSPRequest(method, uri: uri, headers: headers, body: body, version: version))
        case .response(let status):
            return .response(RTSPResponse(status, headers: headers, body: body))
        }
    }

    private mutating func messageEnded() {
        discardedInARow = 0
        isResynchronizing = false
        if !head.isEmpty { head = MessageHead() }
        awaitingBody = nil
    }

    /// The first Content-Length that is a number counts: some devices send two, or an empty one (quirks A4, A14). A
    /// camera's 0 counts only where it says nothing else.
    private func bodyLength() throws(RTSPParsingError) -> Int {
        let values = head.headers.all("Content-Length").filter { !$0.isEmpty }
        guard !values.isEmpty else { return 0 }
        let numbers = values.filter { $0.utf8.allSatisfy(\.isDigit) }
        let bodied = limits.garbage > 0 ? numbers.first { Int($0) != 0 } : nil
        guard let digits = bodied ?? numbers.first else {
            if limits.garbage > 0 { return 0 }
            throw RTSPParsingError(.malformedContentLength, cSeq: head.headers["CSeq"])
        }
        // A number too long for Int is too long for the limit too.
        let length = Int(digits) ?? .max
        guard length <= limits.body else { throw RTSPParsingError(.bodyTooLarge, cSeq: head.headers["CSeq"]) }
        return length
    }

    /// What looked like a message was none, from its first byte on.
    private mutating func discardByte(_ buffer: inout ByteBuffer) throws(RTSPParsingError) {
        guard limits.garbage > 0 else {
            throw RTSPParsingError(
                .malformedFirstLine,
                cSeq: MessageHead.cSeq(in: buffer.readableBytesView, limits: limits)
            )
        }
        guard discardedInARow < limits.garbage else { throw RTSPParsingError(.tooMuchGarbage) }
        buffer.moveReaderIndex(forwardBy: 1)
        discardedBytes &+= 1
        discardedInARow += 1
        isResynchronizing = true
        head = MessageHead()
    }
}
