/// Reads bits of a NAL unit body as if its emulation prevention bytes (00 00 **03**) were not there
/// (ITU-T H.264 §7.4.1). Past the end it gives `nil`, for ever.
struct RBSPReader {
    private let bytes: UnsafeRawBufferPointer
    private var index = 0
    private var zeros = 0
    private var current: UInt8 = 0
    private var bitsLeft = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    private mutating func nextByte() -> UInt8? {
        guard index < bytes.count else { return nil }
        if zeros >= 2, bytes[index] == 3 {
            index += 1
            zeros = 0
            guard index < bytes.count else { return nil }
        }
        let byte = bytes[index]
        index += 1
        zeros = byte == 0 ? zeros + 1 : 0
        return byte
    }

    mutating func readBit() -> UInt8? {
        if bitsLeft == 0 {
            guard let byte = nextByte() else { return nil }
            current = byte
            bitsLeft = 8
        }
        bitsLeft -= 1
        return current >> UInt8(bitsLeft) & 1
    }

    /// At most 32 bits.
    mutating func readBits(_ count: Int) -> UInt32? {
        var value: UInt32 = 0
        for _ in 0..<min(count, 32) {
            guard let bit = readBit() else { return nil }
            value = value << 1 | UInt32(bit)
        }
        return value
    }

    mutating func skipBits(_ count: Int) -> Bool {
        for _ in 0..<count {
            guard readBit() != nil else { return false }
        }
        return true
    }

    /// ue(v), ITU-T H.264 §9.1; `nil` above 2³¹-2.
    mutating func readExponentialGolomb() -> UInt32? {
        var leadingZeros = 0
        while let bit = readBit() {
            guard bit == 0 else { return readBits(leadingZeros).map { (1 << UInt32(leadingZeros)) - 1 + $0 } }
            leadingZeros += 1
            guard leadingZeros < 31 else { return nil }
        }
        return nil
    }

    /// Whether one of the SEI messages is a recovery point: payload type 6 in H.264 and H.265 (§D.1.8, §D.2.8).
    func holdsRecoveryPoint() -> Bool {
        var reader = self
        while let type = reader.readMessageNumber() {
            if type == 6 { return true }
            guard let size = reader.readMessageNumber() else { return false }
            for _ in 0..<size {
                guard reader.nextByte() != nil else { return false }
            }
        }
        return false
    }

    /// payload_type and payload_size of an SEI message: 255 as often as it takes, then the rest.
    private mutating func readMessageNumber() -> Int? {
        var number = 0
        while let byte = nextByte() {
            number += Int(byte)
            if byte != 255 { return number }
        }
        return nil
    }
}
