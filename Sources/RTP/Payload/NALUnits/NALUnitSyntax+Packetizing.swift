import NIOCore

extension NALUnitSyntax {
    /// One access unit as payloads of at most `limit` bytes: each unit alone or in fragments, the marker on the last. What is
    /// too short to be a unit is left out.
    func packetize(_ units: [ByteBuffer], limit: Int, emit: (NormalizedPayload) -> Void) {
        var last: NormalizedPayload?
        func hand(_ payload: ByteBuffer) {
            if let last { emit(last) }
            let traits = payload.withUnsafeReadableBytes { self.traits(of: $0) }
            last = NormalizedPayload(payload: payload, marker: false, traits: traits)
        }
        for unit in units {
            guard let header = unit.withUnsafeReadableBytes({ self.header(of: $0) }) else { continue }
            guard unit.readableBytes > limit else {
                hand(unit)
                continue
            }
            var fragments = fragments(
                header: header, body: unit.suffix(from: headerLength), begins: true, ends: true, decodingOrder: 0,
                limit: limit
            )
            while fragments.readableBytes > 0,
                let fragment = fragments.readSlice(length: min(limit, fragments.readableBytes))
            { hand(fragment) }
        }
        guard var last else { return }
        last.marker = true
        emit(last)
    }
}
