import NIOCore

/// What stands at the top of a movie file: where `moov` and the fragments are.
///
/// ```
/// ftyp  moov  mdat                 ready to be downloaded
/// ftyp  wide  mdat  moov           as a recorder leaves it
/// ftyp  moov  (moof mdat)…         in fragments
/// ```
struct MovieOutline: Sendable {
    private(set) var brands: [FourCC] = []
    private(set) var moov: BoxHeader?
    private(set) var fragments: [BoxHeader] = []
    /// Where the file had to go on, if it ends before.
    private(set) var missingEnd: Int64?

    /// Of short fragments a few dozen lie in so many bytes, and where media lie between two of them it is not much, in bytes.
    static let readAhead = 16 << 10

    private static let known: Set<FourCC> = [
        "ftyp", "moov", "mdat", "wide", "free", "skip", "moof", "styp", "sidx", "pdin", "meta", "uuid", "pnot", "PICT",
        "junk", "mfra", "ssix", "prft", "emsg",
    ]

    /// Reads the heads of the boxes, not what is in them.
    ///
    /// A file whose media are cut off is none the worse for its beginning; one without `moov` is `.notAMovie`, or `.truncated` where
    /// it may have been beyond the end.
    init(of bytes: any RandomAccessBytes, limits: MovieLimits) throws(MovieError) {
        var offset: Int64 = 0
        var count = 0
        var window = FileWindow(bytes, readAhead: Self.readAhead)
        while offset < bytes.size {
            let length = min(Int64(BoxHeader.maximumLength), bytes.size - offset)
            let head = try window.read(at: offset, count: Int(length))
            guard let header = BoxHeader(head, at: offset, limit: bytes.size) else { break }
            // What begins unlike any movie is not searched for one.
            if count == 0, !Self.known.contains(header.type) { throw .notAMovie }
            if header.end > bytes.size {
                missingEnd = header.end
                break
            }
            try take(header, of: bytes, limits: limits)
            count += 1
            guard count <= limits.topLevelBoxes else {
                throw .tooMuch("more than \(limits.topLevelBoxes) boxes one behind the other")
            }
            offset = header.end
        }
        guard moov != nil else {
            if let missingEnd { throw .truncated(at: missingEnd) }
            throw .notAMovie
        }
    }

    private mutating func take(
        _ header: BoxHeader, of bytes: any RandomAccessBytes, limits: MovieLimits
    ) throws(MovieError) {
        switch header.type {
        case "ftyp" where brands.isEmpty:
            let body = try bytes.read(at: header.bodyOffset, count: Int(min(header.bodySize, 1024)))
            brands = stride(from: 0, to: body.readableBytes - 3, by: 4).compactMap { place in
                // Between the major brand and the compatible ones is its version.
                place == 4 ? nil : body.getInteger(at: place).map(FourCC.init)
            }
        case "moov" where moov == nil: moov = header
        case "moof":
            guard fragments.count < limits.fragments else { throw .tooMuch("more than \(limits.fragments) fragments") }
            fragments.append(header)
        default: break
        }
    }
}
