import NIOCore

/// What one read of a source gave, or the few reads in which a picture came, for everyone: packets framed for
/// interleaving in one contiguous buffer.
///
///     $ 0 len  RTP of track 0 | $ 2 len  RTP of track 1 | $ 1 len  RTCP of track 0 | …
///
/// Canonical channels: RTP of track *i* on 2*i*, its RTCP on 2*i*+1. A viewer over TCP on the canonical channels is
/// written `bytes` as they stand; every other form is a `BurstVariants` made once per burst and shared.
package final class Burst: Sendable {
    /// One packet of the burst.
    package struct Entry: Sendable, Hashable {
        /// Offset of the packet (behind its four bytes of framing) in `bytes`.
        package let offset: Int
        /// Length of the packet in bytes, at most 65 535.
        package let length: Int
        package let track: Int
        /// An RTCP packet: a sender report of ours.
        package let isControl: Bool
        /// The marker bit of an RTP packet.
        package let endsAccessUnit: Bool
    }

    /// `$`, channel, length: RFC 2326 §10.12.
    package static let framingLength = 4

    package let bytes: ByteBuffer
    package let entries: [Entry]
    /// When the last of it was read from the source.
    package let arrival: NIODeadline
    /// A decoder can start with the first packet of this burst.
    package let startsGroup: Bool
    /// The rest of the last picture comes in a later burst.
    package let leavesPictureOpen: Bool
    /// Sender reports of ours are among the packets.
    package let holdsReports: Bool
    /// By how many nanoseconds the wall clock was ahead of what the stream's sender reports tell of these packets: their time stands
    /// still while the source is away.
    package let reportLag: Int64

    package init(
        bytes: ByteBuffer, entries: [Entry], arrival: NIODeadline, startsGroup: Bool, leavesPictureOpen: Bool = false,
        holdsReports: Bool = false, reportLag: Int64 = 0
    ) {
        self.bytes = bytes
        self.entries = entries
        self.arrival = arrival
        self.startsGroup = startsGroup
        self.leavesPictureOpen = leavesPictureOpen
        self.holdsReports = holdsReports
        self.reportLag = reportLag
    }

    /// The burst up to the end of the first access unit that ends in it on `track`; `nil` where none does.
    package func throughAccessUnit(of track: Int) -> Burst? {
        let end = entries.firstIndex { $0.track == track && !$0.isControl && $0.endsAccessUnit }
        guard let end, let slice = bytes.getSlice(at: 0, length: entries[end].offset + entries[end].length) else {
            return nil
        }
        return Burst(
            bytes: slice, entries: Array(entries[...end]), arrival: arrival, startsGroup: startsGroup,
            holdsReports: holdsReports, reportLag: reportLag
        )
    }

    /// Framed size in bytes.
    package var byteCount: Int { bytes.readableBytes }
}
