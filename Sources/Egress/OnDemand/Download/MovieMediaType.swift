import NIOCore

/// What a movie is called in `Content-Type` (RFC 4337, RFC 3839; `video/quicktime` as registered).
package enum MovieMediaType: String, Sendable, CaseIterable {
    case mp4 = "video/mp4"
    case quickTime = "video/quicktime"
    case threeGP = "video/3gpp"
    /// MPEG-4 without a picture.
    case sound = "audio/mp4"

    /// How much of the beginning of a file is looked at, in bytes.
    static let beginning = 12

    /// The boxes that a movie may begin with.
    private static let firstBoxes: Set<String> = [
        "ftyp", "moov", "mdat", "free", "skip", "wide", "pnot", "styp", "moof", "sidx", "uuid", "pdin", "meta",
    ]

    /// By the end of the name, else by the brand; `nil` where the file does not begin as a movie does.
    ///
    ///     0      4      8      12
    ///     | size | type | brand |      the first box (ISO/IEC 14496-12 §4.2), and a brand where it is `ftyp` (§4.3)
    ///
    /// A name says nothing about what is in a file, and the folder may hold what is nobody's business.
    package init?(name: String, beginning: ByteBuffer) {
        let start = beginning.readerIndex
        guard let size = beginning.getInteger(at: start, as: UInt32.self),
            let type = beginning.getString(at: start + 4, length: 4), Self.firstBoxes.contains(type),
            size >= 8 || size <= 1
        else { return nil }
        let end = name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() }
        switch end {
        case "mp4", "m4v": self = .mp4
        case "mov", "qt": self = .quickTime
        case "3gp", "3g2", "3gpp", "3gpp2": self = .threeGP
        case "m4a", "m4b": self = .sound
        default:
            // Files from before there were brands are QuickTime's.
            let brand = type == "ftyp" ? beginning.getString(at: start + 8, length: 4) ?? "" : "qt  "
            self.init(brand: brand)
        }
    }

    private init(brand: String) {
        switch brand {
        case "qt  ": self = .quickTime
        case "M4A ", "M4B ": self = .sound
        default: self = brand.hasPrefix("3g") ? .threeGP : .mp4
        }
    }
}
