import Testing

@testable import RTSP

@Suite("Fingerprints of certificates")
struct CertificateFingerprintTests {
    private static let digits = "33949e05fffb5ff3e8aa16f8213a6251b4d9363804ba53233c4da9a46d6f2739"

    @Test("the SHA-256 of the DER bytes, in lower case")
    func ofBytes() {
        // FIPS 180-2, appendix B.1.
        #expect(
            CertificateFingerprint(ofDER: Array("abc".utf8)).description
                == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
    }

    @Test("read as written, without the name of the hash, in capitals, and with the colons of openssl")
    func spellings() throws {
        let pairs = stride(from: 0, to: 64, by: 2).map { Self.digits.dropFirst($0).prefix(2).uppercased() }
        let colons = pairs.joined(separator: ":")
        for text in [
            "sha256:\(Self.digits)", Self.digits, "SHA256:\(Self.digits.uppercased())", colons, "sha256:\(colons)",
        ] {
            #expect(CertificateFingerprint(text)?.description == "sha256:\(Self.digits)", "\(text)")
        }
    }

    @Test(
        "anything else is none",
        arguments: [
            "", "sha256:", "sha1:\(digits)", String(digits.dropLast(2)), digits + "00", "sha256:sha256:\(digits)",
            "g" + digits.dropFirst(), ":" + digits, digits + ":", "3:3949e05" + digits.dropFirst(8), " \(digits)",
        ])
    func refused(text: String) {
        #expect(CertificateFingerprint(text) == nil)
    }

    @Test("what mutations leave readable is written and read again")
    func mutations() {
        forEachMutation(of: ["sha256:\(Self.digits)", Self.digits], seed: 71) { text in
            guard let fingerprint = CertificateFingerprint(text) else { return }
            #expect(CertificateFingerprint("\(fingerprint)") == fingerprint)
        }
    }
}
