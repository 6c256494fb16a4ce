import NIOCore
import RTP

/// What a new viewer begins with: the group of pictures so far, drawn together just before the live edge.
///
/// The pictures keep their sequence numbers, so that the live packets go on behind them; their timestamps are pressed into
/// the last moments, so that the newest picture is on the screen at once and playback is not left behind by the age of the key frame.
/// Audio older than that is left out.
package final class StreamStart: Sendable {
    /// Sequence number and timestamp of a track's first packet.
    package struct FirstPacket: Sendable, Hashable {
        package let sequenceNumber: UInt16
        package let timestamp: UInt32
    }

    /// Pictures of the past are shown within this time before the live edge.
    static let window = TimeAmount.milliseconds(150)
    /// A group no older than this keeps its timestamps: nobody notices that he is so far behind, and a viewer who wakes a source on
    /// demand gets its first pictures as they are.
    static let shortGroup = TimeAmount.milliseconds(400)
    /// Size of the bursts that the start is cut into, in bytes. Blocks of this size are the kernel's own, so that they leave no holes
    /// among what the sessions keep, and of one that is filled in part the rest is never there.
    static let portion = 256 * 1024
    /// A start of more bytes is worth keeping for those who join a moment later: two hundred viewers a second would
    /// each have the home loop copy a group of up to 16 MB, and then hold a copy of their own.
    private static let costly = 1024 * 1024

    package let bursts: [Burst]
    /// By track index; `nil` for a track without a packet in the start.
    package let firstPackets: [FirstPacket?]
    /// Framed bytes.
    package let byteCount: Int
    /// Arrival of the newest picture that was drawn.
    private let edge: NIODeadline

    /// `pictureClocks`: RTP clock of each video track by index, `nil` for tracks that are not drawn together.
    /// `reports`: a fresh sender report per track, sent ahead.
    init(group: [Burst], pictureClocks: [Int?], reports: [(track: Int, packet: ByteBuffer)]) {
        let drawings = pictureClocks.enumerated().map { track, clock in
            clock.flatMap { TimestampDrawing(track: track, clockRate: $0, group: group) }
        }
        let edge = (group.last?.arrival ?? .uptimeNanoseconds(0)) - Self.window
        var firstPackets = [FirstPacket?](repeating: nil, count: pictureClocks.count)
        var builder = PacketCollector(pictureTrack: pictureClocks.firstIndex { $0 != nil })
        let live = group.last?.arrival ?? .uptimeNanoseconds(0)
        self.edge = live
        for report in reports { builder.append(report.packet, like: nil, track: report.track, at: live) }
        for burst in group {
            let isRecent = burst.arrival >= edge || burst === group.last
            for entry in burst.entries where !entry.isControl && entry.track < pictureClocks.count {
                guard pictureClocks[entry.track] != nil || isRecent else { continue }
                let packet = burst.packet(entry)
                let drawn = drawings[entry.track]?.draw(packet.rtpTimestamp)
                if firstPackets[entry.track] == nil {
                    firstPackets[entry.track] = FirstPacket(
                        sequenceNumber: packet.rtpSequenceNumber, timestamp: drawn ?? packet.rtpTimestamp
                    )
                }
                builder.append(packet, timestamp: drawn, like: entry, track: entry.track, at: burst.arrival)
            }
        }
        builder.cut()
        bursts = builder.bursts
        byteCount = bursts.reduce(0) { $0 + $1.byteCount }
        self.firstPackets = firstPackets
    }

    /// The group as it was sent, sound and older reports and all, behind a burst of its own with `reports`; nothing is copied.
    init(undrawn group: [Burst], tracks: Int, reports: [(track: Int, packet: ByteBuffer)]) {
        edge = group.last?.arrival ?? .uptimeNanoseconds(0)
        var builder = BurstBuilder()
        for (track, packet) in reports { builder.append(control: packet, track: track) }
        bursts = (builder.take(at: edge).map { [$0] } ?? []) + group
        byteCount = bursts.reduce(0) { $0 + $1.byteCount }
        firstPackets = group.reduce(into: [FirstPacket?](repeating: nil, count: tracks)) { $1.note(firstOf: &$0) }
    }

    private init(_ start: StreamStart, followedBy burst: Burst) {
        bursts = start.bursts + [burst]
        byteCount = start.byteCount + burst.byteCount
        edge = start.edge
        var firstPackets = start.firstPackets
        burst.note(firstOf: &firstPackets)
        self.firstPackets = firstPackets
    }

    /// The start of who joins behind `burst`; `nil` where a new one is due.
    func followed(by burst: Burst) -> StreamStart? {
        guard byteCount > Self.costly, !burst.startsGroup, burst.arrival - edge <= Self.window else { return nil }
        return StreamStart(self, followedBy: burst)
    }
}

