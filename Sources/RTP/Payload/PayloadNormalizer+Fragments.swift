import NIOCore

extension PayloadNormalizer {
    /// Passes a fragment as it is, or the pieces of units in it with headers of their own.
    ///
    /// Some recorders send whole Annex B pictures as one fragmented unit (quirk I5, Amatek). At a start code the unit
    /// before gets its end, and the rest goes on as fragments of the unit behind; nothing waits for the end.
    mutating func receiveFragment(_ packet: RTPPacket, syntax: NALUnitSyntax, emit: (NormalizedPayload) -> Void) {
        let payload = packet.payload
        guard let fragment = payload.withUnsafeReadableBytes({ FragmentHeader($0, syntax: syntax) }) else {
            self.fragment = nil
            return countDropped()
        }
        if passes(fragment, packet, syntax: syntax) {
            if fragment.ends {
                self.fragment = nil
            } else {
                self.fragment?.next = packet.sequenceNumber.advanced(by: 1)
            }
            let traits = syntax.continuationTraits(of: fragment.unitHeader)
            prepare(for: traits, kinds: [], emit: emit)
            let marker = packet.marker && !traits.contains(.prefix)
            return emit(NormalizedPayload(payload: payload, marker: marker, traits: traits))
        }
        var flight = continued(by: fragment, packet)
        flight.next = packet.sequenceNumber.advanced(by: 1)
        let body = payload.suffix(from: fragment.bodyStart)

        if flight.header != nil, flight.nextStartCode(in: body, from: 0) == nil {
            // The usual fragment.
            let isUntouched = flight.header == fragment.unitHeader && flight.hasBegun != fragment.begins
            let piece = Piece(body: body, ends: fragment.ends, ready: isUntouched ? payload : nil)
            send(piece, of: &flight, syntax: syntax, emit: emit)
            flight.trailingZeros = body.trailingZeros(after: flight.trailingZeros)
        } else {
            sendPieces(of: body, ends: fragment.ends, flight: &flight, syntax: syntax, emit: emit)
        }
        self.fragment = fragment.ends ? nil : flight
    }

    /// Whether nothing has to be done to a fragment, nor noted of it: most packets of a video are such.
    private func passes(_ fragment: FragmentHeader, _ packet: RTPPacket, syntax: NALUnitSyntax) -> Bool {
        let payload = packet.payload
        guard payload.readableBytes <= limit, self.fragment?.expects(fragment, packet) ?? false,
            syntax.isVideo(fragment.unitHeader),
            syntax.parameterSetKind(syntax.type(of: fragment.unitHeader)).isEmpty
        else { return false }
        return payload.withUnsafeReadableBytes { bytes in
            // Zeros at the end may belong to a start code whose rest is in the next fragment.
            fragment.bodyStart < bytes.count && bytes[bytes.count - 1] != 0
                && StartCode.first(in: bytes, from: fragment.bodyStart) == nil
        }
    }

    private mutating func continued(by fragment: FragmentHeader, _ packet: RTPPacket) -> FragmentInFlight {
        // Taken out, so that the collected bytes have one owner.
        guard var flight = self.fragment.take(), flight.isContinued(by: fragment, packet) else {
            return FragmentInFlight(fragment, packet: packet)
        }
        if flight.next != packet.sequenceNumber { flight.missed() }
        return flight
    }

    private mutating func sendPieces(
        of body: ByteBuffer,
        ends: Bool,
        flight: inout FragmentInFlight,
        syntax: NALUnitSyntax,
        emit: (NormalizedPayload) -> Void
    ) {
        var start = 0
        while true {
            if flight.header == nil {
                guard let behind = flight.readHeader(from: body, at: start, syntax: syntax) else { return }
                start = behind
            }
            let code = flight.nextStartCode(in: body, from: start)
            let end = code?.start ?? body.readableBytes
            let piece = Piece(body: body.subrange(start..<end), ends: code != nil || ends, ready: nil)
            send(piece, of: &flight, syntax: syntax, emit: emit)
            guard let code else {
                flight.trailingZeros = piece.body.trailingZeros(after: flight.trailingZeros)
                return
            }
            countSplit()
            flight.header = nil
            flight.hasBegun = false
            flight.collected = nil
            flight.trailingZeros = 0
            start = code.end
        }
    }
}

