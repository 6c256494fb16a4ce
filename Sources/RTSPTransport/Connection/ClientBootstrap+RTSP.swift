import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension ClientBootstrap {
    /// The socket of a connection to a camera or a server, given up when it does not stand within `time`.
    static func rtsp(on eventLoop: any EventLoop, within time: TimeAmount) -> ClientBootstrap {
        ClientBootstrap(group: eventLoop)
            .connectTimeout(time)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            // A camera's burst is a picture: room for it, and no more for one that sends little.
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 16_384, maximum: 65_536)
            )
            .givesUpUnacknowledged(after: .seconds(20))
    }

    /// Connects to a host: to an address at once, to a name as soon as it is known, in the time of the connection. `eventLoop` is
    /// that of the bootstrap.
    func connect(
        to host: String, port: UInt16, on eventLoop: any EventLoop, lookingUpBy names: NameLookup = .shared
    ) -> EventLoopFuture<any Channel> {
        if let address = SocketAddress(literal: host, port: port) { return connect(to: address) }
        return resolver(names.resolver(on: eventLoop)).connect(host: host, port: Int(port))
    }

    /// Why a connection cannot be had, in a few words.
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            guard let first = error.connectionErrors.first else { return "no such host" }
            return reason(first.error)
        case ChannelError.connectTimeout: return "no answer"
        case let error as IOError where error.errnoCode == ECONNREFUSED: return "connection refused"
        default: return "\(error)"
        }
    }

    /// A peer that is gone without a word is noticed when what we sent stays unacknowledged this long.
    private func givesUpUnacknowledged(after time: TimeAmount) -> ClientBootstrap {
        #if os(Linux)
            let milliseconds = SocketOptionValue(time.nanoseconds / 1_000_000)
            return channelOption(.tcpOption(.init(rawValue: CInt(TCP_USER_TIMEOUT))), value: milliseconds)
        #else
            return self
        #endif
    }
}
