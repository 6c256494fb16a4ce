import NIOCore
import NIOPosix
import RTSP
import Synchronization
import Testing

@testable import RTSPTransport

/// The HTTP port of a camera, which answers as a test wants.
final class FakeTunnelCamera: Sendable {
    struct Behaviour: Sendable {
        /// To each GET: its number from 0, and its head.
        var get: @Sendable (Int, String) -> String = { _, _ in "HTTP/1.0 200 OK\r\n\r\n" }
        /// To each POST; most cameras say nothing (quirk L2).
        var post: String?
        var closesRefusedGet = false
        var closesPostAfterRequest = false
        /// To each request, on the way down.
        var answers: @Sendable (String) -> String = { _ in "" }
    }

    struct Record: Sendable {
        /// The heads of HTTP requests, in the order in which they came.
        var heads: [String] = []
        /// RTSP requests out of POSTs.
        var requests: [String] = []
        /// How long each POST's body was.
        var bodies: [Int] = []
    }

    private let record = Mutex(Record())
    private let channel: any Channel

    var snapshot: Record { record.withLock { $0 } }
    var gets: [String] { snapshot.heads.filter { $0.hasPrefix("GET ") } }
    var posts: [String] { snapshot.heads.filter { $0.hasPrefix("POST ") } }
    var address: SocketAddress? { channel.localAddress }

    private init(channel: any Channel, connections: Connections) {
        self.channel = channel
        connections.record.withLock { $0 = { [weak self] change in self?.record.withLock { change(&$0) } } }
    }

    /// Where its connections note what they see.
    fileprivate final class Connections: Sendable {
        let record = Mutex<@Sendable (@Sendable (inout Record) -> Void) -> Void>({ _ in })

        func note(_ change: @escaping @Sendable (inout Record) -> Void) {
            record.withLock { $0 }(change)
        }
    }

    /// On one loop, which is its connections' too.
    static func start(_ behaviour: Behaviour, on loop: any EventLoop) async throws -> FakeTunnelCamera {
        let connections = Connections()
        let shared = NIOLoopBoundBox.makeBoxSendingValue(Shared(), eventLoop: loop)
        let channel = try await ServerBootstrap(group: loop)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Line(behaviour: behaviour, shared: shared.value, connections: connections))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return FakeTunnelCamera(channel: channel, connections: connections)
    }

    fileprivate final class Shared {
        var wayDown: (any Channel)?
        var gets = 0
    }

    private final class Line: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let behaviour: Behaviour
        private let shared: Shared
        private let connections: Connections
        private var text = ""
        private var isPost = false
        private var decoder = TunnelBase64()
        private var requests = ""
        private var bodyLength = 0

        init(behaviour: Behaviour, shared: Shared, connections: Connections) {
            self.behaviour = behaviour
            self.shared = shared
            self.connections = connections
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Self.unwrapInboundIn(data)
            guard !isPost else { return body(bytes, context) }
            text += bytes.text
            guard let end = text.firstRange(of: "\r\n\r\n") else { return }
            let head = String(text[..<end.lowerBound])
            connections.note { $0.heads.append(head) }
            if head.hasPrefix("GET ") {
                let answer = behaviour.get(shared.gets, head)
                shared.gets += 1
                if answer.contains(" 200") { shared.wayDown = context.channel }
                context.writeAndFlush(NIOAny(ByteBuffer(string: answer)), promise: nil)
                if behaviour.closesRefusedGet, !answer.contains(" 200") { context.close(promise: nil) }
            } else {
                isPost = true
                if let answer = behaviour.post {
                    context.writeAndFlush(NIOAny(ByteBuffer(string: answer)), promise: nil)
                }
                body(ByteBuffer(string: String(text[end.upperBound...])), context)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            let length = bodyLength
            if isPost { connections.note { $0.bodies.append(length) } }
        }

        private func body(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
            bodyLength += bytes.readableBytes
            requests += (try? decoder.decode(bytes).text) ?? "no Base64"
            while let end = requests.firstRange(of: "\r\n\r\n") {
                let request = String(requests[..<end.lowerBound])
                requests = String(requests[end.upperBound...])
                connections.note { $0.requests.append(request) }
                let answer = behaviour.answers(request)
                shared.wayDown?.writeAndFlush(ByteBuffer(string: answer), promise: nil)
                if behaviour.closesPostAfterRequest { context.close(promise: nil) }
            }
        }
    }
}
