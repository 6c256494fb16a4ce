import Media
import NIOCore

/// The body of a tunnel's POST: Base64 (RFC 4648 §4) in blocks, each with padding of its own, split anywhere (quirk L3).
///
///     T1BUSU9OUyAqIFJUU1AvMS4wDQo=Q1NlcTogMQ0KDQo=
///     └─────── one block ────────┘└── the next ──┘
///
/// A byte is given out as soon as its bits are there, so a block without padding at the end of a POST is whole too.
/// White space is passed over anywhere.
package struct TunnelBase64: Sendable {
    /// A byte that has no place in Base64, or padding where there is nothing to pad.
    package struct Malformed: Error, Sendable, Hashable {}

    private static let invalid: UInt8 = 0xFF
    private static let space: UInt8 = 0xFE
    private static let padding: UInt8 = 0xFD

    /// The value of each byte as a digit, or one of the three above.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: invalid, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, byte) in alphabet.utf8.enumerated() { values[Int(byte)] = UInt8(value) }
        for byte in [UInt8.carriageReturn, .lineFeed, 0x20, 0x09] { values[Int(byte)] = space }
        values[Int(UInt8(ascii: "="))] = padding
        return values
    }()

    /// The digits of the quantum under way, 0 to 3 of them.
    private var digits = 0
    private var bits: UInt32 = 0
    /// The first of two padding bytes was read.
    private var awaitsPadding = false

    package init() {}

    /// The bytes behind what is readable in `text`. After an error there is no way on.
    package mutating func decode(_ text: ByteBuffer) throws(Malformed) -> ByteBuffer {
        var output = ByteBufferAllocator().buffer(capacity: text.readableBytes / 4 * 3 + 3)
        var decoder = self
        var isSound = true
        text.withUnsafeReadableBytes { input in
            _ = output.writeWithUnsafeMutableBytes(minimumWritableBytes: input.count / 4 * 3 + 3) { space in
                var written = 0
                for byte in input {
                    guard decoder.take(Self.values[Int(byte)], into: space, at: &written) else {
                        isSound = false
                        break
                    }
                }
                return written
            }
        }
        self = decoder
        guard isSound else { throw Malformed() }
        return output
    }

    /// False where `value` cannot stand here.
    private mutating func take(_ value: UInt8, into space: UnsafeMutableRawBufferPointer, at place: inout Int) -> Bool {
        switch value {
        case Self.invalid: return false
        case Self.space: return true
        case Self.padding:
            guard digits >= 2 else { return false }
            let ends = digits == 3 || awaitsPadding
            awaitsPadding = !ends
            if ends { digits = 0 }
            return true
        default:
            guard !awaitsPadding else { return false }
            bits = bits << 6 | UInt32(value)
            digits += 1
            // Of 6 bits a digit, 8 a byte are given out: what remains are 4, 2 and 0.
            if digits > 1 {
                space[place] = UInt8(truncatingIfNeeded: bits >> UInt32(8 - 2 * digits))
                place += 1
            }
            if digits == 4 { digits = 0 }
            return true
        }
    }

    /// `bytes` as one padded block.
    package static func encode(_ bytes: ByteBuffer) -> ByteBuffer {
        ByteBuffer(string: Base64.encode(Array(bytes.readableBytesView)))
    }
}
