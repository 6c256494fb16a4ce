import Media
import NIOCore
import RTSP

/// Who publishes over a record connection. Confined to the connection's loop, and called only there.
package protocol RTSPRecordSource: AnyObject {
    /// The TCP connection stands; what is to be announced, seen from `local`.
    func connected(to peer: SocketAddress, from local: SocketAddress) -> SessionDescription
    /// RECORD is answered: packets may go out.
    func recording(_ session: RecordClientSession, over paths: RTSPRecordPaths)
    /// RTCP of the server; `track` is a place in the description.
    func received(_ report: ByteBuffer, track: Int)
    /// The last call.
    func ended(_ end: RTSPRecordEnd)
}

/// Where packets go out once a server records.
package struct RTSPRecordPaths {
    /// For interleaved tracks.
    package let writer: InterleavedWriter
    /// For tracks that go as datagrams, by their places in the description; they are closed with the connection.
    package let sockets: [Int: DatagramSocketPair]
    /// The server's address; its ports are those of SETUP.
    package let server: SocketAddress
}

/// Why a record connection ended.
package enum RTSPRecordEnd: Error, Sendable, Hashable {
    /// By `stop()`.
    case stopped
    /// No connection: refused, no route, no such name, or no answer in time.
    case unreachable(reason: String)
    /// The connection stood, and TLS did not.
    case insecure(TLSFailure)
    /// The server closed the connection.
    case closed
    /// The server broke the connection off without closing it.
    case reset
    /// What we sent was taken by nobody for a while: the server stopped reading, or is gone.
    case unacknowledged
    /// The server asks again and again, and does not read the answers.
    case deaf
    /// The server wants to be asked elsewhere.
    case redirected(RTSPURL)
    case conversation(RecordClientError)
    case malformed(RTSPParsingError)
    /// UDP ports could not be opened.
    case noPorts(reason: String)
}
