import NIOCore

/// A table of a track as it stands in `moov`, row by row.
package struct TrackTable: Sendable {
    /// The tables there may be.
    package static let kinds: [FourCC] = ["stts", "ctts", "stsc", "stsz", "stz2", "stco", "co64", "stss", "elst"]

    package let kind: FourCC
    /// What the fields of a row are called.
    package let columns: [String]
    package let count: Int
    /// The one size of all samples (`stsz`).
    package let constant: UInt32?
    private let rows: TableRows
    private let isLong: Bool
    private let bits: Int

    /// Reads `kind`, which is one of `kinds`, of the track of number `id`. Blocks.
    ///
    /// `nil` where there is no such track, or it has no such table: `present` tells which there are. Throws as `Movie` does.
    package init?(
        _ kind: FourCC, ofTrack id: UInt32, in bytes: any RandomAccessBytes, limits: MovieLimits = MovieLimits()
    ) throws(MovieError) {
        guard let box = try Self.tables(ofTrack: id, in: bytes, limits: limits).first(kind) else { return nil }
        self.kind = kind
        isLong = kind == "co64" || kind == "elst" && box.version == 1
        let constant: UInt32? = kind == "stsz" ? try box.integer(at: 4) : nil
        self.constant = constant == 0 ? nil : constant
        bits = kind == "stz2" ? Int(try box.integer(at: 7, as: UInt8.self)) : 32
        columns = Self.columns(kind)
        switch kind {
        case "stz2":
            count = Int(try box.integer(at: 8, as: UInt32.self))
            let room = max(0, box.body.readableBytes - 12) * 8 / max(1, bits)
            guard [4, 8, 16].contains(bits), count <= room else { throw box.malformed("no room for \(count) entries") }
            rows = TableRows(
                bytes: box.body.getSlice(at: 12, length: (count * bits + 7) / 8) ?? .init(), stride: 0, count: 0)
        case "stsz" where self.constant != nil:
            count = 0
            rows = TableRows(bytes: ByteBuffer(), stride: 4, count: 0)
        case "stsz":
            rows = try box.rows(at: 12, stride: 4)
            count = rows.count
        default:
            rows = try box.rows(at: 8, stride: Self.stride(kind, isLong: isLong))
            count = rows.count
        }
    }

    /// The kinds of tables a track has; `nil` where there is no such track.
    package static func present(
        ofTrack id: UInt32, in bytes: any RandomAccessBytes, limits: MovieLimits = MovieLimits()
    ) throws(MovieError) -> [FourCC] {
        try tables(ofTrack: id, in: bytes, limits: limits).map(\.type).filter(kinds.contains)
    }

    /// The fields of a row, from 0.
    package func row(_ row: Int) -> [Int64] {
        func field(_ place: Int) -> Int64 { Int64(rows.field(row, place)) }
        func signed(_ place: Int) -> Int64 { Int64(Int32(truncatingIfNeeded: field(place))) }
        switch kind {
        case "stts": return [field(0), field(4)]
        case "ctts": return [field(0), signed(4)]
        case "stsc": return [field(0), field(4), field(8)]
        case "co64": return [Int64(clamping: rows.long(row))]
        case "stz2": return [Int64(SizeTable.size(row, bits: bits, rows: rows))]
        case "elst" where isLong:
            let media = field(8) << 32 | field(12)
            return [Int64(clamping: rows.long(row)), media, signed(16)]
        case "elst": return [field(0), signed(4), signed(8)]
        default: return [field(0)]
        }
    }

    private static func columns(_ kind: FourCC) -> [String] {
        switch kind {
        case "stts": ["samples", "duration"]
        case "ctts": ["samples", "offset"]
        case "stsc": ["first chunk", "samples", "description"]
        case "stco", "co64": ["offset"]
        case "stss": ["sample"]
        case "elst": ["duration", "media time", "rate/65536"]
        default: ["size"]
        }
    }

    private static func stride(_ kind: FourCC, isLong: Bool) -> Int {
        switch kind {
        case "stts", "ctts", "co64": 8
        case "stsc": 12
        case "elst": isLong ? 20 : 12
        default: 4
        }
    }

    /// The boxes of `stbl` and `edts`.
    private static func tables(
        ofTrack id: UInt32, in bytes: any RandomAccessBytes, limits: MovieLimits
    ) throws(MovieError) -> [Box] {
        let moov = try Movie.header(in: bytes, outline: MovieOutline(of: bytes, limits: limits), limits: limits)
        for track in try moov.children() where track.type == "trak" {
            let boxes = try track.children()
            guard let header = boxes.first("tkhd") else { continue }
            guard try header.integer(at: header.version == 1 ? 20 : 12, as: UInt32.self) == id else { continue }
            let information = try boxes.first("mdia")?.children().first("minf")?.children()
            let edits = try boxes.first("edts")?.children() ?? []
            return edits + (try information?.first("stbl")?.children() ?? [])
        }
        return []
    }
}
