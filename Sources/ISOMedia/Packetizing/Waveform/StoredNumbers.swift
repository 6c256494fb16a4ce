import NIOCore

/// How a file has the samples of uncompressed sound, and what becomes of each over RTP: bytes as they are (G.711), or whole numbers of 16 or
/// 24 bits, high byte first (RFC 3551 §4.5.11, RFC 3190 §4.1).
///
/// ```
/// in the file         over RTP
/// 8 bits              the high byte of L16; those without a sign have their middle at 128
/// 16, 24 bits         the same
/// 32 bits             the three high bytes, L24
/// floating point      L24; what is beyond -1…1 is cut off, and no number is silence
/// ```
struct StoredNumbers: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// Sent byte by byte.
        case bytes
        case signed
        case unsigned
        case floating
    }

    var kind: Kind
    /// Of one sample of one channel, in the file.
    var size: Int
    /// The low byte is first.
    var isLittleEndian = false

    /// As `size`, in a packet.
    var sentSize: Int {
        switch kind {
        case .bytes: 1
        case .signed, .unsigned: size <= 2 ? 2 : 3
        case .floating: 3
        }
    }

    /// Nothing is to be done with them.
    var isAsSent: Bool { kind == .bytes || kind == .signed && (2...3).contains(size) && !isLittleEndian }

    /// Writes those in `source` to `room`, which has place for them; what is no whole sample is left out. Returns the bytes written.
    func write(_ source: UnsafeRawBufferPointer, to room: UnsafeMutableRawBufferPointer) -> Int {
        let count = source.count / size
        switch (kind, size) {
        case (.bytes, _): room.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
        case (.signed, 1), (.unsigned, 1):
            let middle: UInt8 = kind == .unsigned ? 0x80 : 0
            for index in 0..<count {
                room[2 * index] = source[index] ^ middle
                room[2 * index + 1] = 0
            }
        case (.signed, 2), (.unsigned, 2):
            for index in 0..<count {
                let value = source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
                room.storeBytes(
                    of: isLittleEndian ? value.byteSwapped : value, toByteOffset: 2 * index, as: UInt16.self)
            }
        case (.signed, _), (.unsigned, _):
            let (first, step) = isLittleEndian ? (size - 1, -1) : (0, 1)
            for index in 0..<count {
                for byte in 0..<3 { room[3 * index + byte] = source[size * index + first + step * byte] }
            }
        case (.floating, _):
            for index in 0..<count {
                let value = UInt32(bitPattern: Self.fixed(number(index, of: source)))
                for byte in 0..<3 { room[3 * index + byte] = UInt8(truncatingIfNeeded: value >> UInt32(16 - 8 * byte)) }
            }
        }
        return count * sentSize
    }

    private func number(_ index: Int, of source: UnsafeRawBufferPointer) -> Double {
        if size == 8 {
            let bits = source.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
            return Double(bitPattern: isLittleEndian ? UInt64(littleEndian: bits) : UInt64(bigEndian: bits))
        }
        let bits = source.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
        return Double(Float(bitPattern: isLittleEndian ? UInt32(littleEndian: bits) : UInt32(bigEndian: bits)))
    }

    /// Of 24 bits.
    private static func fixed(_ value: Double) -> Int32 {
        value.isNaN ? 0 : Int32(min(max((value * 8_388_608).rounded(), -8_388_608), 8_388_607))
    }
}

extension ByteBuffer {
    /// Adds samples as they are sent; what is no whole one is left out.
    mutating func write(_ samples: UnsafeRawBufferPointer, of numbers: StoredNumbers) {
        let length = samples.count / numbers.size * numbers.sentSize
        writeWithUnsafeMutableBytes(minimumWritableBytes: length) { numbers.write(samples, to: $0) }
    }
}
