import Media
import NIOCore

/// The access unit that is being put together: NAL units, each behind a length of four bytes.
struct NALUnitAssembly: Sendable {
    var timestamp: UInt32
    private(set) var bytes = ByteBuffer()
    private var count = 0
    /// Where the length of the NAL unit stands whose end has not come.
    private var open: Int?
    /// An access unit delimiter is passed over.
    private var isPassingOver = false
    private(set) var hasPicture = false
    /// The first slice is there.
    private(set) var hasStart = false
    private(set) var isRandomAccess = false
    private(set) var isBidirectional = false
    private(set) var isLeading = false
    /// The stream says that a group begins here.
    var beginsGroup = false
    private(set) var isDamaged = false

    init(timestamp: UInt32) {
        self.timestamp = timestamp
    }

    var isWhole: Bool { !isDamaged && open == nil && hasPicture }

    /// A piece of it is missing, or it is too long: nothing of it is kept.
    mutating func damage() {
        isDamaged = true
        bytes = ByteBuffer()
        open = nil
        isPassingOver = false
    }

    /// A NAL unit begins, with its body or the first of it; `false` where that cannot be.
    mutating func begin(header: UInt16, body: UnsafeRawBufferPointer, syntax: NALUnitSyntax) -> Bool {
        guard !isDamaged else { return true }
        guard open == nil, !isPassingOver else { return false }
        if syntax.isDelimiter(header) {
            isPassingOver = true
            return true
        }
        count += 1
        guard count <= LengthPrefix.mostUnits, hasRoom(for: body.count + 4 + syntax.headerLength) else { return false }
        note(syntax.traits(of: header, body: body), header: header, body: body, syntax: syntax)
        open = bytes.writerIndex
        bytes.writeInteger(0 as UInt32)
        syntax.write(header: header, into: &bytes)
        bytes.writeBytes(body)
        return true
    }

    mutating func goOn(with body: UnsafeRawBufferPointer) -> Bool {
        guard !isDamaged, !isPassingOver else { return true }
        guard open != nil, hasRoom(for: body.count) else { return false }
        bytes.writeBytes(body)
        return true
    }

    /// The body of the NAL unit that ends now.
    func openBody(syntax: NALUnitSyntax) -> ByteBuffer? {
        guard let open else { return nil }
        let start = open + 4 + syntax.headerLength
        return bytes.getSlice(at: start, length: bytes.writerIndex - start)
    }

    mutating func end() {
        isPassingOver = false
        guard let open else { return }
        bytes.setInteger(UInt32(truncatingIfNeeded: bytes.writerIndex - open - 4), at: open)
        self.open = nil
    }

    private func hasRoom(for more: Int) -> Bool {
        bytes.writerIndex + more <= Depacketizer.largestUnit
    }

    private mutating func note(
        _ traits: PayloadTraits, header: UInt16, body: UnsafeRawBufferPointer, syntax: NALUnitSyntax
    ) {
        if traits.contains(.picture) { hasPicture = true }
        if traits.contains(.startsPicture) { hasStart = true }
        if traits.contains(.startsRandomAccess) || traits.contains(.recoveryPoint) { isRandomAccess = true }
        if syntax.isBidirectionalSlice(header, body: body) { isBidirectional = true }
        if syntax.isLeadingSlice(header) { isLeading = true }
    }
}

extension NALUnitSyntax {
    /// An access unit delimiter.
    fileprivate func isDelimiter(_ header: UInt16) -> Bool {
        switch self {
        case .h264: type(of: header) == 9
        case .h265: type(of: header) == 35
        }
    }

    /// H.264: `slice_type` is B (§7.4.3). H.265 has no use for it: its SPS tells of reordering.
    fileprivate func isBidirectionalSlice(_ header: UInt16, body: UnsafeRawBufferPointer) -> Bool {
        guard self == .h264, (1...2).contains(type(of: header)) else { return false }
        var reader = RBSPReader(body)
        guard reader.readExponentialGolomb() != nil, let type = reader.readExponentialGolomb() else { return false }
        return type % 5 == 1
    }

    /// H.265: of a picture that is shown before the random access point it follows (§7.4.2.2, types 6 to 9).
    fileprivate func isLeadingSlice(_ header: UInt16) -> Bool {
        switch self {
        case .h264: false
        case .h265: (6...9).contains(type(of: header))
        }
    }
}
