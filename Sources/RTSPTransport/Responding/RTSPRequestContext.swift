import Logging
import NIOCore

/// What a request comes with: who asks, and the paths media can take back to him (loop-confined).
package struct RTSPRequestContext {
    /// The peer's end of the RTSP connection; an IPv4 peer has an IPv4 address also on a dual-stack socket.
    package let peer: SocketAddress
    /// Our end of the RTSP connection.
    package let local: SocketAddress
    /// The loop of the connection.
    package let eventLoop: any EventLoop
    /// Carries the peer as metadata.
    package let logger: Logger
    /// The connection itself, for interleaved media.
    package let writer: InterleavedWriter
    /// The media sockets of this loop; nil where media over UDP is not configured.
    package let datagrams: DatagramSocketPair?
    /// Media have to stay within the connection: beside TLS all could read them, and who comes through HTTP has no other way.
    package let keepsMedia: Bool
    /// Tells the connection of the sessions that hang on it.
    package let control: ConnectionControl

    /// Puts a context together; connections do, and tests of responders.
    package init(
        peer: SocketAddress,
        local: SocketAddress,
        eventLoop: any EventLoop,
        logger: Logger,
        writer: InterleavedWriter,
        datagrams: DatagramSocketPair?,
        keepsMedia: Bool = false,
        control: ConnectionControl
    ) {
        self.peer = peer
        self.local = local
        self.eventLoop = eventLoop
        self.logger = logger
        self.writer = writer
        self.datagrams = datagrams
        self.keepsMedia = keepsMedia
        self.control = control
    }
}
