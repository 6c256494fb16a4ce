import Crypto
import Media
import Testing

@testable import RTSP

@Suite("Self-signed certificates")
struct SelfSignedCertificateTests {
    @Test("lengths of DER are one byte below 128, and as many as they need from there on")
    func lengths() {
        let encoding = DistinguishedEncoding.self
        #expect(encoding.octetString([1, 2]) == [4, 2, 1, 2])
        #expect(encoding.octetString([UInt8](repeating: 7, count: 127)).prefix(3) == [4, 127, 7])
        #expect(encoding.octetString([UInt8](repeating: 7, count: 128)).prefix(4) == [4, 0x81, 128, 7])
        #expect(encoding.octetString([UInt8](repeating: 7, count: 300)).prefix(5) == [4, 0x82, 1, 44, 7])
    }

    @Test("numbers are as short as they can be, and never negative")
    func integers() {
        let encoding = DistinguishedEncoding.self
        #expect(encoding.integer([0, 0, 5]) == [2, 1, 5])
        #expect(encoding.integer([0x80, 1]) == [2, 3, 0, 0x80, 1])
        #expect(encoding.integer([0, 0]) == [2, 1, 0])
    }

    @Test("the text of a certificate is its bytes in lines of 64 signs, and a description shows no key")
    func text() throws {
        let certificate = try SelfSignedCertificate(names: ["relay.example"], serialNumber: 1)
        let lines = certificate.certificatePEM.split(separator: "\n")
        #expect(lines.dropFirst().dropLast().allSatisfy { $0.count <= 64 })
        #expect(Base64.decode(lines.dropFirst().dropLast().joined()) == certificate.der)
        #expect(certificate.fingerprint == CertificateFingerprint(ofDER: certificate.der))
        var dumped = ""
        dump(certificate, to: &dumped)
        for line in certificate.privateKeyPEM.split(separator: "\n") where line.count > 10 {
            #expect(!"\(certificate)\(dumped)".contains(line))
        }
        // As the server reads it back.
        _ = try P256.Signing.PrivateKey(pemRepresentation: certificate.privateKeyPEM)
    }

    @Test("names that no certificate may hold are left out")
    func names() throws {
        let odd = try SelfSignedCertificate(names: ["a b", "", "r\u{FC}be", "gate-1.local"], serialNumber: .max)
        #expect(odd.der.firstRange(of: Array("gate-1.local".utf8)) != nil)
        #expect(odd.der.firstRange(of: Array("a b".utf8)) == nil)
        _ = try SelfSignedCertificate(names: [], serialNumber: 0)
        _ = try SelfSignedCertificate(names: [String(repeating: "n", count: 200)], serialNumber: 0)
    }
}