/// The mapping of one video track's timestamps into the last moments before the live edge: linear, so that the order of
/// presentation stays, and never so tight that two pictures fall on one tick.
private struct TimestampDrawing {
    private let last: UInt32
    private let factor: Double

    init?(track: Int, clockRate: Int, group: [Burst]) {
        var first: UInt32?
        var newest: UInt32 = 0
        var previous: UInt32 = 0
        var pictures = 0
        for burst in group {
            for entry in burst.entries where entry.track == track && !entry.isControl {
                let timestamp = burst.packet(entry).rtpTimestamp
                if first == nil {
                    first = timestamp
                    newest = timestamp
                    pictures = 1
                } else if timestamp != previous {
                    pictures += 1
                }
                previous = timestamp
                if Int32(bitPattern: timestamp &- newest) > 0 { newest = timestamp }
            }
        }
        guard let first else { return nil }
        let span = Double(newest &- first)
        let window = max(Double(clockRate) * Double(StreamStart.window.nanoseconds) / 1e9, Double(2 * pictures))
        guard span > max(window, Double(clockRate) * Double(StreamStart.shortGroup.nanoseconds) / 1e9) else {
            return nil
        }
        last = newest
        factor = window / span
    }

    func draw(_ timestamp: UInt32) -> UInt32 {
        let age = Double(Int32(bitPattern: last &- timestamp)) * factor
        return last &- UInt32(truncatingIfNeeded: Int64(age.rounded()))
    }
}

/// Packets that have their headers already, collected into bursts.
private struct PacketCollector {
    /// The leading video track.
    let pictureTrack: Int?
    private(set) var bursts: [Burst] = []
    private var isMidPicture = false
    private var bytes = ByteBuffer()
    private var entries: [Burst.Entry] = []
    private var arrival = NIODeadline.uptimeNanoseconds(0)

    init(pictureTrack: Int?) {
        self.pictureTrack = pictureTrack
    }

    /// `timestamp` takes the place of the packet's own.
    mutating func append(
        _ packet: ByteBuffer, timestamp: UInt32? = nil, like entry: Burst.Entry?, track: Int, at arrival: NIODeadline
    ) {
        let isControl = entry == nil
        let length = packet.readableBytes + Burst.framingLength
        // Never beyond the portion: one byte more, and the buffer has twice its size.
        if bytes.readableBytes + length > StreamStart.portion { cut() }
        if let entry, track == pictureTrack { isMidPicture = !entry.endsAccessUnit }
        if entries.isEmpty { bytes = ByteBufferAllocator().buffer(capacity: StreamStart.portion) }
        self.arrival = arrival
        bytes.writeInteger(0x2400 | UInt16(truncatingIfNeeded: 2 * track + (isControl ? 1 : 0)))
        bytes.writeInteger(UInt16(truncatingIfNeeded: packet.readableBytes))
        entries.append(
            Burst.Entry(
                offset: bytes.writerIndex, length: packet.readableBytes, track: track, isControl: isControl,
                endsAccessUnit: entry?.endsAccessUnit ?? false
            )
        )
        let offset = bytes.writerIndex
        bytes.writeImmutableBuffer(packet)
        // Written here and not in the packet, whose bytes are the ring's: that would copy them once more.
        if let timestamp { bytes.setInteger(timestamp, at: offset + 4) }
    }

    mutating func cut() {
        guard !entries.isEmpty else { return }
        bursts.append(
            Burst(
                bytes: bytes, entries: entries, arrival: arrival, startsGroup: bursts.isEmpty,
                leavesPictureOpen: isMidPicture, holdsReports: entries.contains(where: \.isControl)
            )
        )
        bytes = ByteBuffer()
        entries = []
    }
}

extension Burst {
    /// The first packets of tracks that have none yet.
    fileprivate func note(firstOf tracks: inout [StreamStart.FirstPacket?]) {
        for entry in entries where !entry.isControl && entry.track < tracks.count && tracks[entry.track] == nil {
            let packet = packet(entry)
            tracks[entry.track] = StreamStart.FirstPacket(
                sequenceNumber: packet.rtpSequenceNumber, timestamp: packet.rtpTimestamp)
        }
    }
}

extension ByteBuffer {
    /// Bytes 2–3 of an RTP packet, bytes 4–7 of an RTP packet: RFC 3550 §5.1.
    fileprivate var rtpSequenceNumber: UInt16 {
        getInteger(at: readerIndex + 2) ?? 0
    }

    fileprivate var rtpTimestamp: UInt32 {
        getInteger(at: readerIndex + 4) ?? 0
    }
}
