import NIOCore

@testable import ISOMedia

/// Movies made by hand, byte for byte: the forms that ffmpeg does not write.
enum MovieFixture {
    static func number<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    static func numbers(_ values: [UInt32]) -> [UInt8] {
        values.flatMap { number($0) }
    }

    /// One byte a character, `©` among them.
    static func latin(_ text: String) -> [UInt8] {
        text.unicodeScalars.map { UInt8($0.value) }
    }

    static func box(_ type: String, _ parts: [UInt8]...) -> [UInt8] {
        let body = parts.flatMap { $0 }
        return number(UInt32(body.count + 8)) + latin(type) + body
    }

    static func full(_ type: String, version: UInt8 = 0, flags: UInt32 = 0, _ parts: [UInt8]...) -> [UInt8] {
        box(type, number(UInt32(version) << 24 | flags), parts.flatMap { $0 })
    }

    /// A table: the rows' number, then the rows.
    static func table(_ type: String, version: UInt8 = 0, _ rows: [[UInt32]]) -> [UInt8] {
        full(type, version: version, number(UInt32(rows.count)), numbers(rows.flatMap { $0 }))
    }

    static func sizes(_ sizes: [UInt32]) -> [UInt8] {
        full("stsz", numbers([0, UInt32(sizes.count)] + sizes))
    }

    static func header(timescale: UInt32 = 1000, duration: UInt32 = 0) -> [UInt8] {
        full("mvhd", numbers([3_000_000_000, 0, timescale, duration]), Array(repeating: 0, count: 80))
    }

    /// What a track is made of; each part can be replaced.
    struct Track {
        var id: UInt32 = 1
        var handler = "vide"
        var header: [UInt8]?
        var time: [UInt8]?
        var handlerBox: [UInt8]?
        var description = MovieFixture.full(
            "stsd", number(UInt32(1)), box("avc1", numbers([0, 1]), [UInt8](repeating: 0, count: 70)))
        var tables: [[UInt8]] = []
        var others: [UInt8] = []

        var bytes: [UInt8] {
            let head = header ?? full("tkhd", flags: 1, numbers([0, 0, id]), Array(repeating: 0, count: 68))
            let clock = time ?? full("mdhd", numbers([0, 0, 1000, 0]), number(UInt16(0x55C4)), [0, 0])
            let kind =
                handlerBox
                ?? full("hdlr", numbers([0]), latin(handler), Array(repeating: 0, count: 12), latin("name\0"))
            let stbl = box("stbl", description, tables.flatMap { $0 })
            return box("trak", head, others, box("mdia", clock, kind, box("minf", stbl)))
        }
    }

    /// `ftyp`, `moov`, and `mdat` of counting bytes.
    static func movie(_ tracks: [Track], others: [UInt8] = [], brand: String = "isom", media: Int = 256) -> [UInt8] {
        box("ftyp", latin(brand), number(UInt32(0)), latin(brand))
            + box("moov", header(), tracks.flatMap(\.bytes), others)
            + box("mdat", (0..<media).map { UInt8(truncatingIfNeeded: $0) })
    }

    static func read(_ bytes: [UInt8], limits: MovieLimits = MovieLimits()) throws -> Movie {
        try Movie(reading: ByteBuffer(bytes: bytes), limits: limits)
    }
}

// Whole movies that have much in them, to be read as they are and to be spoilt.
extension MovieFixture {
    static let pictureTables: [[UInt8]] = [
        table("stts", [[3, 40], [1, 60], [2, 40]]),
        table("ctts", version: 1, [[1, 40], [2, UInt32(bitPattern: -10)], [3, 0]]),
        table("stsc", [[1, 2, 1], [3, 1, 1]]),
        sizes([10, 20, 30, 40, 50, 60]),
        table("stco", [[1000], [2000], [3000], [4000]]),
        table("stss", [[1], [4]]),
    ]

