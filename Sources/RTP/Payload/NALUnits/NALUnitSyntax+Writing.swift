import NIOCore

extension NALUnitSyntax {
    func write(header: UInt16, into buffer: inout ByteBuffer) {
        switch self {
        case .h264: buffer.writeInteger(UInt8(truncatingIfNeeded: header))
        case .h265: buffer.writeInteger(header)
        }
    }

    /// Bytes of the payload that carries a unit with `bodyLength` bytes behind its header alone.
    func singleLength(bodyLength: Int) -> Int {
        headerLength + (hasDecodingOrder ? 2 : 0) + bodyLength
    }

    /// The payload that carries one unit alone.
    func single(header: UInt16, body: ByteBuffer, decodingOrder: UInt16) -> ByteBuffer {
        var payload = ByteBufferAllocator().buffer(capacity: singleLength(bodyLength: body.readableBytes))
        write(header: header, into: &payload)
        if hasDecodingOrder { payload.writeInteger(decodingOrder) }
        payload.writeImmutableBuffer(body)
        return payload
    }

    /// Fragments of one unit, or of a piece of one, back to back in one allocation: each `limit` bytes long
    /// but the last. `begins` and `ends` say whether the piece has the unit's first and last byte.
    func fragments(
        header: UInt16,
        body: ByteBuffer,
        begins: Bool,
        ends: Bool,
        decodingOrder: UInt16,
        limit: Int
    ) -> ByteBuffer {
        let room = max(1, limit - headerLength - 1)
        let length = body.readableBytes
        let count = (length + 2) / room + 1
        var fragments = ByteBufferAllocator().buffer(capacity: length + 3 + count * (headerLength + 1))
        let type = type(of: header)
        let indicator = self.header(header, withType: fragmentType)
        var index = 0
        repeat {
            let isFirst = begins && index == 0
            let take = min(room - (isFirst && hasDecodingOrder ? 2 : 0), length - index)
            let isLast = ends && index + take == length
            write(header: indicator, into: &fragments)
            fragments.writeInteger((isFirst ? 0x80 : 0) | (isLast ? 0x40 : 0) | type)
            if isFirst && hasDecodingOrder { fragments.writeInteger(decodingOrder) }
            if let bytes = body.getSlice(at: body.readerIndex + index, length: take) {
                fragments.writeImmutableBuffer(bytes)
            }
            index += take
        } while index < length
        // An end without bytes: a zero behind the unit, which every decoder skips, since H.265 forbids
        // empty fragments.
        if length == 0 { fragments.writeInteger(0 as UInt8) }
        return fragments
    }

    var fragmentType: UInt8 {
        switch self {
        case .h264: 28
        case .h265: 49
        }
    }

    /// One aggregation packet with all of `units` in it, without decoding order numbers; the caller sees to
    /// its length.
    func aggregate(_ units: [[UInt8]]) -> ByteBuffer {
        var payload = ByteBuffer()
        switch self {
        case .h264: payload.writeInteger(0x78 as UInt8)  // NRI 3, type 24
        case .h265: payload.writeInteger(0x6001 as UInt16)  // type 48, layer 0, TID 1
        }
        for unit in units {
            payload.writeInteger(UInt16(truncatingIfNeeded: unit.count))
            payload.writeBytes(unit)
        }
        return payload
    }
}
