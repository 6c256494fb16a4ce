import NIOCore

extension PayloadNormalizer {
    mutating func receive(_ packet: RTPPacket, syntax: NALUnitSyntax, emit: (NormalizedPayload) -> Void) {
        let payload = packet.payload
        guard let header = payload.withUnsafeReadableBytes({ syntax.header(of: $0) }) else {
            fragment = nil
            return countDropped()
        }
        let structure = syntax.structure(of: header)
        if structure == .fragment { return receiveFragment(packet, syntax: syntax, emit: emit) }
        fragment = nil
        switch structure {
        case .single:
            receiveSingle(payload, header: header, syntax: syntax, emit: emit)
        case .aggregate:
            receiveAggregate(payload, syntax: syntax, emit: emit)
        case .reserved where payload.firstStartCode()?.start == 0:
            receiveUnit(payload, decodingOrder: 0, syntax: syntax, emit: emit)
        case .unsupported, .reserved, .fragment:
            countDropped()
        }
    }

    private mutating func receiveSingle(
        _ payload: ByteBuffer,
        header: UInt16,
        syntax: NALUnitSyntax,
        emit: (NormalizedPayload) -> Void
    ) {
        guard syntax.hasDecodingOrder else {
            return receiveUnit(payload, decodingOrder: 0, syntax: syntax, emit: emit)
        }
        guard let order = payload.getInteger(at: payload.readerIndex + 2, as: UInt16.self) else {
            return countDropped()
        }
        let body = payload.suffix(from: 4)
        guard body.firstStartCode() == nil else {
            let unit = ByteBuffer(integer: header).appending(body)
            return receiveUnit(unit, decodingOrder: order, syntax: syntax, emit: emit)
        }
        deliver(header: header, body: body, ready: payload, decodingOrder: order, syntax: syntax, emit: emit)
    }

    /// Delivers the units in `bytes`: one, or several with start codes between them (quirks I3, I4).
    mutating func receiveUnit(
        _ bytes: ByteBuffer,
        decodingOrder: UInt16,
        syntax: NALUnitSyntax,
        emit: (NormalizedPayload) -> Void
    ) {
        var start = 0
        var code = bytes.firstStartCode()
        while start < bytes.readableBytes {
            let end = code?.start ?? bytes.readableBytes
            if end > start {
                let unit = bytes.subrange(start..<end)
                if let header = unit.withUnsafeReadableBytes({ syntax.header(of: $0) }) {
                    deliver(
                        header: header,
                        body: unit.suffix(from: syntax.headerLength),
                        ready: syntax.hasDecodingOrder ? nil : unit,
                        decodingOrder: decodingOrder,
                        syntax: syntax,
                        emit: emit
                    )
                } else {
                    countDropped()
                }
            }
            guard let found = code else { return }
            countSplit()
            start = found.end
            code = bytes.firstStartCode(from: start)
        }
    }

    /// Hands on one whole unit, alone or in fragments; `ready` is the payload that carries it alone, if there is one.
    mutating func deliver(
        header: UInt16,
        body: ByteBuffer,
        ready: ByteBuffer?,
        decodingOrder: UInt16,
        syntax: NALUnitSyntax,
        emit: (NormalizedPayload) -> Void
    ) {
        guard syntax.isVideo(header) else { return countDropped() }
        let kinds = syntax.parameterSetKind(syntax.type(of: header))
        if !kinds.isEmpty { body.withUnsafeReadableBytes { learn(header: header, body: $0) } }
        let traits = body.withUnsafeReadableBytes { syntax.traits(of: header, body: $0) }
        prepare(for: traits, kinds: kinds, emit: emit)
        if syntax.singleLength(bodyLength: body.readableBytes) <= limit {
            let payload = ready ?? syntax.single(header: header, body: body, decodingOrder: decodingOrder)
            hand(payload, traits: traits, emit: emit)
        } else {
            countFragmented()
            let fragments = syntax.fragments(
                header: header, body: body, begins: true, ends: true, decodingOrder: decodingOrder, limit: limit
            )
            hand(
                fragments: fragments, first: traits, others: syntax.continuationTraits(of: header), emit: emit
            )
        }
    }

    mutating func hand(
        fragments: ByteBuffer,
        first: PayloadTraits,
        others: PayloadTraits,
        emit: (NormalizedPayload) -> Void
    ) {
        var rest = fragments
        var traits = first
        while rest.readableBytes > 0, let fragment = rest.readSlice(length: min(limit, rest.readableBytes)) {
            hand(fragment, traits: traits, emit: emit)
            traits = others
        }
    }
}

extension ByteBuffer {
    /// The start code at or behind `from`, counted from the first readable byte.
    func firstStartCode(from: Int = 0) -> StartCode? {
        withUnsafeReadableBytes { StartCode.first(in: $0, from: from) }
    }

    /// A slice, counted from the first readable byte and cut to what is there.
    func subrange(_ range: Range<Int>) -> ByteBuffer {
        let start = min(max(0, range.lowerBound), readableBytes)
        let end = min(max(start, range.upperBound), readableBytes)
        return getSlice(at: readerIndex + start, length: end - start) ?? ByteBuffer()
    }

    func suffix(from index: Int) -> ByteBuffer {
        subrange(index..<max(index, readableBytes))
    }

    fileprivate func appending(_ other: ByteBuffer) -> ByteBuffer {
        var whole = self
        whole.writeImmutableBuffer(other)
        return whole
    }
}
