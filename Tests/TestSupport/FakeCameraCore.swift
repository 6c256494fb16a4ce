import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// The inside of a fake camera; lives on one loop.
final class FakeCameraCore {
    var behaviour: FakeCameraBehaviour
    var streams: [FakeEncoder]
    let loop: any EventLoop
    let record: NIOLockedValueBox<FakeCameraRecord>
    private(set) var connections: [Int: FakeCameraConnection] = [:]
    private(set) var nonce = FakeCameraCore.freshNonce()
    private var counts: [String: Int] = [:]
    private var listener: (any Channel)?
    private var mediaSocket: (any Channel)?
    private var controlSocket: (any Channel)?
    private var pump: RepeatedTask?
    private var ticks = 0
    private var isStopped = false

    init(_ behaviour: FakeCameraBehaviour, loop: any EventLoop, record: NIOLockedValueBox<FakeCameraRecord>) {
        self.behaviour = behaviour
        self.streams = behaviour.tracks.map(FakeEncoder.init)
        self.loop = loop
        self.record = record
        record.withLockedValue { $0.path = behaviour.path }
    }

    // MARK: Sockets

    func listen(on port: Int, inFront: (@Sendable (any Channel) throws -> Void)?) -> EventLoopFuture<Int> {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let listening = ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try inFront?(channel)
                    try channel.pipeline.syncOperations.addHandler(bound.value.accept())
                }
            }
            .bind(host: "127.0.0.1", port: port)
        return listening.and(datagramSocket(isControl: false)).and(datagramSocket(isControl: true)).assumeIsolated()
            .map { channels in
                self.listener = channels.0.0
                self.mediaSocket = channels.0.1
                self.controlSocket = channels.1
                return channels.0.0.localAddress?.port ?? 0
            }.nonisolated()
    }

    private func datagramSocket(isControl: Bool) -> EventLoopFuture<any Channel> {
        let record = self.record
        return DatagramBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = FakeDatagramRecorder(record: record, isControl: isControl)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: "127.0.0.1", port: 0)
    }

    var serverPorts: String {
        "\(mediaSocket?.localAddress?.port ?? 0)-\(controlSocket?.localAddress?.port ?? 0)"
    }

    private func accept() -> FakeCameraConnection {
        let number = record.withLockedValue {
            $0.connectionsAccepted += 1
            $0.connectionsOpen += 1
            return $0.connectionsAccepted - 1
        }
        let connection = FakeCameraConnection(core: self, number: number)
        connections[number] = connection
        return connection
    }

    func closed(_ connection: FakeCameraConnection) {
        guard connections.removeValue(forKey: connection.number) != nil else { return }
        record.withLockedValue { $0.connectionsOpen -= 1 }
        sessionsChanged()
    }

    func dropConnections() {
        for connection in connections.values { connection.close() }
    }

    func stop() -> EventLoopFuture<Void> {
        isStopped = true
        pump?.cancel()
        pump = nil
        dropConnections()
        let closing = [listener, mediaSocket, controlSocket].compactMap { $0?.close() }
        return EventLoopFuture.andAllComplete(closing, on: loop)
    }

    // MARK: Book-keeping

    func count(_ method: String) -> Int {
        counts[method, default: 0] += 1
        return counts[method, default: 0]
    }

    var sessions: Int { connections.values.count { $0.hasSession } }

    func sessionsChanged() {
        let sessions = self.sessions
        record.withLockedValue { $0.mostSessions = max($0.mostSessions, sessions) }
    }

    func changeNonce() { nonce = Self.freshNonce() }

    private static func freshNonce() -> String {
        String(UInt64.random(in: 0...UInt64.max), radix: 16)
    }

    // MARK: Media

    func startPump() {
        guard pump == nil, !isStopped else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        pump = loop.scheduleRepeatedTask(initialDelay: .zero, delay: behaviour.frameInterval) { _ in
            bound.value.tick()
        }
    }

    private func tick() {
        for index in streams.indices where streams[index].isSending {
            if behaviour.sendsSenderReports, ticks % 50 == 1 {
                send([streams[index].senderReport()], track: index, control: true)
            }
            send(streams[index].encode(interval: behaviour.frameInterval), track: index, control: false)
        }
        ticks += 1
    }

    func send(_ packets: [[UInt8]], track: Int, control: Bool) {
        guard !packets.isEmpty else { return }
        for connection in connections.values {
            switch connection.isPlaying ? connection.paths[track] : nil {
            case .interleaved(let channel):
                let frames = packets.flatMap { packet in
                    behaviour.garbage + FakeCameraPacket.framed(packet, channel: control ? channel &+ 1 : channel)
                }
                connection.write(frames)
            case .datagrams(let media, let controlPort):
                guard !behaviour.udpIsSilent else { continue }
                let socket = control ? controlSocket : mediaSocket
                let port = control ? controlPort : media
                guard let socket, let to = try? SocketAddress(ipAddress: "127.0.0.1", port: port) else { continue }
                for packet in packets {
                    socket.write(AddressedEnvelope(remoteAddress: to, data: ByteBuffer(bytes: packet)), promise: nil)
                }
                socket.flush()
            case nil:
                continue
            }
        }
    }

    func sendRaw(_ bytes: [UInt8]) {
        for connection in connections.values { connection.write(bytes) }
    }
}

private final class FakeDatagramRecorder: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let record: NIOLockedValueBox<FakeCameraRecord>
    private let isControl: Bool

    init(record: NIOLockedValueBox<FakeCameraRecord>, isControl: Bool) {
        self.record = record
        self.isControl = isControl
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(unwrapInboundIn(data).data.readableBytesView)
        record.withLockedValue {
            $0.datagrams.append(FakeDatagram(bytes: bytes, isControl: isControl, arrival: .now()))
        }
    }
}
