import NIOCore
import RTSP

/// Cuts what one connection brings into packets and messages, without touching more of a packet than its beginning.
///
/// Packets go the short way: `$`, channel, length (RFC 2326 §10.12), at most `PacketBeginning.looked` bytes looked at
/// in place, the rest skipped. Anything else goes through the parser until that has taken a whole message.
struct InterleavedReader: ~Copyable {
    enum Piece {
        /// `beginning` is valid until the next call.
        case packet(channel: UInt8, beginning: UnsafeRawBufferPointer, length: Int)
        case message(RTSPMessage)
    }

    private static let headerLength = 4
    /// Bytes given to the parser at a time, so that what lies behind a message is not copied with it.
    private static let textStride = 16_384

    private var parser = RTSPMessageParser(limits: .client)
    private var text = ByteBuffer()
    private var isText = false
    /// Bytes of the packet under way that nobody looks at.
    private var skipped = 0
    /// A header and a beginning that one read did not bring whole.
    private let carry = UnsafeMutableRawBufferPointer.allocate(
        byteCount: headerLength + PacketBeginning.looked, alignment: 8)
    private var carried = 0

    init() {}

    deinit { carry.deallocate() }

    /// After garbage only a frame on one of these is believed.
    mutating func expect(_ channels: ChannelPair) {
        parser.negotiatedChannels.insert(channels.rtp)
        parser.negotiatedChannels.insert(channels.rtcp)
    }

    /// The next piece, taken off the front of `bytes`; `nil` when they are used up. An error ends the connection.
    mutating func next(_ bytes: inout UnsafeRawBufferPointer) throws(RTSPParsingError) -> Piece? {
        while true {
            if isText {
                if let piece = try nextOfText(&bytes) { return piece }
                if isText || bytes.isEmpty { return nil }
            }
            if skipped > 0 {
                let count = min(skipped, bytes.count)
                skipped -= count
                bytes = bytes.behind(count)
            }
            if bytes.isEmpty { return nil }
            if carried > 0 {
                guard let piece = completeCarried(&bytes) else { return nil }
                return piece
            }
            guard bytes[0] == UInt8(ascii: "$") else {
                isText = true
                continue
            }
            guard let (length, looked) = Self.lengths(of: bytes), bytes.count >= Self.headerLength + looked else {
                carry.copyMemory(from: bytes)
                carried = bytes.count
                bytes = bytes.behind(bytes.count)
                return nil
            }
            let channel = bytes[1]
            let beginning = UnsafeRawBufferPointer(
                start: bytes.baseAddress.map { $0 + Self.headerLength }, count: looked)
            let present = min(bytes.count, Self.headerLength + length)
            skipped = Self.headerLength + length - present
            bytes = bytes.behind(present)
            return .packet(channel: channel, beginning: beginning, length: length)
        }
    }

    /// Of the frame at the front: its whole length, and how much of it is looked at; `nil` without a whole header.
    private static func lengths(of bytes: UnsafeRawBufferPointer) -> (length: Int, looked: Int)? {
        guard bytes.count >= headerLength else { return nil }
        let length = Int(bytes[2]) << 8 | Int(bytes[3])
        return (length, min(length, PacketBeginning.looked))
    }

    /// Fills the carry up, first to the header and then to what is looked at.
    private mutating func completeCarried(_ bytes: inout UnsafeRawBufferPointer) -> Piece? {
        while true {
            let known = Self.lengths(of: UnsafeRawBufferPointer(rebasing: carry[..<carried]))
            let wanted = Self.headerLength + (known?.looked ?? 0)
            if let known, carried >= wanted {
                carried = 0
                skipped = known.length - known.looked
                return .packet(
                    channel: carry[1],
                    beginning: UnsafeRawBufferPointer(rebasing: carry[Self.headerLength..<wanted]),
                    length: known.length
                )
            }
            guard !bytes.isEmpty else { return nil }
            let count = min(wanted - carried, bytes.count)
            UnsafeMutableRawBufferPointer(rebasing: carry[carried...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            carried += count
            bytes = bytes.behind(count)
        }
    }

    /// Through the parser; what it leaves behind a whole message goes back to the front of `bytes`.
    private mutating func nextOfText(_ bytes: inout UnsafeRawBufferPointer) throws(RTSPParsingError) -> Piece? {
        while true {
            let given = min(bytes.count, Self.textStride)
            text.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[..<given]))
            let message = try parser.next(&text)
            let unread = text.readableBytes
            // The parser may have found the message in bytes it was given before: then it keeps what it has.
            if message != nil || unread == 0, unread <= given {
                bytes = bytes.behind(given - unread)
                text = ByteBuffer()
                isText = false
            } else {
                bytes = bytes.behind(given)
            }
            switch message {
            case .interleaved(let frame): return carrying(frame)
            case .some(let message): return .message(message)
            case nil where bytes.isEmpty || !isText: return nil
            case nil: continue
            }
        }
    }

    /// A frame that the parser found: behind a message that came in pieces, or behind garbage.
    private func carrying(_ frame: InterleavedFrame) -> Piece {
        let looked = min(frame.payload.readableBytes, PacketBeginning.looked)
        frame.payload.withUnsafeReadableBytes { payload in
            carry.copyMemory(from: UnsafeRawBufferPointer(rebasing: payload[..<looked]))
        }
        return .packet(
            channel: frame.channel,
            beginning: UnsafeRawBufferPointer(rebasing: carry[..<looked]),
            length: frame.payload.readableBytes
        )
    }
}

extension UnsafeRawBufferPointer {
    /// What stands behind the first `count` bytes.
    fileprivate func behind(_ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: baseAddress.map { $0 + count }, count: self.count - count)
    }
}
