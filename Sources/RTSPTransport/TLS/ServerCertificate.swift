import NIOConcurrencyHelpers
import NIOCore
import NIOSSL
import RTSP

/// A certificate with its key, checked to belong together, as a server shows it.
package struct ServerCertificate: Sendable {
    /// What is wrong with its dates.
    package enum DateFault: Sendable, Hashable {
        /// Since this second after 1970.
        case expired(Int64)
        /// Until this second after 1970.
        case notYetValid(Int64)
    }

    /// How long a peer may take to answer our farewell: connections of a relay that stops have two seconds in all.
    private static let farewell = TimeAmount.milliseconds(500)

    /// Of the server's own certificate, without those that signed it.
    package let fingerprint: CertificateFingerprint
    private let begins: Int64
    private let ends: Int64
    let context: NIOSSLContext

    /// From PEM, the server's own certificate first and those that signed it behind; throws `ServerCertificateError`.
    package init(certificatePEM: [UInt8], keyPEM: [UInt8]) throws(ServerCertificateError) {
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(certificatePEM), let own = chain.first,
            let der = try? own.toDERBytes()
        else { throw .noCertificate }
        let text = String(decoding: keyPEM, as: UTF8.self)
        guard !text.contains("ENCRYPTED") else { throw .encryptedKey }
        guard let key = try? NIOSSLPrivateKey(bytes: keyPEM, format: .pem) else { throw .noKey }
        fingerprint = CertificateFingerprint(ofDER: der)
        begins = Int64(own.notValidBefore)
        ends = Int64(own.notValidAfter)
        do {
            context = try Self.context([own] + chain.dropFirst(), key)
        } catch {
            let isOfAnother = chain.dropFirst().contains { (try? Self.context([$0], key)) != nil }
            throw isOfAnother ? .keyOfAnother : .keyDoesNotMatch
        }
    }

    private static func context(_ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.shutdownTimeout = farewell
        return try NIOSSLContext(configuration: configuration)
    }

    /// What is wrong with its dates at a time in seconds since 1970; `nil` where nothing is.
    package func dateFault(at time: Int64) -> DateFault? {
        if time > ends { return .expired(ends) }
        return time < begins ? .notYetValid(begins) : nil
    }

    /// What encrypts a connection that was accepted; the first of its handlers.
    package func makeHandler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: context) }
}

/// Why a certificate and a key are of no use.
package enum ServerCertificateError: Error, Sendable, Hashable, CustomStringConvertible {
    case noCertificate
    case noKey
    case encryptedKey
    /// The key is that of a certificate further back.
    case keyOfAnother
    case keyDoesNotMatch

    /// The cause and what to do.
    package var description: String {
        switch self {
        case .noCertificate: "no certificate in PEM (-----BEGIN CERTIFICATE-----)"
        case .noKey: "no private key in PEM (-----BEGIN PRIVATE KEY-----)"
        case .encryptedKey: "the key is locked by a passphrase; unlock it with openssl pkey"
        case .keyOfAnother: "the certificate of the key does not stand first; put it before those that signed it"
        case .keyDoesNotMatch: "the key is not that of the certificate"
        }
    }
}

/// The certificate that new connections are shown. It may be replaced at any time; connections that stand keep theirs.
package final class CurrentCertificate: Sendable {
    private let box: NIOLockedValueBox<ServerCertificate>

    package init(_ certificate: ServerCertificate) {
        box = NIOLockedValueBox(certificate)
    }

    /// What a connection accepted now is shown.
    package var value: ServerCertificate { box.withLockedValue(\.self) }

    /// From now on.
    package func replace(with certificate: ServerCertificate) {
        box.withLockedValue { $0 = certificate }
    }
}
