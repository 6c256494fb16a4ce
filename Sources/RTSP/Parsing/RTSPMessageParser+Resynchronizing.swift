import NIOCore

/// What the bytes at the reader index begin.
enum MessageStart {
    case needsBytes
    case frame
    case text
    case garbage
}

extension RTSPMessageParser {
    /// Between whole messages every `$` is a frame; after garbage only a plausible one is.
    ///
    /// Where garbage is tolerated, text has to begin like a response or a known request; where it is not, any token
    /// begins a request line, whose method may be unknown and is then answered so.
    func messageStart(in buffer: ByteBuffer) -> MessageStart {
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return .needsBytes }
        if first == UInt8(ascii: "$") { return isResynchronizing ? plausibleFrame(in: buffer) : .frame }
        guard limits.garbage > 0 else { return first.isTokenByte ? .text : .garbage }
        let bytes = buffer.readableBytesView
        var result = MessageStart.garbage
        for token in Self.startTokens where token[0] == first {
            let beginning = bytes.prefix(token.count)
            guard token.starts(with: beginning) else { continue }
            if beginning.count == token.count { return .text }
            result = .needsBytes
        }
        return result
    }

    /// Channel in the table, room for an RTCP or RTP header, and a version of 2 in the payload's first two bits.
    private func plausibleFrame(in buffer: ByteBuffer) -> MessageStart {
        let start = buffer.readerIndex
        guard let channel = buffer.getInteger(at: start + 1, as: UInt8.self) else { return .needsBytes }
        guard negotiatedChannels.contains(channel) else { return .garbage }
        guard let length = buffer.getInteger(at: start + 2, as: UInt16.self) else { return .needsBytes }
        guard length >= 8 else { return .garbage }
        guard let payload = buffer.getInteger(at: start + 4, as: UInt8.self) else { return .needsBytes }
        return payload & 0xC0 == 0x80 ? .frame : .garbage
    }

    private static let startTokens: [[UInt8]] = [
        "RTSP/", "OPTIONS ", "DESCRIBE ", "ANNOUNCE ", "SETUP ", "PLAY ", "PAUSE ", "RECORD ", "TEARDOWN ",
        "GET_PARAMETER ", "SET_PARAMETER ", "REDIRECT ",
    ].map { Array($0.utf8) }
}

extension ByteBuffer {
    /// Empty lines before a message are allowed to be there (RFC 2326 §4.1) and are not garbage.
    mutating func skipLineEnds() {
        while let byte = getInteger(at: readerIndex, as: UInt8.self), byte == .lineFeed || byte == .carriageReturn {
            moveReaderIndex(forwardBy: 1)
        }
    }
}
