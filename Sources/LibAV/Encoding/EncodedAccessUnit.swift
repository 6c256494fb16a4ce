import NIOCore

/// One coded picture: the NAL units of one H.264 access unit (ITU-T H.264 §7.4.1.2), in order.
package struct EncodedAccessUnit: Sendable, Hashable {
    /// NAL units without start code or length; all are slices of one buffer.
    package var nalUnits: [ByteBuffer]
    /// Whether decoding can start here: an IDR picture with its parameter sets in front.
    package var isKeyFrame: Bool
    /// The index the picture was encoded under, in frames.
    package var presentationIndex: Int64

    /// The access unit as a byte stream (ITU-T H.264 Annex B), each NAL unit behind a four-byte start code.
    package var annexB: ByteBuffer {
        var stream = ByteBuffer()
        stream.reserveCapacity(nalUnits.reduce(0) { $0 + $1.readableBytes + 4 })
        for unit in nalUnits {
            stream.writeInteger(UInt32(1))
            stream.writeImmutableBuffer(unit)
        }
        return stream
    }
}

extension ByteBuffer {
    /// The type of the NAL unit this buffer starts with (ITU-T H.264 §7.3.1: low five bits of its first byte).
    var h264UnitType: UInt8? {
        getInteger(at: readerIndex, as: UInt8.self).map { $0 & 0x1F }
    }
}
