import NIOCore
import NIOPosix
import Reflector

@testable import HLS

/// Just enough of HTTP for an outside player: one GET a connection, answered out of a service.
struct PlaylistServer: Sendable {
    let port: Int
    private let channel: any Channel

    static func serving(_ service: HLSService) async throws -> PlaylistServer {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RequestHandler(service))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return PlaylistServer(port: channel.localAddress?.port ?? 0, channel: channel)
    }

    func close() async throws {
        try await channel.close()
    }
}

private final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let service: HLSService
    private var received = ByteBuffer()

    init(_ service: HLSService) {
        self.service = service
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        let text = String(buffer: received)
        guard text.hasSuffix("\r\n\r\n") else { return }
        received.clear()
        let target = text.split(separator: " ").dropFirst().first.map(String.init) ?? "/"
        PlaylistServer.answer(target, out: service, on: context.channel)
    }
}

extension PlaylistServer {
    fileprivate static func answer(_ target: String, out service: HLSService, on channel: any Channel) {
        _ = Task<Void, any Error> {
            let bytes = await PlaylistServer.answer(target, service)
            try await channel.writeAndFlush(bytes)
            try await channel.close()
        }
    }

    private static func answer(_ target: String, _ service: HLSService) async -> ByteBuffer {
        let parts = target.split(separator: "/").map(String.init)
        guard let file = parts.last, let path = StreamPath(parts.dropLast().joined(separator: "/")) else {
            return response("404 Not Found", "text/plain", ByteBuffer())
        }
        let resource = await service.resource(of: path, file: file, query: HLSQuery())
        if case .playlist(let bytes, _, _) = resource {
            return response("200 OK", "application/vnd.apple.mpegurl", bytes)
        }
        if case .media(let bytes, let type, _) = resource { return response("200 OK", type, bytes) }
        return response("404 Not Found", "text/plain", ByteBuffer(string: resource.kind))
    }

    private static func response(_ status: String, _ type: String, _ body: ByteBuffer) -> ByteBuffer {
        var bytes = ByteBuffer(
            string: "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.readableBytes)\r\n"
                + "Connection: close\r\n\r\n")
        bytes.writeImmutableBuffer(body)
        return bytes
    }
}
