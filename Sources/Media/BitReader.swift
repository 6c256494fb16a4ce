/// Reads big-endian bit fields and Exp-Golomb codes (ITU-T H.264 §9.1), never past the end.
package struct BitReader: Sendable {
    /// There were fewer bits left than the field needs, or an Exp-Golomb code of more than 32 bits.
    package struct Exhausted: Error, Hashable, CustomStringConvertible {
        package init() {}

        /// What a log line says of it.
        package var description: String { "bit fields end too early" }
    }

    private let bytes: [UInt8]
    private var position = 0

    /// Reads `bytes` from their first bit.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads a NAL unit without its emulation prevention bytes (ITU-T H.264 §7.4.1: `00 00 03` stands for `00 00`).
    package init(nalUnit: [UInt8]) {
        var payload: [UInt8] = []
        payload.reserveCapacity(nalUnit.count)
        var zeros = 0
        for byte in nalUnit {
            if zeros >= 2, byte == 3 {
                zeros = 0
                continue
            }
            zeros = byte == 0 ? zeros + 1 : 0
            payload.append(byte)
        }
        self.init(payload)
    }

    /// The number of bits not yet read.
    package var remainingBits: Int { bytes.count * 8 - position }

    /// The next `count` bits, 0 to 32, as an unsigned number.
    package mutating func read(_ count: Int) throws(Exhausted) -> UInt32 {
        guard count >= 0, count <= 32, count <= remainingBits else { throw Exhausted() }
        var value: UInt32 = 0
        var missing = count
        while missing > 0 {
            let left = 8 - position & 7
            let taken = min(left, missing)
            let field = (UInt32(bytes[position >> 3]) >> UInt32(left - taken)) & ((1 << UInt32(taken)) - 1)
            value = value << UInt32(taken) | field
            position += taken
            missing -= taken
        }
        return value
    }

    /// The next bit.
    package mutating func readFlag() throws(Exhausted) -> Bool {
        try read(1) == 1
    }

    /// Passes over `count` bits.
    package mutating func skip(_ count: Int) throws(Exhausted) {
        guard count >= 0, count <= remainingBits else { throw Exhausted() }
        position += count
    }

    /// `ue(v)`, at most 2³² − 2.
    package mutating func readUnsignedExpGolomb() throws(Exhausted) -> UInt32 {
        var zeros = 0
        while try !readFlag() {
            zeros += 1
            guard zeros < 32 else { throw Exhausted() }
        }
        let tail = try read(zeros)
        return (1 << UInt32(zeros)) - 1 + tail
    }

    /// `se(v)`.
    package mutating func readSignedExpGolomb() throws(Exhausted) -> Int32 {
        let code = Int64(try readUnsignedExpGolomb())
        return Int32(truncatingIfNeeded: code & 1 == 1 ? (code + 1) / 2 : -(code / 2))
    }
}
