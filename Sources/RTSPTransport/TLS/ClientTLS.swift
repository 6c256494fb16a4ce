import NIOCore
import NIOSSL
import RTSP

/// Which certificate a client connection takes for its server's.
package enum PeerTrust: Sendable, Hashable {
    /// One that an authority of the system vouches for, under the name or address connected to, and in date.
    case authorities
    /// Exactly this one, whoever signed it, whatever it is for and however old it is.
    case fingerprint(CertificateFingerprint)
    /// Any: nobody listens in, but who answers may be anybody.
    case anything
}

/// How a client connection begins TLS.
package struct ClientTLS: Sendable, Hashable {
    /// Which certificate will do.
    package var trust: PeerTrust
    /// Whether the server is told which name it was looked for under (SNI, RFC 6066 §3), if it is a name at all (quirk L8).
    package var tellsName: Bool

    package init(trust: PeerTrust = .authorities, tellsName: Bool = true) {
        self.trust = trust
        self.tellsName = tellsName
    }
}

extension ClientTLS {
    /// Whether a handshake that broke off is worth another without the server's name (quirk L8). Without the name no
    /// authority can vouch for it.
    package func mayHideName(from url: RTSPURL) -> Bool {
        tellsName && trust != .authorities && url.serverName != nil
    }

    /// Makes ready what connections share, from a thread that may be kept waiting: reading the system's authorities takes some
    /// milliseconds, which no event loop has to spare.
    package func prepare() {
        switch trust {
        case .authorities: _ = Self.checking
        case .fingerprint: _ = Self.comparing
        case .anything: _ = Self.believing
        }
    }

    /// For a check by the system's authorities.
    private static let checking = Result { try context(.fullVerification) }
    /// For a check of our own.
    private static let comparing = Result { try context(.noHostnameVerification) }
    private static let believing = Result { try context(.none) }

    private static func context(_ verification: CertificateVerification) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = verification
        configuration.minimumTLSVersion = .tlsv12
        // A camera that does not answer a farewell is gone all the same.
        configuration.shutdownTimeout = .milliseconds(500)
        return try NIOSSLContext(configuration: configuration)
    }

    /// Encrypts a connection that does not stand yet, where `url` asks for it: to be called on its loop, before it has other handlers.
    func protect(_ channel: any Channel, to url: RTSPURL, within time: TimeAmount) throws {
        guard url.scheme.isSecure else { return }
        let name = tellsName ? url.serverName : nil
        let handshake = ClientHandshake(within: time)
        let handler: NIOSSLClientHandler
        switch trust {
        case .authorities:
            handler = try NIOSSLClientHandler(context: Self.checking.get(), serverHostname: name)
        case .anything:
            handler = try NIOSSLClientHandler(context: Self.believing.get(), serverHostname: name)
        case .fingerprint(let pinned):
            handler = try NIOSSLClientHandler(context: Self.comparing.get(), serverHostname: name) { chain, promise in
                let shown = (try? chain.first?.toDERBytes()).map { CertificateFingerprint(ofDER: $0) }
                if let shown, shown != pinned { handshake.failure = .otherCertificate(shown: shown) }
                promise.succeed(shown == pinned ? .certificateVerified : .failed)
            }
        }
        try channel.pipeline.syncOperations.addHandlers([handler, handshake])
    }

    /// Complete when TLS stands on a connection to `url`, and at once where it asks for none; fails with `TLSFailure`.
    static func completed(on channel: any Channel, to url: RTSPURL) -> EventLoopFuture<Void> {
        guard url.scheme.isSecure else { return channel.eventLoop.makeSucceededVoidFuture() }
        let handshake = try? channel.pipeline.syncOperations.handler(type: ClientHandshake.self)
        let gone = TLSFailure.broken(reason: "the other side hung up")
        return handshake?.completed ?? channel.eventLoop.makeFailedFuture(gone)
    }
}

extension RTSPURL {
    /// The host if it is a name: addresses are not told (RFC 6066 §3).
    var serverName: String? {
        let isAddress = host.utf8.contains(UInt8(ascii: ":")) || (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return isAddress || host.utf8.count > 255 ? nil : host
    }
}
