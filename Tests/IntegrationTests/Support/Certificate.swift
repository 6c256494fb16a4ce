import Foundation
import RTSP
import Server
import TestSupport

/// A certificate made for one test.
enum Certificate {
    /// Gives `body` the certificate in one file with its key.
    static func with(_ body: (CertificateFiles, CertificateFingerprint) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            let certificate = try SelfSignedCertificate(names: ["localhost"], serialNumber: .random(in: 1 ... .max))
            let file = folder.appending(path: "relay.pem")
            try Data((certificate.certificatePEM + certificate.privateKeyPEM).utf8).write(to: file)
            try await body(CertificateFiles(certificate: file.path(), key: file.path()), certificate.fingerprint)
        }
    }
}
