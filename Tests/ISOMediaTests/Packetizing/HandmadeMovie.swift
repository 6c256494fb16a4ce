import NIOCore

@testable import ISOMedia

/// A movie of one track, byte by byte: for what no encoder at hand makes.
struct HandmadeMovie {
    var format: FourCC
    /// Of the sample description, behind its data reference index.
    var description: [UInt8]
    var handler: FourCC = "vide"
    var samples: [[UInt8]]
    var timescale: UInt32 = 90_000
    /// Of each sample, in units of `timescale`.
    var duration: UInt32 = 3600
    /// From 1; `nil`: all.
    var syncSamples: [UInt32]?
    /// Every sample has this size, and all stand in one chunk; `nil`: each has its own.
    var uniformSize: UInt32?
    /// Media time and duration (in milliseconds) of an edit.
    var edit: (start: UInt32, duration: UInt32)?
    /// Rows of an edit list in its place: duration (in milliseconds), media time, rate (1 is 0x10000).
    var edits: [[UInt32]] = []

    init(_ format: FourCC, _ description: [UInt8], samples: [[UInt8]]) {
        self.format = format
        self.description = description
        self.samples = samples
    }

    static func box(_ type: FourCC, _ content: [UInt8]) -> [UInt8] {
        number(UInt32(content.count + 8)) + number(type.code) + content
    }

    static func number(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// The fields of a picture's description, and boxes behind them.
    static func picture(_ boxes: [UInt8]) -> [UInt8] {
        [UInt8](repeating: 0, count: 16) + [0, 64, 0, 48] + [UInt8](repeating: 0, count: 50) + boxes
    }

    /// The fields of a sound's description of version 0, and boxes behind them.
    static func sound(channels: UInt8 = 1, bits: UInt8 = 16, rate: UInt16 = 8000, _ boxes: [UInt8] = []) -> [UInt8] {
        [0, 0, 0, 0, 0, 0, 0, 0, 0, channels, 0, bits, 0, 0, 0, 0, UInt8(rate >> 8), UInt8(rate & 0xFF), 0, 0] + boxes
    }

    /// An `esds` with `specific` for the decoder.
    static func esds(_ objectType: UInt8, _ specific: [UInt8]) -> [UInt8] {
        let decoder = [objectType, 0x15] + [UInt8](repeating: 0, count: 11) + [5, UInt8(specific.count)] + specific
        let stream = [0, 1, 0, 4, UInt8(decoder.count)] + decoder
        return box("esds", [0, 0, 0, 0, 3, 0x80, 0x80, 0x80, UInt8(stream.count)] + stream)
    }

    var bytes: ByteBuffer {
        let start = Self.box("ftyp", Array("isom".utf8) + [0, 0, 0, 0]).count + 8
        let media = samples.flatMap { $0 }
        let file = Self.box("ftyp", Array("isom".utf8) + [0, 0, 0, 0]) + Self.box("mdat", media)
        return ByteBuffer(bytes: file + moov(at: UInt64(start)))
    }

    /// The movie's box, with the first sample at `offset` in the file.
    func moov(at offset: UInt64) -> [UInt8] { Self.box("moov", head + Self.box("trak", track(at: offset))) }

    var movie: Movie {
        get throws { try Movie(reading: bytes) }
    }

    private var count: UInt32 {
        uniformSize.map { UInt32(samples.reduce(0) { $0 + $1.count }) / max(1, $0) } ?? UInt32(samples.count)
    }

    private var head: [UInt8] {
        Self.box("mvhd", Self.numbers([0, 0, 0, 1000, 1000, 0x10000]) + [UInt8](repeating: 0, count: 76))
    }

    private static func numbers(_ values: [UInt32]) -> [UInt8] { values.flatMap { number($0) } }

    private func track(at offset: UInt64) -> [UInt8] {
        let trackHead = Self.box("tkhd", Self.numbers([1, 0, 0, 1, 0, 1000]) + [UInt8](repeating: 0, count: 60))
        let mediaHead = Self.box("mdhd", Self.numbers([0, 0, 0, timescale, duration &* count, 0]))
        let kind = Self.box("hdlr", Self.numbers([0, 0, handler.code, 0, 0, 0]) + [0])
        let reference = Self.box("dinf", Self.box("dref", Self.numbers([0, 1]) + Self.box("url ", [0, 0, 0, 1])))
        let table = Self.box("minf", reference + Self.box("stbl", tables(at: offset)))
        let rows = edit.map { [[$0.duration, $0.start, 0x10000]] } ?? edits
        let list = Self.box("elst", Self.numbers([0, UInt32(rows.count)] + rows.flatMap { $0 }))
        return trackHead + (rows.isEmpty ? [] : Self.box("edts", list)) + Self.box("mdia", mediaHead + kind + table)
    }

    private func tables(at offset: UInt64) -> [UInt8] {
        let entry = Self.box(format, [0, 0, 0, 0, 0, 0, 0, 1] + description)
        var tables = Self.box("stsd", Self.numbers([0, 1]) + entry)
        tables += Self.box("stts", Self.numbers([0, 1, count, duration]))
        tables += Self.box("stsc", Self.numbers([0, 1, 1, count, 1]))
        if let offset = UInt32(exactly: offset) {
            tables += Self.box("stco", Self.numbers([0, 1, offset]))
        } else {
            tables += Self.box("co64", Self.numbers([0, 1, UInt32(offset >> 32), UInt32(truncatingIfNeeded: offset)]))
        }
        let sizes = uniformSize == nil ? samples.map { UInt32($0.count) } : []
        tables += Self.box("stsz", Self.numbers([0, uniformSize ?? 0, count] + sizes))
        if let syncSamples { tables += Self.box("stss", Self.numbers([0, UInt32(syncSamples.count)] + syncSamples)) }
        return tables
    }
}

/// The packets of a movie's only track, each with the number of its sample.
func packets(of movie: HandmadeMovie) throws -> [(sample: Int, packet: PlayedPacket)] {
    let bytes = movie.bytes
    let track = try Movie(reading: bytes).tracks[0]
    var reader = try PacketizedSamples(track, format: MediaTrackFormat(track, in: bytes), in: bytes)
    return try (0..<reader.sampleCount).flatMap { index in
        try PlayedPacket.packets(ofSample: index, &reader).map { (index, $0) }
    }
}
