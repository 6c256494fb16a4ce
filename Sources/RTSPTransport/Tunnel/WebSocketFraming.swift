import NIOCore
import NIOWebSocket
import RTSP

/// RTSP in WebSocket frames (RFC 6455; ONVIF Streaming Specification §5.1.4), between NIO's frame codec and the connection.
///
/// Frames from the peer are a stream of bytes here: messages may be split or joined in any way, text or binary. What goes out is one
/// binary frame for each write: a server's has its header beside the shared bytes of a burst, in the same system call, and a
/// client's is masked.
final class WebSocketFraming: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = WebSocketFrame

    /// Which end of the WebSocket this is.
    enum Side {
        case server(ListenerTally)
        case client

        /// Of a client's frame: the largest message there is, head and body. A server may put all it has read at once into one: a key
        /// frame and what came with it.
        fileprivate var largestFrame: Int {
            switch self {
            case .server: 262_144
            case .client: 8 << 20
            }
        }
    }

    let decoder: ByteToMessageHandler<WebSocketFrameDecoder>
    let encoder = WebSocketFrameEncoder()
    private let side: Side
    private var hasSaidGoodbye = false

    init(as side: Side) {
        self.side = side
        decoder = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: side.largestFrame))
    }

    /// Takes what came behind the request that opened the WebSocket.
    func replay(_ bytes: ByteBuffer, _ pipeline: ChannelPipeline) throws {
        guard bytes.readableBytes > 0 else { return }
        let context = try pipeline.syncOperations.context(handler: decoder)
        decoder.channelRead(context: context, data: NIOAny(bytes))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasSaidGoodbye else { return }
        let frame = Self.unwrapInboundIn(data)
        let isReserved = frame.rsv1 || frame.rsv2 || frame.rsv3
        guard isMasked(frame), !isReserved else { return broke(context, .protocolError) }
        switch frame.opcode {
        case .binary, .text, .continuation:
            context.fireChannelRead(wrapInboundOut(frame.unmaskedData))
        case .ping:
            // Who does not read is not to fill our memory; a later ping asks again.
            guard context.channel.isWritable else { return }
            context.writeAndFlush(wrapOutboundOut(made(.pong, frame.unmaskedData)), promise: nil)
        case .pong:
            break
        case .connectionClose:
            sayGoodbye(context, .normalClosure)
            context.close(promise: nil)
        default:
            broke(context, .protocolError)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is NIOWebSocketError { return broke(context, .protocolError) }
        context.fireErrorCaught(error)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(wrapOutboundOut(made(.binary, Self.unwrapOutboundIn(data))), promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        sayGoodbye(context, .normalClosure)
        context.close(mode: mode, promise: promise)
    }

    private func broke(_ context: ChannelHandlerContext, _ code: WebSocketErrorCode) {
        sayGoodbye(context, code)
        switch side {
        case .server(let tally): tally.count(\.malformed)
        case .client: context.fireErrorCaught(TunnelError.badFrames)
        }
        context.close(promise: nil)
    }

    /// A client has to; a server that does is understood (RFC 6455 §5.1).
    private func isMasked(_ frame: WebSocketFrame) -> Bool {
        switch side {
        case .server: frame.maskKey != nil
        case .client: true
        }
    }

    private func made(_ opcode: WebSocketOpcode, _ data: ByteBuffer) -> WebSocketFrame {
        switch side {
        case .server: WebSocketFrame(fin: true, opcode: opcode, data: data)
        case .client: WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: data)
        }
    }

    /// Once, and nothing behind it.
    private func sayGoodbye(_ context: ChannelHandlerContext, _ code: WebSocketErrorCode) {
        guard !hasSaidGoodbye, context.channel.isActive else { return }
        hasSaidGoodbye = true
        var reason = ByteBuffer()
        reason.write(webSocketErrorCode: code)
        context.writeAndFlush(wrapOutboundOut(made(.connectionClose, reason)), promise: nil)
    }
}
