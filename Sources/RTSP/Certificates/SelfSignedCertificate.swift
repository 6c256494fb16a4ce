import Crypto
import Media

/// A certificate that vouches for itself, with its key: who knows its fingerprint knows whom he talks to (RFC 5280 §4.1).
///
///     SEQUENCE
///       SEQUENCE                       what is signed
///         [0] 2                        version 3
///         serial number
///         ecdsa-with-SHA256
///         CN=name                      issuer
///         notBefore, notAfter
///         CN=name                      subject
///         public key (P-256)
///         [3] basicConstraints (no authority), subjectAltName (the names)
///       ecdsa-with-SHA256
///       signature
package struct SelfSignedCertificate: Sendable {
    /// Of the certificate.
    package let der: [UInt8]
    private let key: P256.Signing.PrivateKey

    private typealias DER = DistinguishedEncoding

    private enum ObjectIdentifier {
        static let commonName = DER.objectIdentifier([0x55, 0x04, 0x03])
        static let subjectAlternativeName = DER.objectIdentifier([0x55, 0x1D, 0x11])
        static let basicConstraints = DER.objectIdentifier([0x55, 0x1D, 0x13])
        static let ecdsaWithSHA256 = DER.objectIdentifier([0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02])
    }

    /// The dates are always the same: a relay without a clock of its own begins in 1970, and who pins a certificate
    /// does not want it to end.
    private static let validity = DER.sequence(DER.utcTime("200101000000Z"), DER.utcTime("491231235959Z"))

    /// A new key, and a certificate for it. Only names of letters, digits, dots, hyphens and underscores are taken in;
    /// `serialNumber` is to be random.
    package init(names: [String], serialNumber: UInt64) throws {
        let key = P256.Signing.PrivateKey()
        let names = names.filter { name in
            (1...253).contains(name.utf8.count)
                && name.utf8.allSatisfy { $0 < 0x80 && ($0.isLetterOrDigit || ".-_".utf8.contains($0)) }
        }
        let name = DER.sequence(
            DER.set(
                DER.sequence(
                    ObjectIdentifier.commonName, DER.utf8String(String((names.first ?? "heliograph").prefix(64))))
            )
        )
        let algorithm = DER.sequence(ObjectIdentifier.ecdsaWithSHA256)
        let signed = DER.sequence(
            DER.element(0xA0, DER.integer([2])),
            DER.integer(withUnsafeBytes(of: serialNumber.bigEndian) { Array($0) }),
            algorithm,
            name,
            Self.validity,
            name,
            Array(key.publicKey.derRepresentation),
            DER.element(0xA3, Self.extensions(names))
        )
        let signature = try key.signature(for: signed)
        der = DER.sequence(signed, algorithm, DER.bitString(Array(signature.derRepresentation)))
        self.key = key
    }

    private static func extensions(_ names: [String]) -> [UInt8] {
        let constraints = DER.sequence(ObjectIdentifier.basicConstraints, DER.octetString(DER.sequence()))
        guard !names.isEmpty else { return DER.sequence(constraints) }
        let dnsNames = names.flatMap { DER.element(0x82, Array($0.utf8)) }
        let alternatives = DER.octetString(DER.element(0x30, dnsNames))
        return DER.sequence(constraints, DER.sequence(ObjectIdentifier.subjectAlternativeName, alternatives))
    }

    /// Of the certificate.
    package var fingerprint: CertificateFingerprint { CertificateFingerprint(ofDER: der) }

    /// The certificate as text (RFC 7468).
    package var certificatePEM: String {
        var lines = ["-----BEGIN CERTIFICATE-----"]
        var rest = Base64.encode(der)[...]
        while !rest.isEmpty {
            lines.append(String(rest.prefix(64)))
            rest = rest.dropFirst(64)
        }
        return lines.joined(separator: "\n") + "\n-----END CERTIFICATE-----\n"
    }

    /// The key as text, not encrypted: for a file that nobody else may read.
    package var privateKeyPEM: String { key.pemRepresentation + "\n" }
}

extension SelfSignedCertificate: CustomStringConvertible, CustomReflectable {
    /// The fingerprint; never the key.
    package var description: String { "\(fingerprint)" }
    package var customMirror: Mirror { Mirror(self, children: ["fingerprint": fingerprint]) }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