/// Bytes of one unit out of one fragment.
private struct Piece {
    var body: ByteBuffer
    var ends: Bool
    /// The payload that carries just this piece, if there is one.
    var ready: ByteBuffer?
}

extension PayloadNormalizer {
    private mutating func send(
        _ piece: Piece,
        of flight: inout FragmentInFlight,
        syntax: NALUnitSyntax,
        emit: (NormalizedPayload) -> Void
    ) {
        guard let header = flight.header else { return }
        guard syntax.isVideo(header) else { return countDropped() }
        let begins = !flight.hasBegun
        // A begin without bytes waits for some; without an end there is nothing to say.
        if piece.body.readableBytes == 0, begins || !piece.ends { return }
        if begins, piece.ends {
            return deliver(
                header: header, body: piece.body, ready: nil, decodingOrder: flight.decodingOrder,
                syntax: syntax, emit: emit
            )
        }
        let kinds = syntax.parameterSetKind(syntax.type(of: header))
        if !kinds.isEmpty { collect(piece, header: header, begins: begins, flight: &flight) }
        let others = syntax.continuationTraits(of: header)
        let traits = begins ? piece.body.withUnsafeReadableBytes { syntax.traits(of: header, body: $0) } : others
        prepare(for: traits, kinds: kinds, emit: emit)
        flight.hasBegun = true
        if let ready = piece.ready, ready.readableBytes <= limit {
            return hand(ready, traits: traits, emit: emit)
        }
        if piece.body.readableBytes + syntax.headerLength + 1 > limit { countFragmented() }
        let fragments = syntax.fragments(
            header: header, body: piece.body, begins: begins, ends: piece.ends,
            decodingOrder: flight.decodingOrder, limit: limit
        )
        hand(fragments: fragments, first: traits, others: others, emit: emit)
    }

    /// Parameter sets are short, but encoders with small packets fragment them all the same.
    private mutating func collect(_ piece: Piece, header: UInt16, begins: Bool, flight: inout FragmentInFlight) {
        if begins { flight.collected = [] }
        guard let count = flight.collected?.count else { return }
        guard count + piece.body.readableBytes <= ParameterSets.maximumLength else {
            flight.collected = nil
            return
        }
        flight.collected?.append(contentsOf: piece.body.readableBytesView)
        if piece.ends { flight.collected?.withUnsafeBytes { learn(header: header, body: $0) } }
    }
}

extension FragmentInFlight {
    /// The first start code in `body`; its zeros may stand at the end of the fragment before.
    fileprivate func nextStartCode(in body: ByteBuffer, from: Int) -> StartCode? {
        if from == 0, trailingZeros > 0 {
            let zeros = body.withUnsafeReadableBytes { bytes in bytes.prefix { $0 == 0 }.count }
            if zeros + trailingZeros >= 2, body.getInteger(at: body.readerIndex + zeros, as: UInt8.self) == 1 {
                return StartCode(start: 0, end: zeros + 1)
            }
        }
        return body.firstStartCode(from: from)
    }

    /// The index behind the header that begins at `start`, or goes on there; `nil` where the fragment ends before it.
    fileprivate mutating func readHeader(from body: ByteBuffer, at start: Int, syntax: NALUnitSyntax) -> Int? {
        var index = start
        while let byte = body.getInteger(at: body.readerIndex + index, as: UInt8.self) {
            index += 1
            if syntax.headerLength == 1 {
                header = UInt16(byte)
            } else if let partialHeader {
                header = UInt16(partialHeader) << 8 | UInt16(byte)
            } else {
                partialHeader = byte
                continue
            }
            partialHeader = nil
            return index
        }
        return nil
    }
}

extension ByteBuffer {
    /// Zeros at the end, up to 2; `before` of them stand before the first byte.
    fileprivate func trailingZeros(after before: Int) -> Int {
        withUnsafeReadableBytes { bytes in
            let zeros = bytes.suffix(2).reversed().prefix { $0 == 0 }.count
            return min(2, zeros == bytes.count ? zeros + before : zeros)
        }
    }
}
