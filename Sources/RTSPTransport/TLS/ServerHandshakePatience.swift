import Logging
import NIOCore
import NIOSSL
import NIOTLS

/// Ends an accepted connection whose TLS handshake takes too long; gone when the handshake is done.
///
/// The connection behind it counts requests and silence, and until then there is neither.
final class ServerHandshakePatience: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let time: TimeAmount
    private let tally: ListenerTally
    private let logger: Logger
    private var timer: Scheduled<Void>?
    private var isOver = false

    init(_ time: TimeAmount, tally: ListenerTally, logger: Logger) {
        self.time = time
        self.tally = tally
        self.logger = logger
    }

    func channelActive(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            self.failed("not done in time", context)
            context.close(promise: nil)
        }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard case .handshakeCompleted? = event as? TLSUserEvent else { return }
        end()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failed(TLSFailure.words(for: error), context)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func failed(_ reason: String, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        end()
        tally.count(\.failedHandshakes)
        // A viewer that does not take the certificate hangs up on it, and its operator looks here for the reason.
        logger.debug(
            "no TLS with viewer",
            metadata: ["reason": "\(reason)", "peer": "\(context.channel.remoteAddress?.unmapped.brief ?? "unknown")"]
        )
    }

    private func end() {
        isOver = true
        timer?.cancel()
        timer = nil
    }
}
