import NIOSSL
import RTSP

/// Why a client connection has no TLS.
package enum TLSFailure: Error, Sendable, Hashable {
    /// No authority of the system vouches for the certificate, or it is for another name, or out of date.
    case notVouchedFor(shown: CertificateFingerprint?)
    /// Another certificate than the one that is pinned.
    case otherCertificate(shown: CertificateFingerprint)
    /// The handshake broke off.
    case broken(reason: String)
    /// The handshake was not done in time.
    case silent
}

extension TLSFailure: CustomStringConvertible {
    /// The cause and what to do, with the fingerprint to be pasted where one was shown.
    package var description: String {
        switch self {
        case .notVouchedFor(let shown):
            "no authority this machine knows vouches for the certificate shown under this address and date; "
                + (shown.map { "if it is the right one, set fingerprint: \($0)" }
                    ?? "set fingerprint: to that of its certificate")
        case .otherCertificate(let shown):
            "another certificate is shown than the one that is pinned; "
                + "if a new one was issued, set fingerprint: \(shown)"
        case .broken(let reason):
            "no TLS: \(reason); check that this is the port for rtsps"
        case .silent:
            "no TLS: no answer in time; check that this is the port for rtsps"
        }
    }
}

extension TLSFailure {
    /// An error of a handshake in a few words: BoringSSL's own text has numbers and source files in it.
    static func words(for error: any Error) -> String {
        switch error {
        case NIOSSLError.handshakeFailed(.sslError(let stack)) where "\(stack)".contains("OPENSSL_internal:"):
            return ofLibrary("\(stack)")
        case NIOSSLError.handshakeFailed, NIOSSLError.uncleanShutdown, NIOSSLError.shutdownFailed:
            return "the other side hung up"
        case is NIOSSLExtraError:
            return "the certificate is for another name"
        default:
            return "\(error)"
        }
    }

    /// `… OPENSSL_internal:WRONG_VERSION_NUMBER at …` as `wrong version number`.
    private static func ofLibrary(_ text: String) -> String {
        guard let mark = text.firstRange(of: "OPENSSL_internal:") else { return "the handshake failed" }
        let name = text[mark.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return name.lowercased().replacing("_", with: " ")
    }

    /// Whether BoringSSL did not find the certificate to be vouched for.
    static func isRefusal(_ error: any Error) -> Bool {
        switch error {
        case is NIOSSLExtraError, NIOSSLError.unableToValidateCertificate, NIOSSLError.noCertificateToValidate: true
        case NIOSSLError.handshakeFailed(let cause): "\(cause)".contains("CERTIFICATE_VERIFY_FAILED")
        default: false
        }
    }
}
