import NIOCore
import RTSP

/// How the packets of one track reach a viewer.
package enum DeliveryRoute: Sendable, Hashable {
    /// On the RTSP connection, RTP and RTCP on a channel each.
    case interleaved(ChannelPair)
    /// As datagrams to the viewer's two ports.
    case datagrams(rtp: SocketAddress, rtcp: SocketAddress)
}

/// Where a viewer's playback begins: what RTP-Info tells (RFC 2326 §12.33).
package struct PlayStart: Sendable, Hashable {
    /// Sequence number and timestamp of a track's very first packet.
    package struct FirstPacket: Sendable, Hashable {
        package var sequenceNumber: UInt16
        package var timestamp: UInt32

        package init(sequenceNumber: UInt16, timestamp: UInt32) {
            self.sequenceNumber = sequenceNumber
            self.timestamp = timestamp
        }
    }

    /// By track index; a track that has sent nothing yet is not among them.
    package var tracks: [Int: FirstPacket]

    package init(tracks: [Int: FirstPacket] = [:]) {
        self.tracks = tracks
    }
}

/// What one viewer was sent.
package struct DeliveryCounters: Sendable, Hashable {
    /// RTP and RTCP packets.
    package var packets: UInt64 = 0
    /// Bytes as handed to the socket, framing of interleaved packets included.
    package var bytes: UInt64 = 0
    /// Times that a viewer who did not keep up lost its place up to the next random access point.
    package var skips: UInt64 = 0
    /// Bursts that were not sent because of that.
    package var skippedBursts: UInt64 = 0

    package init() {}
}
