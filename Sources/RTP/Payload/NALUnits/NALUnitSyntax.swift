/// What differs between the NAL units of H.264 (RFC 6184 §1.3, §5.2) and H.265 (RFC 7798 §1.1.4, §4.4).
///
/// ```
/// H.264  ┌─┬───┬─────────┐        H.265  ┌─┬───────────┬───────────┬─────┐
///        │F│NRI│  type   │               │F│   type    │ layer id  │ TID │
///        └─┴───┴─────────┘               └─┴───────────┴───────────┴─────┘
/// ```
/// A header is kept as a number: 8 bits for H.264, 16 bits for H.265.
enum NALUnitSyntax: Sendable, Hashable {
    case h264
    /// With `sprop-max-don-diff` above zero each unit has a decoding order number (quirk I15).
    case h265(hasDecodingOrder: Bool)

    var headerLength: Int {
        switch self {
        case .h264: 1
        case .h265: 2
        }
    }

    var hasDecodingOrder: Bool {
        self == .h265(hasDecodingOrder: true)
    }

    /// The header at `index`, `nil` where the bytes end before it does.
    func header(of bytes: UnsafeRawBufferPointer, at index: Int = 0) -> UInt16? {
        guard index >= 0, index + headerLength <= bytes.count else { return nil }
        return switch self {
        case .h264: UInt16(bytes[index])
        case .h265: UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
        }
    }

    func type(of header: UInt16) -> UInt8 {
        switch self {
        case .h264: UInt8(header & 0x1F)
        case .h265: UInt8(header >> 9 & 0x3F)
        }
    }

    /// `header` with another type in it.
    func header(_ header: UInt16, withType type: UInt8) -> UInt16 {
        switch self {
        case .h264: header & 0xE0 | UInt16(type & 0x1F)
        case .h265: header & 0x81FF | UInt16(type & 0x3F) << 9
        }
    }

    /// Whether a header may stand before a unit of the video itself: vendors put private data into
    /// the types that the specifications leave free (quirk I13).
    func isVideo(_ header: UInt16) -> Bool {
        let type = type(of: header)
        return switch self {
        case .h264: header & 0x80 == 0 && (1...23).contains(type)
        case .h265: header & 0x8000 == 0 && header & 0x07 != 0 && type < 48
        }
    }

    /// How a payload holds its NAL units (RFC 6184 §5.4, RFC 7798 §4.4).
    enum Structure {
        case single, aggregate, fragment
        /// STAP-B, MTAP, FU-B, PACI (quirks I14, I16).
        case unsupported
        /// A type neither the video nor the payload format knows.
        case reserved
    }

    func structure(of header: UInt16) -> Structure {
        if isVideo(header) { return .single }
        return switch (self, type(of: header)) {
        case (.h264, 24), (.h265, 48): .aggregate
        case (.h264, 28), (.h265, 49): .fragment
        case (.h264, 25), (.h264, 26), (.h264, 27), (.h264, 29), (.h265, 50): .unsupported
        case (.h264, _), (.h265, _): .reserved
        }
    }
}

/// The kinds of parameter set an access unit may carry.
struct ParameterSetKinds: OptionSet, Sendable, Hashable {
    var rawValue: UInt8

    static let video = ParameterSetKinds(rawValue: 1)
    static let sequence = ParameterSetKinds(rawValue: 2)
    static let picture = ParameterSetKinds(rawValue: 4)
}

extension NALUnitSyntax {
    /// The kind of parameter set a unit of that type is, empty where it is none.
    func parameterSetKind(_ type: UInt8) -> ParameterSetKinds {
        switch (self, type) {
        case (.h265, 32): .video
        case (.h264, 7), (.h265, 33): .sequence
        case (.h264, 8), (.h265, 34): .picture
        case (.h264, _), (.h265, _): []
        }
    }

    private func isSupplementalInformation(_ type: UInt8) -> Bool {
        switch self {
        case .h264: type == 6
        case .h265: type == 39
        }
    }

    /// What the begin of a unit says: `body` is what follows its header (and decoding order number).
    func traits(of header: UInt16, body: UnsafeRawBufferPointer) -> PayloadTraits {
        guard isVideo(header) else { return [] }
        let type = type(of: header)
        var traits = continuationTraits(of: header)
        // first_mb_in_slice is ue(v): a leading one bit is zero; first_slice_segment_in_pic_flag is a bit.
        let isFirstSlice = body.first.map { $0 & 0x80 != 0 } ?? false
        switch (self, type) {
        case (.h264, 5), (.h265, 16...21):
            traits.insert(.startsRandomAccess)
            if isFirstSlice { traits.insert(.startsPicture) }
        case (.h264, 1), (.h264, 2), (.h265, 0...31):
            if isFirstSlice { traits.insert(.startsPicture) }
        case (.h264, _), (.h265, _):
            if isSupplementalInformation(type), RBSPReader(body).holdsRecoveryPoint() {
                traits.insert(.recoveryPoint)
            }
        }
        return traits
    }

    /// What is known of a unit without its begin: a fragment that is not the first.
    func continuationTraits(of header: UInt16) -> PayloadTraits {
        let type = type(of: header)
        return switch (self, type) {
        case (.h264, 7), (.h264, 8), (.h265, 32...34): [.prefix, .parameterSets]
        case (.h264, 6), (.h264, 9), (.h264, 13...15), (.h265, 35), (.h265, 39): .prefix
        case (.h264, 1...5), (.h264, 19...21), (.h265, 0...31): .picture
        case (.h264, _), (.h265, _): []
        }
    }
}
