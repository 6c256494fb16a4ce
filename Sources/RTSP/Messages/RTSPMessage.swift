import NIOCore

/// What one connection carries in either direction: requests, responses and interleaved frames (RFC 2326 §10.12).
package enum RTSPMessage: Sendable, Hashable {
    case request(RTSPRequest)
    case response(RTSPResponse)
    case interleaved(InterleavedFrame)
}

/// `$` channel length payload: one RTP or RTCP packet on the RTSP connection (RFC 2326 §10.12).
///
///      0        1        2        3        4
///     +--------+--------+--------+--------+-----------
///     |  0x24  |channel |     length      | payload …
///     +--------+--------+--------+--------+-----------
package struct InterleavedFrame: Sendable, Hashable {
    package var channel: UInt8
    /// 0–65535 bytes; a slice of the read buffer, not a copy.
    package var payload: ByteBuffer

    package init(channel: UInt8, payload: ByteBuffer) {
        self.channel = channel
        self.payload = payload
    }

    /// Whether the payload is RTCP by its packet type, 200–207, whatever the channel was set up for (quirk G5).
    ///
    /// RFC 5761 §4 keeps RTP payload types from looking like this.
    package var holdsRTCP: Bool {
        guard let (first, type) = payload.getMultipleIntegers(at: payload.readerIndex, as: (UInt8, UInt8).self) else {
            return false
        }
        return first & 0xC0 == 0x80 && (200...207).contains(type)
    }
}
