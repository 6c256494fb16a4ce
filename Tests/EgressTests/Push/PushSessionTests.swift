import Logging
import Media
import NIOCore
import NIOPosix
import RTSP
import RTSPTransport
import Reflector
import TestSupport
import Testing

@testable import Egress

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite struct PushSessionTests {
    /// Takes everything, and is gone without a word as soon as it has answered RECORD.
    private final class ResettingServer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private var parser = RTSPMessageParser(limits: .client)
        private var unread = ByteBuffer()

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = Self.unwrapInboundIn(data)
            unread.writeBuffer(&bytes)
            while context.channel.isActive, let message = try? parser.next(&unread) {
                guard case .request(let request) = message else { continue }
                var response = RTSPResponse(.ok)
                response.headers["CSeq"] = request.headers["CSeq"]
                if request.method == .setup {
                    response.headers["Session"] = "1"
                    response.headers["Transport"] = request.headers["Transport"]
                }
                var answer = ByteBuffer()
                response.write(into: &answer)
                context.writeAndFlush(Self.wrapOutboundOut(answer), promise: nil)
                // With SO_LINGER this is a reset.
                if request.method == .record { context.close(promise: nil) }
            }
        }

        static func start(on eventLoop: any EventLoop) async throws -> any Channel {
            try await ServerBootstrap(group: eventLoop)
                .childChannelInitializer { channel in
                    let provider = channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(ResettingServer())
                        return try #require(channel as? any SocketOptionProvider)
                    }
                    return provider.flatMap { $0.setSoLinger(linger(l_onoff: 1, l_linger: 0)) }
                }
                .bind(host: "127.0.0.1", port: 0).get()
        }
    }

    private struct Weak {
        weak var session: PushSession?
    }

    @Test(
        "A session whose server is gone when the first packet is sent ends, is told as one that lived, and is forgotten"
    )
    func resetAtFirstSend() async throws {
        let stream = try Stream.forTests()
        let loop = stream.homeLoop
        // On the same loop: the reset is there before the answer to RECORD is read.
        let server = try await ResettingServer.start(on: loop)
        let camera = try await SyntheticCamera(stream: stream, tracks: [SyntheticCamera.video, SyntheticCamera.audio])
        try await camera.sendGroup()
        let snapshot = try await stream.describe(on: loop).get()
        let url = try #require(RTSPURL("rtsp://127.0.0.1:\(server.localAddress?.port ?? 0)/in"))
        let monitor = PushMonitor(eventLoop: loop)
        let weak = NIOLoopBoundBox.makeBoxSendingValue(Weak(), eventLoop: loop)
        let end = try await loop.flatSubmit {
            let session = PushSession(
                stream: stream, snapshot: snapshot,
                request: .init(url: url, tls: ClientTLS(), transport: .tcp, timeout: .seconds(5)), monitor: monitor,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
            weak.value.session = session
            _ = session.start()
            return session.ended
        }.get()
        #expect(end.livedFor != nil)
        try await eventually("nothing holds the session") {
            try await loop.submit { weak.value.session == nil }.get()
        }
        try await camera.viewersLeft()
        try await server.close()
    }
}
