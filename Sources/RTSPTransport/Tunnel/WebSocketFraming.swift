import NIOCore
import NIOWebSocket
import RTSP

/// RTSP in WebSocket frames (RFC 6455; ONVIF Streaming Specification §5.1.4), between NIO's frame codec and the connection.
///
/// Frames from the client are a stream of bytes here: messages may be split or joined in any way, text or binary. What goes
/// out is one binary frame for each write, the header beside the shared bytes of a burst and in the same system call.
final class WebSocketFraming: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = WebSocketFrame

    /// The largest message there is, head and body, in one frame.
    private static let largestFrame = 262_144

    let decoder = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: largestFrame))
    let encoder = WebSocketFrameEncoder()
    private let tally: ListenerTally
    private var hasSaidGoodbye = false

    init(tally: ListenerTally) {
        self.tally = tally
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
        guard frame.maskKey != nil, !isReserved else { return broke(context, .protocolError) }
        switch frame.opcode {
        case .binary, .text, .continuation:
            context.fireChannelRead(wrapInboundOut(frame.unmaskedData))
        case .ping:
            // Who does not read is not to fill our memory; a later ping asks again.
            guard context.channel.isWritable else { return }
            let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
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
        let frame = WebSocketFrame(fin: true, opcode: .binary, data: Self.unwrapOutboundIn(data))
        context.write(wrapOutboundOut(frame), promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        sayGoodbye(context, .normalClosure)
        context.close(mode: mode, promise: promise)
    }

    private func broke(_ context: ChannelHandlerContext, _ code: WebSocketErrorCode) {
        tally.count(\.malformed)
        sayGoodbye(context, code)
        context.close(promise: nil)
    }

    /// Once, and nothing behind it.
    private func sayGoodbye(_ context: ChannelHandlerContext, _ code: WebSocketErrorCode) {
        guard !hasSaidGoodbye, context.channel.isActive else { return }
        hasSaidGoodbye = true
        var reason = ByteBuffer()
        reason.write(webSocketErrorCode: code)
        context.writeAndFlush(
            wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: reason)), promise: nil)
    }
}
