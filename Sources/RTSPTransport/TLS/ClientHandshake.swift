import NIOCore
import NIOSSL
import NIOTLS
import RTSP

/// Keeps a client connection waiting until TLS stands, and knows why it does not.
final class ClientHandshake: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    /// Fails with `TLSFailure`; `nil` before the handler is in a pipeline.
    var completed: EventLoopFuture<Void>? { promise?.futureResult }
    /// Known before the handshake fails for it.
    var failure: TLSFailure?

    private var promise: EventLoopPromise<Void>?
    private let time: TimeAmount
    private var timer: Scheduled<Void>?
    private var isOver = false

    init(within time: TimeAmount) {
        self.time = time
    }

    func handlerAdded(context: ChannelHandlerContext) {
        promise = context.eventLoop.makePromise()
    }

    func channelActive(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { self.fail(.silent, context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted? = event as? TLSUserEvent, !isOver else {
            return context.fireUserInboundEventTriggered(event)
        }
        end()
        context.fireChannelActive()
        promise?.succeed()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if TLSFailure.isRefusal(error) {
            fail(failure ?? .notVouchedFor(shown: shown(to: context)), context)
        } else {
            fail(.broken(reason: TLSFailure.words(for: error)), context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.broken(reason: "the other side hung up"), context)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail(.broken(reason: "the connection was given up"), context)
    }

    /// Also of a certificate that was refused.
    private func shown(to context: ChannelHandlerContext) -> CertificateFingerprint? {
        let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
        return (try? handler?.peerCertificate?.toDERBytes()).map { CertificateFingerprint(ofDER: $0) }
    }

    private func fail(_ failure: TLSFailure, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        end()
        promise?.fail(failure)
        context.close(promise: nil)
    }

    private func end() {
        isOver = true
        timer?.cancel()
        timer = nil
    }
}
