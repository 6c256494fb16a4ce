/// What the headers of one track's packets have in common, and what runs on from packet to packet.
package struct PacketHeading: Sendable, Hashable {
    /// Of the viewer's transport, for packets that are interleaved (RFC 2326 §10.12); else of no meaning.
    package var channel: UInt8
    package var ssrc: UInt32
    /// Of the next packet.
    package var sequenceNumber: UInt16
    /// The moment of the movie, in units of the RTP clock, that `timestampOrigin` stands for.
    package var mediaOrigin: Int64
    package var timestampOrigin: UInt32
    /// RTP time runs so many times slower than the movie's (RFC 2326 §12.34): 2 is twice the speed, -1 is backwards.
    package var scale: Double

    package init(
        channel: UInt8, ssrc: UInt32, sequenceNumber: UInt16, mediaOrigin: Int64 = 0, timestampOrigin: UInt32,
        scale: Double = 1
    ) {
        self.channel = channel
        self.ssrc = ssrc
        self.sequenceNumber = sequenceNumber
        self.mediaOrigin = mediaOrigin
        self.timestampOrigin = timestampOrigin
        self.scale = scale
    }

    /// The RTP timestamp of a moment of the movie, in units of the RTP clock.
    package func timestamp(at media: Int64) -> UInt32 {
        let elapsed = media &- mediaOrigin
        guard scale != 1 else { return timestampOrigin &+ UInt32(truncatingIfNeeded: elapsed) }
        let scaled = (Double(elapsed) / scale).rounded()
        return timestampOrigin &+ UInt32(truncatingIfNeeded: Int64(exactly: scaled) ?? 0)
    }
}
