extension H264 {
    /// What the relay wants to know of an SPS (ITU-T H.264 §7.3.2.1.1).
    package struct SequenceParameterSet: Sendable, Hashable {
        /// `profile_idc`, the first byte of `profile-level-id` (RFC 6184 §8.1).
        package var profile: UInt8
        /// The six `constraint_set` flags and two reserved bits.
        package var constraints: UInt8
        /// `level_idc`: ten times the level.
        package var level: UInt8
        /// After cropping.
        package var dimensions: PictureDimensions
        /// Frames per second, where the VUI tells.
        package var frameRate: Double?
        /// How many pictures may come before one that is shown earlier than they are; `nil` where it is not told.
        package var reorderDepth: Int?

        /// Parses a NAL unit with its header byte; `nil` for what is no SPS or ends before the picture's size.
        package init?(nalUnit: [UInt8]) {
            guard let header = nalUnit.first, header & 0x80 == 0,
                NALUnitType(header: header) == .sequenceParameterSet
            else { return nil }
            var bits = BitReader(nalUnit: nalUnit)
            guard let parsed = try? Self(reading: &bits) else { return nil }
            self = parsed
        }

        private init(reading bits: inout BitReader) throws(BitReader.Exhausted) {
            try bits.skip(8)
            profile = UInt8(truncatingIfNeeded: try bits.read(8))
            constraints = UInt8(truncatingIfNeeded: try bits.read(8))
            level = UInt8(truncatingIfNeeded: try bits.read(8))
            _ = try bits.readUnsignedExpGolomb()
            let chroma = try Self.readChroma(&bits, profile: profile)
            _ = try bits.readUnsignedExpGolomb()
            let order = try Self.readPictureOrderCount(&bits)
            _ = try bits.readUnsignedExpGolomb()
            try bits.skip(1)
            dimensions = try Self.readDimensions(&bits, chroma: chroma)
            var usability = Usability()
            // A VUI cut short takes nothing from the size.
            try? usability.read(from: &bits)
            frameRate = usability.frameRate
            reorderDepth =
                Self.hasNoReordering(profile: profile, constraints: constraints, order: order)
                ? 0 : usability.reorderDepth
        }

        /// The three bytes of `profile-level-id`, in hexadecimal.
        package var profileLevelID: String {
            Hexadecimal.string(of: [profile, constraints, level])
        }
    }
}

extension H264.SequenceParameterSet {
    /// `ChromaArrayType`: 0 where planes are separate.
    private static func readChroma(_ bits: inout BitReader, profile: UInt8) throws(BitReader.Exhausted) -> UInt32 {
        guard [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].contains(profile) else { return 1 }
        let format = try bits.readUnsignedExpGolomb()
        guard format <= 3 else { throw BitReader.Exhausted() }
        let separatePlanes = format == 3 ? try bits.readFlag() : false
        _ = try bits.readUnsignedExpGolomb()
        _ = try bits.readUnsignedExpGolomb()
        try bits.skip(1)
        if try bits.readFlag() {
            for index in 0..<(format == 3 ? 12 : 8) where try bits.readFlag() {
                try skipScalingList(&bits, size: index < 6 ? 16 : 64)
            }
        }
        return separatePlanes ? 0 : format
    }

    /// ITU-T H.264 §7.3.2.1.1.1.
    private static func skipScalingList(_ bits: inout BitReader, size: Int) throws(BitReader.Exhausted) {
        var last: Int32 = 8
        for _ in 0..<size {
            last = (last &+ (try bits.readSignedExpGolomb())) & 0xFF
            if last == 0 { return }
        }
    }

    /// `pic_order_cnt_type`, with what belongs to it passed over.
    private static func readPictureOrderCount(_ bits: inout BitReader) throws(BitReader.Exhausted) -> UInt32 {
        let type = try bits.readUnsignedExpGolomb()
        switch type {
        case 0:
            _ = try bits.readUnsignedExpGolomb()
        case 1:
            try bits.skip(1)
            _ = try bits.readSignedExpGolomb()
            _ = try bits.readSignedExpGolomb()
            let cycle = try bits.readUnsignedExpGolomb()
            guard cycle <= 255 else { throw BitReader.Exhausted() }
            for _ in 0..<cycle { _ = try bits.readSignedExpGolomb() }
        default:
            break
        }
        return type
    }

    /// Order counts of type 2 are the order of decoding (§8.2.1.3), the baseline profile has no B pictures, and of the profiles that
    /// are intra by their constraint the standard infers it (§E.2.1).
    private static func hasNoReordering(profile: UInt8, constraints: UInt8, order: UInt32) -> Bool {
        let isIntra = constraints & 0x10 != 0 && [44, 86, 100, 110, 122, 244].contains(profile)
        return order == 2 || profile == 66 || isIntra
    }

    private static func readDimensions(
        _ bits: inout BitReader,
        chroma: UInt32
    ) throws(BitReader.Exhausted) -> PictureDimensions {
        let widthInMacroblocks = Int(try bits.readUnsignedExpGolomb()) + 1
        let heightInMapUnits = Int(try bits.readUnsignedExpGolomb()) + 1
        let framesOnly = try bits.readFlag()
        if !framesOnly { try bits.skip(1) }
        try bits.skip(1)
        // Level 6.2 ends at 16 384 pixels a side.
        guard widthInMacroblocks <= 1024, heightInMapUnits <= 1024 else { throw BitReader.Exhausted() }
        let fields = framesOnly ? 1 : 2
        let coded = PictureDimensions(width: widthInMacroblocks * 16, height: heightInMapUnits * 16 * fields)
        guard try bits.readFlag() else { return coded }
        let window = try CroppingWindow(reading: &bits)
        let unitX = chroma == 1 || chroma == 2 ? 2 : 1
        let unitY = (chroma == 1 ? 2 : 1) * fields
        return window.applied(to: coded, unitX: unitX, unitY: unitY)
    }
}

/// The four offsets of a cropping or conformance window, in units of the chroma format.
struct CroppingWindow {
    private let left, right, top, bottom: Int

    init(reading bits: inout BitReader) throws(BitReader.Exhausted) {
        left = Int(try bits.readUnsignedExpGolomb())
        right = Int(try bits.readUnsignedExpGolomb())
        top = Int(try bits.readUnsignedExpGolomb())
        bottom = Int(try bits.readUnsignedExpGolomb())
    }

    /// A window larger than the picture is an encoder's error: the coded size stands.
    func applied(to coded: PictureDimensions, unitX: Int, unitY: Int) -> PictureDimensions {
        let width = coded.width - (left + right) * unitX
        let height = coded.height - (top + bottom) * unitY
        guard width > 0, height > 0 else { return coded }
        return PictureDimensions(width: width, height: height)
    }
}
