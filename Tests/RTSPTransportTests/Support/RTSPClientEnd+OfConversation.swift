import Media
import NIOCore
import RTSP
import Synchronization
import Testing

@testable import RTSPTransport

extension RTSPClientEnd {
    /// How a conversation with the server at that URL ends.
    static func ofConversation(
        with url: RTSPURL, tls: ClientTLS = ClientTLS(), webSocketPath: String? = nil,
        patience: RTSPClientConnection.Patience = .init(), on loop: any EventLoop
    ) async throws -> RTSPClientEnd? {
        let receiver = EndReceiver()
        let kept = try await loop.submit {
            let connection = RTSPClientConnection(
                .init(url: url, transport: .tcp, clientNonce: "0123456789abcdef"), tls: tls,
                webSocketPath: webSocketPath, patience: patience, receiver: receiver, on: loop)
            return (NIOLoopBound(connection, eventLoop: loop), connection.start())
        }.get()
        try await kept.1.get()
        try await eventually("the conversation ends") { receiver.ended != nil }
        return receiver.ended
    }
}

/// Hears of nothing but the end.
private final class EndReceiver: RTSPClientReceiver, Sendable {
    private let end = Mutex<RTSPClientEnd?>(nil)
    var ended: RTSPClientEnd? { end.withLock { $0 } }

    func connected(to peer: SocketAddress) {}
    func comesThrough(_ relays: RelayChain) {}
    func prepared(_ tracks: [PlayClientTrack]) {}
    func playing(_ session: PlayClientSession) {}
    func received(_ packet: ByteBuffer, track: Int, isControl: Bool, at arrival: NIODeadline) {}
    var awaitsRest: Bool { false }
    func readEnded(at now: NIODeadline) {}
    func ended(_ end: RTSPClientEnd) { self.end.withLock { $0 = end } }
}
