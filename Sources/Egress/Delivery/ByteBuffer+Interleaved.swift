import NIOCore

extension ByteBuffer {
    /// One packet behind the framing of interleaved data (RFC 2326 §10.12).
    func interleaved(on channel: UInt8) -> ByteBuffer {
        var framed = ByteBufferAllocator().buffer(capacity: readableBytes + 4)
        framed.writeMultipleIntegers(
            UInt8(ascii: "$"), channel, UInt16(truncatingIfNeeded: readableBytes))
        framed.writeImmutableBuffer(self)
        return framed
    }
}
