import NIOCore

/// A sample of a hint track: the recipe for the packets of one moment (ISO/IEC 14496-12 §9.1.3.1; QuickTime File Format, "Hint
/// Track Sample Data").
///
/// ```
/// ┌───────────────┬───────────────┬────────────────────────────────┬───────────────────────────┐
/// │ packets: 16   │ reserved: 16  │ packets, one behind the other  │ payload they may refer to │
/// └───────────────┴───────────────┴────────────────────────────────┴───────────────────────────┘
/// ```
/// Read packet by packet, without a copy: a slice of the file's bytes goes in. A sample of no packets is nothing to send.
package struct HintSample: Sendable {
    private static let headerLength = 4

    /// What came of asking for the next packet.
    package enum Step: Sendable, Hashable {
        case packet(HintPacket)
        /// All packets have been read.
        case end
        /// The rest makes no sense: it is longer than the sample, or says less than a packet has.
        case damaged
    }

    /// The whole sample, with what stands behind its packets; or the beginning of it.
    package let bytes: ByteBuffer
    /// As the sample tells it.
    package let packetCount: Int

    private let length: Int
    private var remaining: Int
    private var offset = HintSample.headerLength

    /// A sample too short to tell its packets has none. `length` is that of the whole sample, where `bytes` is the beginning.
    package init(_ bytes: ByteBuffer, length: Int? = nil) {
        self.bytes = bytes
        self.length = length ?? bytes.readableBytes
        packetCount = bytes.integer(at: 0, as: UInt16.self).map(Int.init) ?? 0
        remaining = packetCount
    }

    /// Reads the next packet; where the sample is damaged, nothing comes any more.
    package mutating func next() -> Step {
        guard remaining > 0 else { return .end }
        guard let packet = HintPacket(in: bytes, length: length, at: offset) else {
            remaining = 0
            return .damaged
        }
        remaining -= 1
        offset = packet.end
        return .packet(packet)
    }

    /// The constructor at `index` of a packet of this sample; `nil` beyond the last one.
    package func constructor(_ index: Int, of packet: HintPacket) -> HintConstructor? {
        guard index >= 0, index < packet.constructorCount else { return nil }
        return HintConstructor(in: bytes, at: packet.constructorsOffset + index * HintConstructor.length)
    }

    /// Whether there is a packet in it that makes sense.
    var sendsPackets: Bool {
        var rest = self
        if case .packet = rest.next() { return true }
        return false
    }

    /// The first piece of a packet that is out of another track; `nil` where every byte stands in the hint track.
    package func firstMediaSample() -> HintConstructor.SampleReference? {
        var rest = self
        while case .packet(let packet) = rest.next() {
            for index in 0..<packet.constructorCount {
                guard let constructor = constructor(index, of: packet) else { return nil }
                if case .sample(let reference) = constructor, reference.track >= 0 { return reference }
            }
        }
        return nil
    }
}

extension ByteBuffer {
    /// A big-endian integer `offset` bytes behind the reader index; `nil` where it is not all there.
    func integer<Integer: FixedWidthInteger>(at offset: Int, as type: Integer.Type) -> Integer? {
        getInteger(at: readerIndex + offset, as: type)
    }
}
