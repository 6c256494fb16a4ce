import NIOCore

/// What the units of an aggregation packet are, together.
private struct AggregateSurvey {
    var kinds: ParameterSetKinds = []
    /// Behind the last whole unit.
    var end: Int
    var unitCount = 0
    /// Whether all units are units of the video.
    var isSound = true
    /// Whether anything but padding stands behind the last unit.
    var isCutShort = false

    init(_ payload: UnsafeRawBufferPointer, syntax: NALUnitSyntax) {
        var units = AggregateUnits(payload, syntax: syntax)
        while let unit = units.next() {
            unitCount += 1
            guard let header = syntax.header(of: payload, at: unit.range.lowerBound) else { continue }
            isSound = isSound && syntax.isVideo(header)
            kinds.formUnion(syntax.parameterSetKind(syntax.type(of: header)))
        }
        end = units.end
        isCutShort = StartCode.trimmingZeros(payload, from: end, to: payload.count) > end
    }
}

extension PayloadNormalizer {
    /// Passes an aggregation packet as it is, or takes it apart where something in it must not pass.
    mutating func receiveAggregate(
        _ payload: ByteBuffer,
        syntax: NALUnitSyntax,
        emit: (NormalizedPayload) -> Void
    ) {
        let survey = payload.withUnsafeReadableBytes { AggregateSurvey($0, syntax: syntax) }
        guard survey.unitCount > 0 else { return countDropped() }
        if survey.isCutShort { countDropped() }
        let whole = payload.subrange(0..<survey.end)
        guard survey.isSound, whole.readableBytes <= limit, whole.firstStartCode(from: syntax.headerLength) == nil
        else { return takeApart(whole, syntax: syntax, emit: emit) }

        if !survey.kinds.isEmpty { learnUnits(of: whole, syntax: syntax) }
        let traits = whole.withUnsafeReadableBytes { syntax.traits(of: $0) }
        prepare(for: traits, kinds: survey.kinds, emit: emit)
        hand(whole, traits: traits, emit: emit)
    }

    private mutating func learnUnits(of payload: ByteBuffer, syntax: NALUnitSyntax) {
        payload.withUnsafeReadableBytes { bytes in
            var units = AggregateUnits(bytes, syntax: syntax)
            while let unit = units.next() {
                guard let header = syntax.header(of: bytes, at: unit.range.lowerBound),
                    !syntax.parameterSetKind(syntax.type(of: header)).isEmpty
                else { continue }
                let body = bytes[unit.range.lowerBound + syntax.headerLength..<unit.range.upperBound]
                learn(header: header, body: UnsafeRawBufferPointer(rebasing: body))
            }
        }
    }

    private mutating func takeApart(
        _ payload: ByteBuffer,
        syntax: NALUnitSyntax,
        emit: (NormalizedPayload) -> Void
    ) {
        let units = payload.withUnsafeReadableBytes { bytes in
            var units = AggregateUnits(bytes, syntax: syntax)
            var found: [AggregateUnits.Unit] = []
            while let unit = units.next() { found.append(unit) }
            return found
        }
        for unit in units {
            let bytes = payload.subrange(unit.range)
            receiveUnit(bytes, decodingOrder: unit.decodingOrder, syntax: syntax, emit: emit)
        }
    }
}
