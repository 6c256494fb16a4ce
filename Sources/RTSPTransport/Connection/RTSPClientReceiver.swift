import Media
import NIOCore
import RTSP

/// Who takes what a client connection receives. Confined to the connection's loop, and called only there.
package protocol RTSPClientReceiver: AnyObject {
    /// The TCP connection stands; the conversation begins.
    func connected(to peer: SocketAddress)
    /// The server told that it is a relay, and then which others the stream comes through.
    func comesThrough(_ relays: RelayChain)
    /// These tracks are about to play: from now on packets may come, each with its place in `tracks`.
    func prepared(_ tracks: [PlayClientTrack])
    /// PLAY is answered.
    func playing(_ session: PlayClientSession)
    /// What came for a track; `isControl` tells the channel or port, which some cameras mix up (quirk G5).
    func received(_ packet: ByteBuffer, track: Int, isControl: Bool, at arrival: NIODeadline)
    /// A picture has come in part, and somebody waits for it: the connection may read on before it ends the read cycle.
    var awaitsRest: Bool { get }
    /// One read cycle of one socket is over.
    func readEnded(at now: NIODeadline)
    /// The last call.
    func ended(_ end: RTSPClientEnd)
}

/// Why a client connection ended.
package enum RTSPClientEnd: Error, Sendable, Hashable {
    /// By `stop()`.
    case stopped
    /// No connection: refused, no route, no such name, or no answer in time.
    case unreachable(reason: String)
    /// The connection stood, and TLS did not.
    case insecure(TLSFailure)
    /// The server closed the connection.
    case closed
    /// The server asks again and again, and does not read the answers.
    case deaf
    /// The server wants to be asked elsewhere.
    case redirected(RTSPURL)
    case conversation(PlayClientError)
    /// The HTTP tunnel does not open, or holds no longer.
    case tunnel(TunnelError)
    case malformed(RTSPParsingError)
    /// UDP ports could not be opened.
    case noPorts(reason: String)
    /// The group that the server sends to cannot be listened to; the reason says what to do.
    case noGroup(reason: String)
}

/// What a client connection did not pass on.
package struct RTSPClientCounters: Sendable, Hashable {
    /// Frames on channels nobody set up (quirk G4).
    package var strayFrames: UInt64 = 0
    /// Bytes that were no message (quirks A15, G1).
    package var discardedBytes: UInt64 = 0
    /// Datagrams of other hosts or ports.
    package var foreignDatagrams: UInt64 = 0
    /// Datagrams longer than their buffer (quirk H12).
    package var truncatedDatagrams: UInt64 = 0
}
