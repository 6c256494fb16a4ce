import NIOCore

/// What `esds` says of a stream of MPEG-4 (ISO/IEC 14496-1 §7.2.6.5, 14496-14 §5.6).
///
/// ```
/// | 03 | length | ES id: 16 | flags: 8 | …
///      | 04 | length | object type: 8 | … 24 | most 32 | average bits a second: 32 |
///           | 05 | length | what a decoder has to know …
/// ```
/// A length is 1 to 4 bytes of 7 bits each.
struct ElementaryStreamDescriptor: Sendable, Hashable {
    /// What the stream is: 0x20 MPEG-4 Visual, 0x40 AAC, 0x6B MP3 … (the registry of MP4RA).
    let objectType: UInt8
    /// Bits a second; `nil` where it is not told.
    let averageBitRate: Int?
    /// Empty where there is none.
    let specific: [UInt8]

    /// In kbit/s, as `b=AS` has it.
    var bandwidth: Int? { averageBitRate.map { max(1, $0 / 1000) } }

    /// More than any decoder asks for, and than a session description should hold.
    private static let mostSpecific = 4096

    /// Parses the body of an `esds` box. `nil` where it is cut short or something else.
    init?(parsing box: ByteBuffer) {
        var box = box
        guard box.readInteger(as: UInt32.self) != nil, var stream = Self.descriptor(0x03, in: &box),
            stream.readInteger(as: UInt16.self) != nil, let flags = stream.readInteger(as: UInt8.self),
            Self.skipFields(flags, of: &stream), var decoder = Self.descriptor(0x04, in: &stream),
            let (object, _, _, average) = decoder.readMultipleIntegers(as: (UInt8, UInt32, UInt32, UInt32).self)
        else { return nil }
        objectType = object
        averageBitRate = average == 0 || average == .max ? nil : Int(average)
        let found = Self.descriptor(0x05, in: &decoder)
        specific = found.map { Array($0.readableBytesView.prefix(Self.mostSpecific)) } ?? []
    }

    /// The stream this depends on, a URL, the stream of its clock.
    private static func skipFields(_ flags: UInt8, of stream: inout ByteBuffer) -> Bool {
        if flags & 0x80 != 0, stream.readInteger(as: UInt16.self) == nil { return false }
        if flags & 0x40 != 0 {
            guard let length = stream.readInteger(as: UInt8.self), stream.readSlice(length: Int(length)) != nil else {
                return false
            }
        }
        if flags & 0x20 != 0, stream.readInteger(as: UInt16.self) == nil { return false }
        return true
    }

    /// The next descriptor if it has that tag. One longer than what it stands in ends with that: writers count wrong.
    private static func descriptor(_ tag: UInt8, in bytes: inout ByteBuffer) -> ByteBuffer? {
        guard bytes.readInteger(as: UInt8.self) == tag else { return nil }
        var length = 0
        for _ in 0..<4 {
            guard let byte = bytes.readInteger(as: UInt8.self) else { return nil }
            length = length << 7 | Int(byte & 0x7F)
            if byte & 0x80 == 0 { break }
        }
        return bytes.readSlice(length: min(length, bytes.readableBytes))
    }
}
