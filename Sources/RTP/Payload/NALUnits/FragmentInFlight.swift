/// The fragmented NAL unit that is streaming by.
struct FragmentInFlight: Sendable {
    /// The header that the camera's fragments name.
    let sourceHeader: UInt16
    let timestamp: UInt32
    let decodingOrder: UInt16
    /// The number of the fragment that continues this one.
    var next: SequenceNumber
    /// The header of the unit that the bytes belong to: another one behind a start code. `nil` where the
    /// last fragment ended before the header was whole, with what there was of it in `partialHeader`.
    var header: UInt16?
    var partialHeader: UInt8?
    /// Whether a fragment of the unit has gone out.
    var hasBegun: Bool
    /// Zeros at the end of the last fragment, at most 2: the next one may have the rest of a start code.
    var trailingZeros = 0
    /// The body of a parameter set, for as long as no fragment is missing.
    var collected: [UInt8]?

    init(_ fragment: FragmentHeader, packet: RTPPacket) {
        sourceHeader = fragment.unitHeader
        timestamp = packet.timestamp
        decodingOrder = fragment.decodingOrder
        header = fragment.unitHeader
        hasBegun = !fragment.begins
        next = packet.sequenceNumber
    }

    /// Whether the packet continues the same unit of the camera, if perhaps behind a gap.
    func isContinued(by fragment: FragmentHeader, _ packet: RTPPacket) -> Bool {
        !fragment.begins && fragment.unitHeader == sourceHeader && packet.timestamp == timestamp
    }

    /// Whether the fragment comes right behind the last one, and is of the unit that its own header names.
    func expects(_ fragment: FragmentHeader, _ packet: RTPPacket) -> Bool {
        guard let header, header == fragment.unitHeader, hasBegun, trailingZeros == 0 else { return false }
        return next == packet.sequenceNumber && isContinued(by: fragment, packet)
    }

    /// Forgets what only holds without a gap.
    mutating func missed() {
        trailingZeros = 0
        collected = nil
        partialHeader = nil
        if header == nil { header = sourceHeader }
        hasBegun = true
    }
}
