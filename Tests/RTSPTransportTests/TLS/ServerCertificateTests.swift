import RTSP
import Testing

@testable import RTSPTransport

@Suite("Certificates of the server")
struct ServerCertificateTests {
    private let made: SelfSignedCertificate
    private let other: SelfSignedCertificate

    init() throws {
        made = try SelfSignedCertificate(names: ["relay.example", "localhost"], serialNumber: 1)
        other = try SelfSignedCertificate(names: [], serialNumber: .max)
    }

    private func error(_ certificate: String, _ key: String) -> ServerCertificateError? {
        do throws(ServerCertificateError) {
            _ = try ServerCertificate(certificatePEM: Array(certificate.utf8), keyPEM: Array(key.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "one of our own making is taken, from two files or from one, alone or before others, and keeps its fingerprint")
    func own() throws {
        #expect(error(made.certificatePEM, made.privateKeyPEM) == nil)
        let both = made.certificatePEM + made.privateKeyPEM
        #expect(error(both, both) == nil)
        let chain = Array((made.certificatePEM + other.certificatePEM).utf8)
        let certificate = try ServerCertificate(certificatePEM: chain, keyPEM: Array(made.privateKeyPEM.utf8))
        #expect(certificate.fingerprint == made.fingerprint)
    }

    @Test("what does not go together is told apart")
    func mismatches() {
        #expect(error(made.certificatePEM, other.privateKeyPEM) == .keyDoesNotMatch)
        #expect(error(other.certificatePEM + made.certificatePEM, made.privateKeyPEM) == .keyOfAnother)
        #expect(error("", made.privateKeyPEM) == .noCertificate)
        #expect(error(made.privateKeyPEM, made.privateKeyPEM) == .noCertificate)
        #expect(error(made.certificatePEM, made.certificatePEM) == .noKey)
        let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n-----END ENCRYPTED PRIVATE KEY-----\n"
        #expect(error(made.certificatePEM, locked) == .encryptedKey)
    }

    @Test("dates are judged at the time that is told")
    func dates() throws {
        let certificate = try ServerCertificate(
            certificatePEM: Array(made.certificatePEM.utf8), keyPEM: Array(made.privateKeyPEM.utf8)
        )
        let begin: Int64 = 1_577_836_800
        let end: Int64 = 2_524_607_999
        #expect(certificate.dateFault(at: begin) == nil)
        #expect(certificate.dateFault(at: end) == nil)
        #expect(certificate.dateFault(at: begin - 1) == .notYetValid(begin))
        #expect(certificate.dateFault(at: end + 1) == .expired(end))
    }

    @Test("files with random damage are taken or refused, and nothing worse")
    func damage() {
        var random = LinearCongruentialGenerator(seed: 11)
        let certificate = Array(made.certificatePEM.utf8)
        let key = Array(made.privateKeyPEM.utf8)
        for round in 0..<400 {
            var damaged = round.isMultiple(of: 2) ? certificate : key
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: damaged.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            if round.isMultiple(of: 5) { damaged.removeLast(Int.random(in: 1...200, using: &random)) }
            do throws(ServerCertificateError) {
                let taken = try ServerCertificate(
                    certificatePEM: round.isMultiple(of: 2) ? damaged : certificate,
                    keyPEM: round.isMultiple(of: 2) ? key : damaged
                )
                _ = taken.dateFault(at: 0)
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }
}
