import NIOCore

/// A packet of a hint sample as a test writes it.
struct HintPacketBytes {
    var relativeTime: Int32 = 0
    var bits: UInt16 = 0x0060
    var sequence: UInt16 = 0
    var flags: UInt16 = 0
    /// With the flag 4, the boxes behind their length.
    var extra: [UInt8]?
    var constructors: [[UInt8]] = []

    var bytes: [UInt8] {
        var bytes = bigEndian(relativeTime) + bigEndian(bits) + bigEndian(sequence)
        bytes += bigEndian(flags | (extra == nil ? 0 : 4)) + bigEndian(UInt16(constructors.count))
        if let extra { bytes += bigEndian(UInt32(extra.count + 4)) + extra }
        return bytes + constructors.flatMap { $0 }
    }

    static func rtpo(_ offset: Int32) -> [UInt8] {
        bigEndian(UInt32(12)) + Array("rtpo".utf8) + bigEndian(offset)
    }
}

/// Constructors of all kinds.
enum HintConstructorBytes {
    static func immediate(_ data: [UInt8]) -> [UInt8] {
        [1, UInt8(data.count)] + data + Array(repeating: 0, count: 14 - data.count)
    }

    static func sample(
        _ sample: Int, offset: Int = 0, length: Int, track: Int8 = 0, bytesPerBlock: UInt16 = 0,
        samplesPerBlock: UInt16 = 0
    ) -> [UInt8] {
        [2, UInt8(bitPattern: track)] + bigEndian(UInt16(length)) + bigEndian(UInt32(sample))
            + bigEndian(UInt32(offset)) + bigEndian(bytesPerBlock) + bigEndian(samplesPerBlock)
    }

    static func description(_ description: Int, offset: Int, length: Int, track: Int8 = 0) -> [UInt8] {
        [3, UInt8(bitPattern: track)] + bigEndian(UInt16(length)) + bigEndian(UInt32(description))
            + bigEndian(UInt32(offset)) + [0, 0, 0, 0]
    }
}

/// A whole hint sample.
func hintSampleBytes(_ packets: [HintPacketBytes], count: UInt16? = nil, trailing: [UInt8] = []) -> [UInt8] {
    bigEndian(count ?? UInt16(packets.count)) + [0, 0] + packets.flatMap(\.bytes) + trailing
}

func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
}

func boxBytes(_ type: String, _ body: [UInt8]) -> [UInt8] {
    bigEndian(UInt32(body.count + 8)) + Array(type.utf8) + body
}

/// Mutations of bytes that are the same on every machine (Knuth's MMIX generator).
struct HintMutations: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33 | state << 31
    }

    /// One to four edits: a byte changed to anything or to something telling, a piece cut, repeated or taken from the end.
    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<6, using: &self) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &self)
            case 1, 2: bytes[place] = [0, 1, 2, 3, 4, 0x7F, 0x80, 0xFF].randomElement(using: &self) ?? 0
            case 3: bytes.removeSubrange(place..<min(place + 8, bytes.count))
            case 4: bytes.insert(contentsOf: bytes[place...].prefix(16), at: place)
            default: bytes.removeSubrange(place...)
            }
        }
        return bytes
    }
}
