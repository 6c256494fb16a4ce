import Logging
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Lets a listening socket rest when it cannot accept: out of descriptors, or of memory.
///
/// NIO's own back-off asks for no new read for a second, but the socket stays registered for the read that failed, and
/// while a peer waits in the backlog the loop, with every camera and viewer on it, would spin.
package final class AcceptErrorHandler: ChannelInboundHandler {
    package typealias InboundIn = any Channel

    /// An operator needs to read it once, not every second.
    private static let silence = TimeAmount.minutes(1)

    private let tally: ListenerTally
    private let logger: Logger
    private let rest: TimeAmount
    private var resting: Scheduled<Void>?
    private var lastLogged: NIODeadline?

    /// Counts each failure; after one for want of descriptors or memory nothing is accepted for `rest`.
    package init(tally: ListenerTally, logger: Logger, rest: TimeAmount = .seconds(1)) {
        self.tally = tally
        self.logger = logger
        self.rest = rest
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        tally.count(\.acceptErrors)
        if (error as? IOError)?.isShortage == true {
            log(error, at: .now())
            pause(context)
        }
        context.fireErrorCaught(error)
    }

    private func pause(_ context: ChannelHandlerContext) {
        let channel = context.channel
        guard resting == nil, channel.isActive else { return }
        _ = try? channel.syncOptions?.setOption(.autoRead, value: false)
        resting = context.eventLoop.assumeIsolated().scheduleTask(in: rest) {
            self.resting = nil
            _ = try? channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        resting?.cancel()
        resting = nil
        context.fireChannelInactive()
    }

    private func log(_ error: any Error, at now: NIODeadline) {
        if let lastLogged, now - lastLogged < Self.silence { return }
        lastLogged = now
        logger.warning(
            "cannot accept connections; raise the limit of open files (LimitNOFILE)",
            metadata: ["error": "\(error)"]
        )
    }
}

extension IOError {
    /// Another try will fail the same way until somebody gives something back.
    fileprivate var isShortage: Bool {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errnoCode)
    }
}
