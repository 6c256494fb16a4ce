import Media
import NIOCore
import NIOPosix
import RTSP

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One connection to an RTSP server that plays to us: socket, parser, conversation and UDP ports, on one event loop.
///
/// One-shot: it is made, started, and ends once, by `stop()` or by itself. It tears its session down before it closes,
/// for many cameras keep few sessions and free them late (quirk E17).
package final class RTSPClientConnection: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    /// How long to wait for what.
    package struct Patience: Sendable, Hashable {
        /// For the connection, and for each answer until PLAY's.
        package var answer: TimeAmount
        /// For the answer to TEARDOWN.
        package var tearDown: TimeAmount

        /// What cameras need that are slow, but there.
        package init(answer: TimeAmount = .seconds(10), tearDown: TimeAmount = .milliseconds(500)) {
            self.answer = answer
            self.tearDown = tearDown
        }
    }

    let eventLoop: any EventLoop
    let patience: Patience
    private let request: PlayClientStateMachine.Request
    private var url: RTSPURL { request.url }
    private let tls: ClientTLS
    private let webSocketPath: String?
    var machine: PlayClientStateMachine
    var phase = ClientPhase<RTSPClientEnd>.idle
    var receiver: (any RTSPClientReceiver)?
    var pairs: [UDPPortPair] = []
    var answerTimer: Scheduled<Void>?
    var keepaliveTimer: RepeatedTask?
    /// Which pair serves which prepared track.
    var pairOfTrack: [Int: UDPPortPair] = [:]
    private(set) var channel: (any Channel)?
    /// Read past the channel, where a picture is worth it; forgotten with the channel, for the kernel gives the number away again.
    private(set) var socket: NIOBSDSocket.Handle?
    private var channels = ChannelTable()
    private var parser = RTSPMessageParser(limits: .client)
    private var unread: ByteBuffer?
    private var strayFrames: UInt64 = 0
    private var closedPairs = UDPPortPair.Counters()
    private var toldUpstream = RelayChain.direct

    /// `eventLoop` is where the connection will live; it must be the current one. `tls` is for `rtsps` alone, `webSocketPath` for a
    /// WebSocket that is not at the stream's own path.
    package init(
        _ request: PlayClientStateMachine.Request,
        tls: ClientTLS = ClientTLS(),
        webSocketPath: String? = nil,
        patience: Patience = Patience(),
        receiver: any RTSPClientReceiver,
        on eventLoop: any EventLoop
    ) {
        self.eventLoop = eventLoop
        self.patience = patience
        self.receiver = receiver
        self.request = request
        self.tls = tls
        self.webSocketPath = webSocketPath
        machine = PlayClientStateMachine(request)
    }

    /// Connects; completes when the connection stands or cannot be had, which `receiver` is told too.
    package func start() -> EventLoopFuture<Void> {
        phase = .connecting
        let connecting = url.scheme.carrier == .direct ? connectDirectly() : connectThroughHTTP()
        connecting.assumeIsolated().whenFailure { error in
            switch error {
            case let error as TunnelError: self.finish(.tunnel(error))
            case let error as PlayClientError: self.finish(.conversation(error))
            case let error as TLSFailure: self.finish(.insecure(error))
            default: self.finish(.unreachable(reason: ClientBootstrap.reason(error)))
            }
        }
        return connecting.recover { _ in }
    }

    private var dialer: ClientDialer {
        ClientDialer(url: url, tls: tls, patience: patience.answer, eventLoop: eventLoop)
    }

    private func connectDirectly() -> EventLoopFuture<Void> {
        dialer.dial { [self] }.map { _ in }
    }

    /// GET, and once it is answered the conversation begins, in frames or in POSTs.
    private func connectThroughHTTP() -> EventLoopFuture<Void> {
        let connector = CarrierConnector(request, webSocketPath: webSocketPath, over: dialer)
        return connector.connect().assumeIsolated().flatMapThrowing { channel in
            try connector.begin(self, on: channel)
        }.nonisolated()
    }

    /// Tears the session down and closes; idempotent.
    package func stop() {
        leave(.stopped)
    }

    /// Sends RTCP for a track that comes over UDP; over TCP some cameras stumble over it (quirk F8).
    package func sendControl(_ packet: ByteBuffer, track: Int) {
        pairOfTrack[track]?.sendControl(packet)
    }

    /// Valid after the end too.
    package var counters: RTSPClientCounters {
        let sums = pairs.map(\.counters).reduce(closedPairs) { sum, pair in
            UDPPortPair.Counters(foreign: sum.foreign &+ pair.foreign, truncated: sum.truncated &+ pair.truncated)
        }
        return RTSPClientCounters(
            strayFrames: strayFrames,
            discardedBytes: UInt64(clamping: parser.discardedBytes),
            foreignDatagrams: sums.foreign,
            truncatedDatagrams: sums.truncated
        )
    }

    /// Keepalives without an answer, of a camera that has answered one before.
    package var missedKeepalives: Int { machine.missedKeepalives }

    // MARK: Channel

    package func channelActive(context: ChannelHandlerContext) {
        guard case .connecting = phase, let first = machine.connected() else { return context.close(promise: nil) }
        phase = .talking
        channel = context.channel
        // Of TLS the kernel has what is encrypted, of a WebSocket frames: nothing may be read past them.
        if !url.scheme.isSecure, url.scheme.carrier != .webSocket {
            socket = try? context.pipeline.syncOperations
                .withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
        }
        if let peer = context.channel.remoteAddress { receiver?.connected(to: peer) }
        ask(first)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        // Of a name with several addresses the slower one may stand after the race is over, and is closed for it.
        guard let channel, channel === context.channel else { return }
        self.channel = nil
        socket = nil
        if case .leaving(let end) = phase { finish(end) } else { finish(.closed) }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? TunnelError { return finish(.tunnel(error)) }
        context.close(promise: nil)
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received(Self.unwrapInboundIn(data))
    }

    func received(_ read: ByteBuffer) {
        var bytes = read
        let arrival = NIODeadline.now()
        if let left = unread.take() { join(left, with: &bytes, at: arrival) }
        do {
            while true {
                if parser.isBetweenMessages {
                    while let frame = InterleavedFrame(readingFrom: &bytes) { take(frame, at: arrival) }
                }
                guard let message = try parser.next(&bytes) else { break }
                take(message, at: arrival)
            }
        } catch {
            return leave(.malformed(error))
        }
        if bytes.readableBytes > 0 { unread = bytes }
    }

    /// Puts what the last read left before what came now. Of a frame only what it lacks is moved: the rest stays where it was read.
    private func join(_ left: ByteBuffer, with bytes: inout ByteBuffer, at arrival: NIODeadline) {
        if parser.isBetweenMessages, let frame = InterleavedFrame(beginning: left, continuedIn: &bytes) {
            return take(frame, at: arrival)
        }
        var joined = ByteBufferAllocator().buffer(capacity: left.readableBytes + bytes.readableBytes)
        joined.writeImmutableBuffer(left)
        joined.writeBuffer(&bytes)
        bytes = joined
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        readOn()
        receiver?.readEnded(at: .now())
    }

    private func take(_ frame: InterleavedFrame, at arrival: NIODeadline) {
        guard let entry = channels[frame.channel] else { return strayFrames &+= 1 }
        receiver?.received(frame.payload, track: entry.track, isControl: entry.isControl, at: arrival)
    }

    private func take(_ message: RTSPMessage, at arrival: NIODeadline) {
        switch message {
        case .interleaved(let frame):
            take(frame, at: arrival)
        case .response(let response):
            let result = machine.responseReceived(response)
            if machine.upstream != toldUpstream {
                toldUpstream = machine.upstream
                receiver?.comesThrough(toldUpstream)
            }
            act(on: result)
        case .request(let request):
            act(on: machine.requestReceived(request))
        }
    }

    // MARK: Paths

    /// From here on frames and datagrams of these tracks reach the receiver.
    func openPaths(of tracks: [PlayClientTrack]) {
        receiver?.prepared(tracks)
        for (index, track) in tracks.enumerated() {
            switch track.path {
            case .interleaved(let pair):
                channels.add(pair.rtp, track: index, isControl: false)
                channels.add(pair.rtcp, track: index, isControl: true)
                parser.negotiatedChannels.insert(pair.rtp)
                parser.negotiatedChannels.insert(pair.rtcp)
            case .datagrams(let client, let server, let source):
                guard let pair = pairs.first(where: { $0.ports == client }) else { continue }
                pairOfTrack[index] = pair
                pair.receive(from: mediaHosts(source), server: server) { now in
                    self.receiver?.readEnded(at: now)
                } receive: { datagram, isControl, arrival in
                    self.receiver?.received(datagram, track: index, isControl: isControl, at: arrival)
                }
                pair.punch()
            case .group(_, _, let source):
                pairOfTrack[index]?.receive(from: mediaHosts(source), server: nil) { now in
                    self.receiver?.readEnded(at: now)
                } receive: { datagram, isControl, arrival in
                    self.receiver?.received(datagram, track: index, isControl: isControl, at: arrival)
                }
            }
        }
    }

    /// The address connected to, and the one in `source`: a camera behind address translation tells its inner one, and a
    /// name there is nearly always that host's own (quirk E7).
    private func mediaHosts(_ source: String?) -> [SocketAddress] {
        let told = source.flatMap { try? SocketAddress(ipAddress: $0, port: 0) }
        return [channel?.remoteAddress, told].compactMap { $0 }
    }

    func closePaths() {
        for pair in pairs {
            closedPairs.foreign &+= pair.counters.foreign
            closedPairs.truncated &+= pair.counters.truncated
            pair.close()
        }
        pairs = []
        pairOfTrack = [:]
    }
}
