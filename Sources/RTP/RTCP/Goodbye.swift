import NIOCore

/// Sources that leave (RFC 3550 §6.6).
///
/// ```
/// V P SC │ PT=203 │ length
/// SC × SSRC
/// length │ reason … (optional, padded to 32 bits)
/// ```
package struct Goodbye: Sendable, Hashable {
    package static let packetType: UInt8 = 203

    /// At most 31 go out.
    package var ssrcs: [UInt32]
    /// At most 255 bytes go out.
    package var reason: String?

    package init(ssrcs: [UInt32], reason: String? = nil) {
        self.ssrcs = ssrcs
        self.reason = reason
    }

    init(from body: inout ByteBuffer, sourceCount: Int) {
        self.init(ssrcs: [])
        while ssrcs.count < sourceCount, let ssrc = body.readInteger(as: UInt32.self) { ssrcs.append(ssrc) }
        guard ssrcs.count == sourceCount, let length = body.readInteger(as: UInt8.self), length > 0,
            let text = body.readSlice(length: min(Int(length), body.readableBytes))
        else { return }
        reason = String(buffer: text)
    }

    /// Writes one RTCP packet, header included.
    package func write(into buffer: inout ByteBuffer) {
        let sources = ssrcs.prefix(31)
        let text = (reason ?? "").utf8.prefix(255)
        let padded = text.isEmpty ? 0 : (1 + text.count + 3) / 4 * 4
        RTCPHeader(count: sources.count, packetType: Self.packetType, bodyLength: sources.count * 4 + padded)
            .write(into: &buffer)
        for ssrc in sources { buffer.writeInteger(ssrc) }
        guard padded > 0 else { return }
        buffer.writeInteger(UInt8(text.count))
        buffer.writeBytes(text)
        buffer.writeRepeatingByte(0, count: padded - 1 - text.count)
    }
}
