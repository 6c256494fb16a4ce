import NIOCore

/// One packet of a hint sample: what its header is made of, and where its constructors stand.
///
/// ```
/// ┌──────────────────────────────────────────────────────────────────┐
/// │ relative time, signed: 32                                        │
/// ├─────┬───┬───┬─────────┬───┬───────────────┬──────────────────────┤
/// │ V 2 │ P │ X │ CC: 4   │ M │ payload type 7│ sequence number: 16  │
/// ├─────┴───┴───┴─────────┴───┴───────────────┼──────────────────────┤
/// │ 0: 13, extra, disposable, repeat          │ constructors: 16     │
/// ├───────────────────────────────────────────┴──────────────────────┤
/// │ extra: length of all of it: 32, then boxes padded to 4 bytes     │
/// ├──────────────────────────────────────────────────────────────────┤
/// │ constructors, 16 bytes each                                      │
/// └──────────────────────────────────────────────────────────────────┘
/// ```
/// Some writers leave the version out, and some store the one of RTP; it is not looked at, nor are contributing sources.
package struct HintPacket: Sendable, Hashable {
    /// When to send it, from the time of its sample on, in the hint track's timescale. It says nothing of the RTP timestamp.
    package let relativeTime: Int32
    /// What is added to the time of the sample to make the timestamp, in units of the RTP clock (`rtpo`).
    package let timestampOffset: Int32
    /// As the hinter counted; whoever sends has numbers of its own.
    package let sequenceNumber: UInt16
    /// 0–127.
    package let payloadType: UInt8
    package let marker: Bool
    /// The payload ends in padding, which the constructors bring (RFC 3550 §5.1).
    package let hasPadding: Bool
    /// The payload begins with a header extension, which the constructors bring.
    package let hasExtension: Bool
    /// No other packet needs it: a B picture.
    package let isDisposable: Bool
    /// One sent before, again.
    package let isRepeated: Bool
    package let constructorCount: Int

    /// From the beginning of the sample, in bytes.
    let constructorsOffset: Int
    /// Where the next packet begins.
    let end: Int

    private static let headerLength = 12
    /// `rtpo`.
    private static let timestampOffsetType: UInt32 = 0x7274_706F

    /// `nil` where it is not all inside of the sample, of which `sample` may be the beginning; `length` is that of all of it.
    init?(in sample: ByteBuffer, length: Int, at offset: Int) {
        guard let first = sample.integer(at: offset, as: UInt64.self),
            let second = sample.integer(at: offset + 8, as: UInt32.self)
        else { return nil }
        let bits = UInt16(truncatingIfNeeded: first >> 16)
        relativeTime = Int32(truncatingIfNeeded: first >> 32)
        hasPadding = bits & 0x2000 != 0
        hasExtension = bits & 0x1000 != 0
        marker = bits & 0x80 != 0
        payloadType = UInt8(bits & 0x7F)
        sequenceNumber = UInt16(truncatingIfNeeded: first)
        let flags = second >> 16
        isDisposable = flags & 2 != 0
        isRepeated = flags & 1 != 0
        constructorCount = Int(second & 0xFFFF)

        var place = offset + Self.headerLength
        var timestampOffset: Int32 = 0
        if flags & 4 != 0 {
            guard let extra = sample.integer(at: place, as: UInt32.self).map(Int.init), extra >= 4,
                extra <= sample.readableBytes - place
            else { return nil }
            timestampOffset = Self.timestampOffset(in: sample, from: place + 4, to: place + extra)
            place += extra
        }
        self.timestampOffset = timestampOffset
        constructorsOffset = place
        end = place + constructorCount * HintConstructor.length
        guard end <= length else { return nil }
    }

    /// The first `rtpo` of the boxes that stand there; others are skipped, and what is no box ends them.
    private static func timestampOffset(in sample: ByteBuffer, from start: Int, to end: Int) -> Int32 {
        var place = start
        while end - place >= 8, let head = sample.integer(at: place, as: UInt64.self) {
            let size = Int(head >> 32)
            guard size >= 8, size <= end - place else { return 0 }
            if UInt32(truncatingIfNeeded: head) == timestampOffsetType, size >= 12 {
                return sample.integer(at: place + 8, as: Int32.self) ?? 0
            }
            place += (size + 3) & ~3
        }
        return 0
    }
}
