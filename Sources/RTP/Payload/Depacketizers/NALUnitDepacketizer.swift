import Media
import NIOCore

/// Access units of H.264 and H.265 from single NAL units, aggregates and fragments (RFC 6184 §5.6–5.8, RFC 7798 §4.4).
///
/// A unit ends with the marker, or where the timestamp changes. A camera that sets markers within its pictures is found out by the
/// slice that comes behind one, and from there its markers say nothing. Units with decoding order numbers (quirk I15) are taken in the
/// order they come in.
struct NALUnitDepacketizer: Sendable {
    let syntax: NALUnitSyntax
    private var parameterSets: ParameterSets
    /// The parameter sets changed since the last unit that was given out.
    private var hasNewSets = false
    var unit: NALUnitAssembly?
    /// The timestamp of the last unit that a marker ended.
    private var ended: UInt32?
    private var believesMarkers = true
    /// Nothing is given out before a random access point.
    private var awaitsRandomAccess = true
    private var hasLost = false

    init(syntax: NALUnitSyntax, configuration: CodecConfiguration) {
        self.syntax = syntax
        parameterSets = ParameterSets(syntax: syntax, configuration: configuration, limit: 65_000)
    }

    mutating func receive(_ packet: RTPPacket, beginsGroup: Bool) -> [DepacketizedUnit] {
        var finished: [DepacketizedUnit] = []
        if let known = unit, known.timestamp != packet.timestamp {
            if known.hasPicture || known.isDamaged {
                if let unit = finish() { finished.append(unit) }
            } else {
                // Parameter sets between two pictures belong to the second.
                unit?.timestamp = packet.timestamp
            }
        }
        if unit == nil {
            guard begins(with: packet) else { return finished }
            unit = NALUnitAssembly(timestamp: packet.timestamp)
        }
        if beginsGroup { unit?.beginsGroup = true }
        take(packet.payload)
        if packet.marker, believesMarkers, unit?.hasPicture == true || unit?.isDamaged == true {
            ended = packet.timestamp
            if let unit = finish() { finished.append(unit) }
        }
        return finished
    }

    /// Packets are missing before the next one.
    mutating func missed() {
        unit?.damage()
        ended = nil
        lost()
    }

    private mutating func lost() {
        awaitsRandomAccess = true
        hasLost = true
    }

    /// Whether a unit begins with the packet. Behind a marker, under the same timestamp, only what leads to the next picture does.
    private mutating func begins(with packet: RTPPacket) -> Bool {
        guard ended == packet.timestamp else { return true }
        let traits = packet.payload.withUnsafeReadableBytes { syntax.traits(of: $0) }
        if traits.contains(.prefix) || traits.contains(.startsPicture) { return true }
        if traits.contains(.picture) {
            believesMarkers = false
            ended = nil
            lost()
        }
        return false
    }

    private mutating func take(_ payload: ByteBuffer) {
        let isSound = payload.withUnsafeReadableBytes { bytes -> Bool in
            guard let header = syntax.header(of: bytes) else { return false }
            switch syntax.structure(of: header) {
            case .single:
                let start = min(syntax.headerLength + (syntax.hasDecodingOrder ? 2 : 0), bytes.count)
                return add(header: header, body: UnsafeRawBufferPointer(rebasing: bytes[start...]))
            case .aggregate: return addAggregate(bytes)
            case .fragment: return addFragment(bytes)
            case .unsupported, .reserved: return true
            }
        }
        guard !isSound else { return }
        unit?.damage()
        lost()
    }

    private mutating func addAggregate(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var units = AggregateUnits(bytes, syntax: syntax)
        while let found = units.next() {
            guard let header = syntax.header(of: bytes, at: found.range.lowerBound) else { return false }
            let body = bytes[found.range.lowerBound + syntax.headerLength..<found.range.upperBound]
            guard add(header: header, body: UnsafeRawBufferPointer(rebasing: body)) else { return false }
        }
        return true
    }

    /// One whole NAL unit; `false` where the access unit is spoilt.
    private mutating func add(header: UInt16, body: UnsafeRawBufferPointer) -> Bool {
        guard syntax.isVideo(header) else { return true }
        guard unit?.begin(header: header, body: body, syntax: syntax) == true else { return false }
        return end(header: header)
    }

    private mutating func addFragment(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let fragment = FragmentHeader(bytes, syntax: syntax), fragment.bodyStart <= bytes.count else {
            return false
        }
        guard syntax.isVideo(fragment.unitHeader) else { return true }
        let body = UnsafeRawBufferPointer(rebasing: bytes[fragment.bodyStart...])
        if fragment.begins {
            guard unit?.begin(header: fragment.unitHeader, body: body, syntax: syntax) == true else { return false }
        } else {
            guard unit?.goOn(with: body) == true else { return false }
        }
        return fragment.ends ? end(header: fragment.unitHeader) : true
    }

    private mutating func end(header: UInt16) -> Bool {
        if !syntax.parameterSetKind(syntax.type(of: header)).isEmpty, let body = unit?.openBody(syntax: syntax) {
            if body.withUnsafeReadableBytes({ parameterSets.learn(header: header, body: $0) }) { hasNewSets = true }
        }
        unit?.end()
        return true
    }

    /// The unit at hand is over; `nil` where it is not whole, or nothing can be begun with it.
    private mutating func finish() -> DepacketizedUnit? {
        guard let done = unit.take() else { return nil }
        guard done.isWhole else {
            lost()
            return nil
        }
        let isRandomAccess = done.isRandomAccess || done.beginsGroup
        // Each slice of a key picture says that it is one; without the first it is not whole.
        guard isRandomAccess && done.hasStart || !awaitsRandomAccess else { return nil }
        awaitsRandomAccess = false
        defer {
            hasLost = false
            hasNewSets = false
        }
        return DepacketizedUnit(
            timestamp: done.timestamp, isRandomAccess: isRandomAccess, isBidirectional: done.isBidirectional,
            isLeading: done.isLeading, followsLoss: hasLost,
            configuration: hasNewSets ? parameterSets.configuration : nil, payload: done.bytes
        )
    }
}
