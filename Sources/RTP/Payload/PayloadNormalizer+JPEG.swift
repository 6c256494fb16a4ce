import NIOCore

extension PayloadNormalizer {
    /// Passes a JPEG fragment, or divides it where it is too long: each part has the headers of the whole, its own
    /// offset, and its place in the restart intervals (RFC 2435 §3.1).
    mutating func receiveJPEG(_ payload: ByteBuffer, emit: (NormalizedPayload) -> Void) {
        guard let header = payload.withUnsafeReadableBytes({ JPEGPayloadHeader($0) }) else { return countDropped() }
        guard payload.readableBytes > limit else { return hand(payload, traits: header.traits, emit: emit) }
        let repeated = JPEGPayloadHeader.mainLength + (header.hasRestartHeader ? 4 : 0)
        // Tables that leave no room for a picture: nothing any decoder could use.
        guard header.bodyStart < limit else { return countDropped() }
        countFragmented()

        let total = payload.readableBytes
        var start = header.bodyStart
        var headers = payload.subrange(0..<header.bodyStart)
        var parts = ByteBufferAllocator().buffer(capacity: total + total / (limit - repeated) * repeated + repeated)
        while start < total {
            let isFirst = start == header.bodyStart
            let take = min(limit - headers.readableBytes, total - start)
            let partStart = parts.writerIndex
            parts.writeImmutableBuffer(headers)
            parts.writeImmutableBuffer(payload.subrange(start..<start + take))
            let offset = header.fragmentOffset &+ UInt32(truncatingIfNeeded: start - header.bodyStart)
            parts.setInteger(UInt8(offset >> 16 & 0xFF), at: partStart + 1)
            parts.setInteger(UInt16(truncatingIfNeeded: offset), at: partStart + 2)
            if header.hasRestartHeader {
                let index = partStart + JPEGPayloadHeader.mainLength + 2
                let flags = parts.getInteger(at: index, as: UInt8.self) ?? 0
                let kept: UInt8 = 0x3F | (isFirst ? 0x80 : 0) | (start + take == total ? 0x40 : 0)
                parts.setInteger(flags & kept, at: index)
            }
            start += take
            if isFirst { headers = payload.subrange(0..<repeated) }
        }
        hand(fragments: parts, first: header.traits, others: .picture, emit: emit)
    }
}
