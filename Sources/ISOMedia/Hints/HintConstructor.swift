import NIOCore

/// One piece of a packet's payload: what it is copied from (ISO/IEC 14496-12 §9.1.3.2).
///
/// ```
/// 0 │ nothing: 120                                                                         │
/// 1 │ length: 8  │ data: 14 bytes                                                          │
/// 2 │ track: s8  │ length: 16 │ sample: 32      │ offset: 32 │ bytes a block │ samples a block │
/// 3 │ track: s8  │ length: 16 │ description: 32 │ offset: 32 │ reserved: 32                    │
/// ```
package enum HintConstructor: Sendable, Hashable {
    /// Bytes of a sample, of the hint track itself or of a track that it refers to.
    package struct SampleReference: Sendable, Hashable {
        /// The place among the references of the hint track, from 0; -1 is the hint track itself.
        package let track: Int
        /// In bytes.
        package let length: Int
        /// From 1.
        package let sample: Int
        /// In bytes from the beginning of the sample.
        package let offset: Int
        /// Of compressed sound that is counted in samples and kept in blocks: how long a block is, in bytes.
        package let bytesPerBlock: Int
        /// And how many samples it has. 1 and 1 where there are no blocks.
        package let samplesPerBlock: Int

        /// Whether sound is kept in blocks of several bytes or samples.
        package var hasBlocks: Bool { bytesPerBlock > 1 || samplesPerBlock > 1 }
    }

    /// Bytes of a sample description, counted from the beginning of its box.
    package struct DescriptionReference: Sendable, Hashable {
        package let track: Int
        package let length: Int
        /// From 1.
        package let description: Int
        package let offset: Int
    }

    case nothing
    /// Bytes that stand in the constructor; `offset` from the beginning of the hint sample.
    case immediate(offset: Int, length: Int)
    case sample(SampleReference)
    case description(DescriptionReference)
    /// A kind that nobody has defined, or more immediate data than there is room for.
    case invalid

    static let length = 16
    private static let mostImmediateBytes = 14

    /// `nil` where it is not all inside of the sample.
    init?(in sample: ByteBuffer, at offset: Int) {
        guard let first = sample.integer(at: offset, as: UInt64.self),
            let second = sample.integer(at: offset + 8, as: UInt64.self)
        else { return nil }
        let track = Int(Int8(truncatingIfNeeded: first >> 48))
        let length = Int(first >> 32 & 0xFFFF)
        let number = Int(first & 0xFFFF_FFFF)
        let place = Int(second >> 32)
        switch first >> 56 {
        case 0:
            self = .nothing
        case 1:
            let length = Int(first >> 48 & 0xFF)
            self = length > Self.mostImmediateBytes ? .invalid : .immediate(offset: offset + 2, length: length)
        case 2:
            // GPAC and QuickTime write 0 where there are no blocks, others 1.
            self = .sample(
                SampleReference(
                    track: track, length: length, sample: number, offset: place,
                    bytesPerBlock: max(1, Int(second >> 16 & 0xFFFF)), samplesPerBlock: max(1, Int(second & 0xFFFF))
                ))
        case 3:
            self = .description(
                DescriptionReference(track: track, length: length, description: number, offset: place))
        default:
            self = .invalid
        }
    }
}
