import NIOCore

extension InterleavedFrame {
    /// Takes the frame at the reader index; `nil` where something else begins there, or the frame is not whole yet.
    ///
    /// For runs of frames, while the parser is between messages: it would find the same ones, at several times the cost.
    package init?(readingFrom buffer: inout ByteBuffer) {
        let framing = buffer.withUnsafeReadableBytes { bytes in
            bytes.count < 4 ? 0 : UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))
        }
        guard framing >> 24 == 0x24 else { return nil }
        let length = Int(framing & 0xFFFF)
        guard let payload = buffer.getSlice(at: buffer.readerIndex + 4, length: length) else { return nil }
        buffer.moveReaderIndex(forwardBy: 4 + length)
        self.init(channel: UInt8(truncatingIfNeeded: framing >> 16), payload: payload)
    }

    /// Puts together the frame that `beginning` begins and `rest` goes on with, which is moved behind it. `nil` where something else
    /// begins there, or the frame is not whole yet; nothing is moved then.
    package init?(beginning: ByteBuffer, continuedIn rest: inout ByteBuffer) {
        var framing =
            beginning.getSlice(at: beginning.readerIndex, length: min(4, beginning.readableBytes)) ?? ByteBuffer()
        if framing.readableBytes < 4,
            var missing = rest.getSlice(
                at: rest.readerIndex, length: min(4 - framing.readableBytes, rest.readableBytes))
        {
            framing.writeBuffer(&missing)
        }
        guard let bits = framing.getInteger(at: framing.readerIndex, as: UInt32.self), bits >> 24 == 0x24 else {
            return nil
        }
        let missing = 4 + Int(bits & 0xFFFF) - beginning.readableBytes
        guard missing >= 0, missing <= rest.readableBytes else { return nil }
        var whole = ByteBufferAllocator().buffer(capacity: beginning.readableBytes + missing)
        whole.writeImmutableBuffer(beginning)
        if var end = rest.readSlice(length: missing) { whole.writeBuffer(&end) }
        self.init(readingFrom: &whole)
    }
}
