/// How long samples are: `stsz` and `stz2` (ISO/IEC 14496-12 §8.7.3).
///
/// ```
/// stsz: version, flags │ size of all: 32, or 0 │ samples: 32 │ size: 32 │ …
/// stz2: version, flags │ 0: 24 │ bits of a size: 8 │ samples: 32 │ size: 4, 8 or 16 │ …
/// ```
struct SizeTable: Sendable {
    /// Samples of one size: blocks of as many samples and bytes.
    struct Packing: Sendable, Hashable {
        /// 1, but for compressed sound of QuickTime before there were sample sizes for it.
        var samples: Int
        var bytes: Int

        /// Bytes of the blocks that begin before the `count`th sample.
        func length(of count: Int) -> Int64 {
            samples == 1 ? Int64(count) &* Int64(bytes) : Int64((count + samples - 1) / samples) &* Int64(bytes)
        }
    }

    private static let spacing = 64
    /// Of uncompressed sound: 32 channels of 64 bits.
    private static let longestFrame = 256

    /// Samples it has sizes for.
    let count: Int
    /// Where all samples have the same size.
    let packing: Packing?
    private let rows: TableRows
    private let bits: Int
    /// Bytes before each `spacing`th sample.
    private let marks: [Int64]

    /// `packing` is told where the table's own constant size stands for something else.
    ///
    /// Throws `.malformed` where there is no room for its rows, `.tooMuch` where there are more than `maximum`: more frames of
    /// uncompressed sound there may well be, which are never gone through one by one.
    init(_ box: Box, packing override: Packing?, isSound: Bool, maximum: Int) throws(MovieError) {
        count = Int(try box.integer(at: 8, as: UInt32.self))
        let constant: UInt32 = box.type == "stsz" ? try box.integer(at: 4) : 0
        if constant > 0 {
            guard constant <= FileWindow.maximumCount else { throw .tooMuch("samples of \(constant) bytes") }
            packing = override ?? Packing(samples: 1, bytes: Int(constant))
            guard count <= maximum || isSound && constant <= Self.longestFrame else {
                throw .tooMuch("\(count) samples in a track")
            }
            (rows, bits, marks) = (TableRows(bytes: .init(), stride: 4, count: 0), 32, [])
            return
        }
        packing = nil
        bits = box.type == "stsz" ? 32 : Int(try box.integer(at: 7, as: UInt8.self))
        guard [4, 8, 16, 32].contains(bits), bits < 32 || box.type == "stsz" else {
            throw box.malformed("sizes of \(bits) bits")
        }
        let room = max(0, box.body.readableBytes - 12) * 8 / bits
        guard count <= room, let bytes = box.body.getSlice(at: 12, length: (count * bits + 7) / 8) else {
            throw box.malformed("\(count) entries, with room for \(room)")
        }
        guard count <= maximum else { throw .tooMuch("\(count) samples in a track") }
        rows = TableRows(bytes: bytes, stride: bits / 8, count: count)
        var marks: [Int64] = []
        marks.reserveCapacity(count / Self.spacing + 1)
        var length: Int64 = 0
        for sample in 0..<count {
            if sample % Self.spacing == 0 { marks.append(length) }
            length += Int64(Self.size(sample, bits: bits, rows: rows))
        }
        self.marks = marks
    }

    /// In bytes, of a sample less than `count`; `place` is how many samples stand before it in its chunk.
    func size(ofSample sample: Int, place: Int) -> Int {
        guard let packing else { return Self.size(sample, bits: bits, rows: rows) }
        return packing.samples == 1 || place % packing.samples == 0 ? packing.bytes : 0
    }

    /// Bytes from the beginning of a chunk, whose first sample is `first`, to `sample`.
    func length(from first: Int, to sample: Int) -> Int64 {
        if let packing { return packing.length(of: sample - first) }
        return length(before: sample) - length(before: first)
    }

    private func length(before sample: Int) -> Int64 {
        let mark = min(sample / Self.spacing, marks.count - 1)
        guard mark >= 0 else { return 0 }
        var length = marks[mark]
        for sample in mark * Self.spacing..<sample { length += Int64(Self.size(sample, bits: bits, rows: rows)) }
        return length
    }

    static func size(_ sample: Int, bits: Int, rows: TableRows) -> Int {
        switch bits {
        case 32: return Int(rows.field(sample, 0))
        case 16: return Int(rows.bytes.getInteger(at: sample * 2, as: UInt16.self) ?? 0)
        case 8: return Int(rows.bytes.getInteger(at: sample, as: UInt8.self) ?? 0)
        default:
            let pair = rows.bytes.getInteger(at: sample / 2, as: UInt8.self) ?? 0
            return Int(sample % 2 == 0 ? pair >> 4 : pair & 0xF)
        }
    }
}
