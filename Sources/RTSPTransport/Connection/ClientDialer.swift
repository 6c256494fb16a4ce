import NIOCore
import NIOPosix
import RTSP

/// Makes connections to one server, in TLS where its URL says so (loop-confined).
struct ClientDialer {
    let url: RTSPURL
    let tls: ClientTLS
    /// For a connection, and for the handshake on it.
    let patience: TimeAmount
    let eventLoop: any EventLoop

    /// A connection to the URL's host that may be written to. `makeHandlers` is called for each address that is tried, and they stand
    /// behind TLS. Fails with `TLSFailure`, or with what keeps the connection from being made.
    func dial(_ makeHandlers: @escaping () -> [any ChannelHandler]) -> EventLoopFuture<any Channel> {
        secured(bootstrap(makeHandlers).connect(to: url.host, port: url.portOrDefault, on: eventLoop))
    }

    /// One more to the address where another went: a camera's name may have several.
    func dial(
        _ address: SocketAddress, _ makeHandlers: @escaping () -> [any ChannelHandler]
    ) -> EventLoopFuture<any Channel> {
        secured(bootstrap(makeHandlers).connect(to: address))
    }

    private func bootstrap(_ makeHandlers: @escaping () -> [any ChannelHandler]) -> ClientBootstrap {
        let bound = NIOLoopBound((self, makeHandlers), eventLoop: eventLoop)
        return ClientBootstrap.rtsp(on: eventLoop, within: patience).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let (dialer, makeHandlers) = bound.value
                try dialer.tls.protect(channel, to: dialer.url, within: dialer.patience)
                try channel.pipeline.syncOperations.addHandlers(makeHandlers())
            }
        }
    }

    /// Complete when TLS stands too.
    private func secured(_ connecting: EventLoopFuture<any Channel>) -> EventLoopFuture<any Channel> {
        let url = url
        return connecting.flatMap { channel in ClientTLS.completed(on: channel, to: url).map { channel } }
    }
}
