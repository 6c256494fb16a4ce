import Crypto
import Media

/// What tells one certificate from all others: the SHA-256 of its DER bytes, written `sha256:` and 64 hexadecimal digits.
package struct CertificateFingerprint: Sendable, Hashable {
    private let digest: [UInt8]

    /// Of a certificate in DER.
    package init(ofDER bytes: [UInt8]) {
        digest = Array(SHA256.hash(data: bytes))
    }

    /// Reads `sha256:…`; the digits may stand alone, in either case and with colons between them, as `openssl x509` and browsers show them.
    ///
    /// `nil` for anything else, a SHA-1 fingerprint for instance.
    package init?(_ text: String) {
        var digits = text.lowercased()[...]
        if digits.hasPrefix("sha256:") { digits = digits.dropFirst(7) }
        // Not by their number alone: `a:bc` is no pair of digits and another.
        let pairs = digits.split(separator: ":", omittingEmptySubsequences: false)
        guard pairs.count == 1 || pairs.allSatisfy({ $0.utf8.count == 2 }) else { return nil }
        guard let digest = Hexadecimal.bytes(of: pairs.joined()), digest.count == SHA256.byteCount else { return nil }
        self.digest = digest
    }
}

extension CertificateFingerprint: CustomStringConvertible {
    /// `sha256:33949e05…`, as the configuration has it.
    package var description: String { "sha256:" + Hexadecimal.string(of: digest).lowercased() }
}
