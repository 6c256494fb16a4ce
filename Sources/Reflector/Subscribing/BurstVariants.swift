import NIOCore

/// The other forms of a burst: with other channel numbers, for a part of the tracks, or as datagrams without framing.
///
/// Confined to one loop and used again for every burst; each form is made when the first subscriber asks and shared by the others.
package final class BurstVariants {
    private var burst: Burst?
    private var framed: [(channels: ChannelMap, variant: FramedBurst)] = []
    private var datagrams = DatagramBurst()
    private var hasDatagrams = false

    package init() {}

    /// Turns to another burst.
    package func load(_ burst: Burst) {
        self.burst = burst
        framed.removeAll(keepingCapacity: true)
        hasDatagrams = false
    }

    /// The burst framed for these channels; empty if none of its packets is for them.
    package func framed(for channels: ChannelMap) -> FramedBurst {
        guard let burst else { return FramedBurst(bytes: ByteBuffer(), packets: 0) }
        if channels.isCanonical { return channels.framing(burst) }
        for index in framed.indices where framed[index].channels == channels { return framed[index].variant }
        let variant = channels.framing(burst)
        framed.append((channels, variant))
        return variant
    }

    /// The burst as runs of datagrams.
    package func datagramBurst() -> DatagramBurst {
        if !hasDatagrams, let burst {
            datagrams = DatagramBurst(burst)
            hasDatagrams = true
        }
        return datagrams
    }
}

/// A burst framed for the channels of some viewers.
package struct FramedBurst: Sendable {
    package let bytes: ByteBuffer
    package let packets: Int
}

/// Which interleaved channel each track goes to (RFC 2326 §10.12).
package struct ChannelMap: Sendable, Hashable {
    /// RTP and RTCP channel of a track.
    package struct Channels: Sendable, Hashable {
        package var rtp: UInt8
        package var rtcp: UInt8

        package init(rtp: UInt8, rtcp: UInt8) {
            self.rtp = rtp
            self.rtcp = rtcp
        }
    }

    /// By track index; `nil` for a track that is not wanted.
    package let channels: [Channels?]
    /// Every track on its canonical channels: bursts go out as they stand.
    package let isCanonical: Bool

    package init(_ channels: [Channels?]) {
        self.channels = channels
        isCanonical = channels.enumerated().allSatisfy { index, pair in
            pair.map { Int($0.rtp) == 2 * index && Int($0.rtcp) == 2 * index + 1 } ?? false
        }
    }

    /// A burst framed for these channels: its own bytes where they are the canonical ones, else a copy.
    package func framing(_ burst: Burst) -> FramedBurst {
        if isCanonical { return FramedBurst(bytes: burst.bytes, packets: burst.entries.count) }
        var packets = 0
        var bytes = ByteBufferAllocator().buffer(capacity: burst.byteCount)
        for entry in burst.entries {
            guard entry.track < channels.count, let pair = channels[entry.track] else { continue }
            bytes.writeInteger(0x2400 | UInt16(entry.isControl ? pair.rtcp : pair.rtp))
            bytes.writeInteger(UInt16(truncatingIfNeeded: entry.length))
            bytes.writeImmutableBuffer(burst.packet(entry))
            packets += 1
        }
        return FramedBurst(bytes: bytes, packets: packets)
    }
}

/// A burst as datagrams: packets of one track without framing, in runs that one send with segmentation offload can carry.
package struct DatagramBurst: Sendable {
    /// Packets of equal size, but for the last, which may be shorter.
    package struct Run: Sendable, Hashable {
        package let track: Int
        package let isControl: Bool
        /// Range in `bytes`.
        package let offset: Int
        package fileprivate(set) var length: Int
        /// Size of each packet but the last.
        package let segmentSize: Int
        package fileprivate(set) var packets: Int
    }

    /// The kernel takes at most 64 segments, and one UDP datagram's worth of bytes, a send.
    static let segmentLimit = 64
    static let byteLimit = 65_000

    package private(set) var bytes = ByteBuffer()
    package private(set) var runs: [Run] = []

    init() {}

    package init(_ burst: Burst) {
        self.init(burst, packets: burst.entries.indices)
    }

    /// Of a part of the burst's packets, by their place in its entries.
    package init(_ burst: Burst, packets: Range<Int>) {
        let entries = burst.entries[packets]
        bytes = ByteBufferAllocator().buffer(capacity: entries.reduce(0) { $0 + $1.length })
        var open = true
        for entry in entries {
            if open, let last = runs.indices.last, runs[last].accepts(entry) {
                open = entry.length == runs[last].segmentSize
                runs[last].length += entry.length
                runs[last].packets += 1
            } else {
                open = true
                runs.append(
                    Run(
                        track: entry.track, isControl: entry.isControl, offset: bytes.writerIndex, length: entry.length,
                        segmentSize: entry.length, packets: 1
                    )
                )
            }
            bytes.writeImmutableBuffer(burst.packet(entry))
        }
    }

    /// The bytes of a run's packets.
    package func packets(of run: Run) -> ByteBuffer {
        bytes.getSlice(at: run.offset, length: run.length) ?? ByteBuffer()
    }
}

extension DatagramBurst.Run {
    fileprivate func accepts(_ entry: Burst.Entry) -> Bool {
        entry.track == track && entry.isControl == isControl && entry.length <= segmentSize
            && packets < DatagramBurst.segmentLimit && length + entry.length <= DatagramBurst.byteLimit
    }
}

extension Burst {
    /// The bytes of one packet, without framing.
    package func packet(_ entry: Entry) -> ByteBuffer {
        bytes.getSlice(at: entry.offset, length: entry.length) ?? ByteBuffer()
    }
}
