import NIOCore
import RTSP

/// The HTTP connection to a camera, in front of the RTSP connection: asks for the tunnel or the WebSocket, then lets what comes pass
/// as it is. What goes out takes the way up of a tunnel, and this connection under a WebSocket.
final class TunnelClientHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// `idle` → `asking` → `answered` → `open`; each → `ended`.
    private enum State {
        case idle
        /// GET is under way.
        case asking(EventLoopPromise<TunnelAnswer>, Scheduled<Void>)
        /// Whoever asked decides what the answer means.
        case answered
        /// With the way up of a tunnel; a WebSocket needs none.
        case open(TunnelWayUp?)
        case ended
    }

    private var state = State.idle
    /// Read, and not yet passed on.
    private var unread = ByteBuffer()
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    /// Sends the GET; fails with a `TunnelError`.
    func ask(_ request: ByteBuffer, within patience: TimeAmount) -> EventLoopFuture<TunnelAnswer>? {
        guard let context, case .idle = state else { return nil }
        let promise = context.eventLoop.makePromise(of: TunnelAnswer.self)
        let timer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { self.fail(.noAnswer) }
        state = .asking(promise, timer)
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
        return promise.futureResult
    }

    /// The answer was good and the RTSP connection stands behind this handler: the conversation begins.
    func open(_ wayUp: TunnelWayUp?) {
        guard let context, case .answered = state else {
            wayUp?.close()
            return
        }
        state = .open(wayUp)
        wayUp?.onFailure = { [weak self] error in self?.context?.fireErrorCaught(error) }
        context.fireChannelActive()
        guard unread.readableBytes > 0 else { return }
        context.fireChannelRead(wrapInboundOut(unread))
        context.fireChannelReadComplete()
        unread = ByteBuffer()
    }

    // MARK: Channel

    /// Told behind this handler when the tunnel stands.
    func channelActive(context: ChannelHandlerContext) {}

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch state {
        case .open:
            context.fireChannelRead(data)
        case .asking, .answered:
            var bytes = Self.unwrapInboundIn(data)
            unread.writeBuffer(&bytes)
            readAnswer()
        case .idle, .ended:
            break
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .open(let wayUp) = state else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        guard let wayUp else { return context.write(data, promise: promise) }
        wayUp.send(Self.unwrapOutboundIn(data))
        promise?.succeed()
    }

    private func readAnswer() {
        guard case .asking(let promise, let timer) = state else { return }
        do throws(TunnelError) {
            guard let answer = try TunnelAnswer(readingFrom: &unread) else { return }
            timer.cancel()
            state = .answered
            promise.succeed(answer)
        } catch {
            fail(error)
        }
    }

    private func fail(_ error: TunnelError) {
        guard case .asking(let promise, let timer) = state else { return }
        timer.cancel()
        state = .ended
        promise.fail(error)
        context?.close(promise: nil)
    }

    private func end() {
        context = nil
        fail(.closed)
        if case .open(let wayUp) = state { wayUp?.close() }
        state = .ended
        unread = ByteBuffer()
    }
}
