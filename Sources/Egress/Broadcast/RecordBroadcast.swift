import Media
import NIOCore
import RTP
import RTSP
import RTSPTransport
import Reflector

/// One conversation with a server that a movie is announced to (loop-confined; one-shot).
final class RecordBroadcast: RTSPRecordSource {
    struct Request: Sendable {
        var url: RTSPURL
        var tls: ClientTLS
        var transport: TransportSpecification.LowerTransport
        /// Of the session that is announced.
        var identifier: UInt64
    }

    /// One that is under way may still be answered.
    private static let mostMissedKeepalives = 3
    private static let look = TimeAmount.seconds(1)

    private let broadcaster: MovieBroadcaster
    private let request: Request
    private let eventLoop: any EventLoop
    private let promise: EventLoopPromise<BroadcastError?>
    private var connection: RTSPRecordConnection?
    private var broadcast: MovieBroadcast?
    private var timer: RepeatedTask?
    /// Decided before the connection has ended: `nil` inside is the movie's end.
    private var outcome: BroadcastError??

    init(_ broadcaster: MovieBroadcaster, _ request: Request) {
        self.broadcaster = broadcaster
        self.request = request
        eventLoop = broadcaster.eventLoop
        promise = eventLoop.makePromise()
    }

    /// Comes once, and never fails.
    var ended: EventLoopFuture<BroadcastError?> { promise.futureResult }

    func start() {
        let conversation = RecordClientStateMachine.Request(
            url: request.url, transport: request.transport,
            clientNonce: String(UInt64.random(in: .min ... .max), radix: 16))
        let connection = RTSPRecordConnection(conversation, tls: request.tls, source: self, on: eventLoop)
        self.connection = connection
        connection.start().assumeIsolated().whenComplete { _ in }
    }

    /// The server is told by BYE and TEARDOWN.
    func stop() {
        leave(nil)
    }

    private func leave(_ error: BroadcastError?) {
        if outcome == nil { outcome = .some(error) }
        broadcast?.stop()
        connection?.stop()
    }

    // MARK: The connection's calls

    func connected(to peer: SocketAddress, from local: SocketAddress) -> SessionDescription {
        broadcaster.program.announcement(
            title: broadcaster.title, identifier: request.identifier, from: local.unmapped.ipAddress ?? "0.0.0.0")
    }

    func recording(_ session: RecordClientSession, over paths: RTSPRecordPaths) {
        var routes: [Int: MovieRoute] = [:]
        for track in session.tracks {
            switch track.path {
            case .interleaved(let channels): routes[track.index] = .interleaved(channels)
            case .datagrams(_, let ports):
                guard let sockets = paths.sockets[track.index],
                    let rtp = sockets.destination(of: paths.server.at(ports.rtp)),
                    let rtcp = sockets.destination(of: paths.server.at(ports.rtcp))
                else { continue }
                routes[track.index] = .datagrams(rtp: rtp, rtcp: rtcp, sockets)
            }
        }
        let isInterleaved = request.transport == .tcp
        let broadcast = broadcaster.broadcast(over: routes, writer: isInterleaved ? paths.writer : nil)
        self.broadcast = broadcast
        broadcast.progress.skipped = session.skipped.map { "\($0)" }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleRepeatedTask(initialDelay: Self.look, delay: Self.look) { _ in bound.value.looked() }
        broadcast.ended.assumeIsolated().whenSuccess { error in self.leave(error) }
        broadcast.start()
    }

    func received(_ report: ByteBuffer, track: Int) {
        let hasLeft = RTCPPacket.parseCompound(report).contains { packet in
            if case .goodbye = packet { true } else { false }
        }
        if hasLeft { leave(.push(.goodbye)) }
    }

    func ended(_ end: RTSPRecordEnd) {
        timer?.cancel()
        timer = nil
        let result = outcome ?? .some(.push(.connection(end)))
        outcome = .some(result)
        told()
        broadcast?.end(because: nil)
        broadcast = nil
        connection = nil
        promise.succeed(result)
    }

    // MARK: Time

    private func looked() {
        told()
        guard let connection, connection.missedKeepalives > Self.mostMissedKeepalives else { return }
        leave(.push(.unresponsive))
    }

    private func told() {
        if let broadcast { broadcaster.watch(broadcast.progress) }
    }
}
