import NIOCore

/// The canonical name of one source: a chunk of an SDES packet (RFC 3550 §6.5).
///
/// ```
/// V P SC │ PT=202 │ length
/// SSRC
/// 1 (CNAME) │ length │ UTF-8 … │ 0, padded to 32 bits
/// ```
package struct SourceDescription: Sendable, Hashable {
    package static let packetType: UInt8 = 202

    package var ssrc: UInt32
    /// At most 255 bytes go out; empty where a source names none.
    package var cname: String

    package init(ssrc: UInt32, cname: String) {
        self.ssrc = ssrc
        self.cname = cname
    }

    /// The next chunk; a chunk that runs into the end of its packet without END octet is whole (quirk H8, Hanwha).
    init?(from body: inout ByteBuffer) {
        guard let ssrc = body.readInteger(as: UInt32.self) else { return nil }
        self.init(ssrc: ssrc, cname: "")
        let items = body.readerIndex
        while let type = body.readInteger(as: UInt8.self), type != 0 {
            guard let length = body.readInteger(as: UInt8.self),
                let text = body.readSlice(length: min(Int(length), body.readableBytes))
            else { return }
            if type == 1 { cname = String(buffer: text) }
        }
        let padding = (4 - (body.readerIndex - items) % 4) % 4
        body.moveReaderIndex(forwardBy: min(padding, body.readableBytes))
    }

    /// Writes one RTCP packet with this chunk alone, header included.
    package func write(into buffer: inout ByteBuffer) {
        let name = cname.utf8.prefix(255)
        let items = 2 + name.count + 1
        let padded = (items + 3) / 4 * 4
        RTCPHeader(count: 1, packetType: Self.packetType, bodyLength: 4 + padded).write(into: &buffer)
        buffer.writeInteger(ssrc)
        buffer.writeMultipleIntegers(1 as UInt8, UInt8(name.count))
        buffer.writeBytes(name)
        buffer.writeRepeatingByte(0, count: padded - items + 1)
    }
}
