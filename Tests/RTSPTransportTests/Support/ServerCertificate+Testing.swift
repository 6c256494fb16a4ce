import NIOCore
import RTSP

@testable import RTSPTransport

extension ServerCertificate {
    /// With a key of its own each time.
    static func selfSigned() throws -> ServerCertificate {
        let made = try SelfSignedCertificate(names: ["localhost"], serialNumber: .random(in: 1 ... .max))
        return try ServerCertificate(
            certificatePEM: Array(made.certificatePEM.utf8), keyPEM: Array(made.privateKeyPEM.utf8)
        )
    }

    /// The client's end of TLS on a channel that does not stand yet, which takes this certificate only.
    func pin(on channel: any Channel) throws {
        let url = RTSPURL(scheme: .rtsps, host: "127.0.0.1", pathAndQuery: "")
        try ClientTLS(trust: .fingerprint(fingerprint)).protect(channel, to: url, within: .seconds(10))
    }
}