    static let plain: [UInt8] = {
        var picture = Track(tables: pictureTables)
        picture.others =
            box("edts", table("elst", [[100, .max, 0x1_0000], [200, 40, 0x1_0000]]))
            + box("udta", box("name", latin("front door")), box("hnti", box("sdp ", latin("m=video 0 RTP/AVP 96\r\n"))))
        var hint = Track(id: 2, handler: "hint", tables: pictureTables)
        hint.others = box("tref", box("hint", numbers([1]))) + box("udta", box("hinf", box("totl", numbers([99]))))
        return movie(
            [picture, hint],
            others: box("udta", box("hnti", box("rtp ", latin("sdp a=x\r\n")))) + box("free", [0, 0, 0]))
    }()

    /// What QuickTime writes: a name behind its length, a zero behind the user data, sound that counts its samples as bytes.
    static let quickTime: [UInt8] = {
        let name = latin("\u{14}Apple Sound Media Ha")
        var sound = Track(id: 7, handler: "soun")
        sound.handlerBox = full("hdlr", latin("mhlrsounappl"), numbers([0, 0]), name)
        let fields = [0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 16, 0, 0, 0, 0] as [UInt8] + numbers([8000 << 16, 1, 2, 4, 2])
        sound.description = full("stsd", number(UInt32(1)), box("sowt", numbers([0, 1]), fields))
        sound.tables = [
            table("stts", [[100, 1]]), table("stsc", [[1, 60, 1], [2, 40, 1]]), full("stsz", numbers([1, 100])),
            full("co64", numbers([2, 0, 500, 0, 900])),
        ]
        sound.others = box("udta", box("name", latin("sound")), numbers([0]))
        let title = box("\u{A9}nam", number(UInt16(4)), number(UInt16(0)), latin("Film"))
        let moov = box("moov", header(), sound.bytes, box("udta", title, numbers([0])))
        return box("wide") + box("mdat", Array(repeating: 7, count: 1000)) + moov
    }()

    static let compact: [UInt8] = {
        var tracks: [Track] = []
        for (id, bits, sizes) in [(1, 4, [0x12, 0x30]), (2, 8, [1, 2, 3]), (3, 16, [0, 1, 0, 2, 0, 3])]
            as [(UInt32, UInt8, [UInt8])]
        {
            let table = full("stz2", [0, 0, 0, bits], numbers([3]), sizes)
            tracks.append(
                Track(
                    id: id,
                    tables: [
                        MovieFixture.table("stts", [[3, 10]]), MovieFixture.table("stsc", [[1, 3, 1]]), table,
                        MovieFixture.table("stco", [[100 * id]]),
                    ]))
        }
        let long = number(UInt32(1)) + latin("mdat") + number(UInt64(116)) + Array(repeating: 1, count: 100)
        return long + box("moov", header(), tracks.flatMap(\.bytes))
    }()

    /// Two fragments of two tracks: with data counted from the fragment, from a place in the file, and behind one another.
    static let fragmented: [UInt8] = {
        let tables = [
            table("stts", []), table("stsc", []), sizes([]), table("stco", []),
        ]
        let trex = { (id: UInt32) in full("trex", numbers([id, 1, 20, 5, 0x1_0000])) }
        let moov = box(
            "moov", header(), Track(id: 1, tables: tables).bytes, Track(id: 2, handler: "soun", tables: tables).bytes,
            box("mvex", trex(1), trex(2)))
        let rows: [UInt32] = [40, 10, UInt32(bitPattern: -4), 44, 12, 0, 40, 14, 8]
        let first = box(
            "traf", full("tfhd", flags: 0x2_0000, numbers([1])), full("tfdt", version: 1, number(UInt64(500))),
            full("trun", flags: 0xB05, numbers([3, 200, 0]) + numbers(rows)),
            full("trun", flags: 0, numbers([2])))
        let second = box(
            "traf", full("tfhd", flags: 0x8, numbers([2, 30])), full("trun", flags: 0x200, numbers([2, 7, 9])))
        let third = box(
            "traf", full("tfhd", flags: 0x31, number(UInt32(1)), number(UInt64(5000)), numbers([6, 0])),
            full("trun", flags: 0x401, numbers([2, 16, 0, 0x101_0000])))
        let media = box("mdat", Array(repeating: 3, count: 64))
        return box("ftyp", latin("iso5"), numbers([0])) + moov + box("moof", full("mfhd", numbers([1])), first, second)
            + media + box("moof", full("mfhd", numbers([2])), third) + media
    }()
}
