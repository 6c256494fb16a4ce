import Foundation
import Logging
import RTSPTransport

/// The certificate of `listen.rtsps`, and what looks after its files.
struct ServedCertificate: Sendable {
    let current: CurrentCertificate
    /// `nil` for the relay's own, which nobody changes.
    let watch: CertificateWatch?

    /// Out of `files`, or the relay's own, made at its first start; its fingerprint goes to the log, to be pinned by whoever connects.
    init(_ files: CertificateFiles?, state: StateFolder, logger: Logger) throws(CertificateFileError) {
        let used: CertificateFiles
        if let files {
            used = files
        } else {
            used = try state.certificate(
                hostName: Self.hostName, serialNumber: UInt64.random(in: 1 ... .max)
            )
        }
        let stamps = used.stamps
        let certificate = try used.load()
        let current = CurrentCertificate(certificate)
        self.current = current
        watch = files.map { CertificateWatch(files: $0, stamps: stamps, current: current, logger: logger) }
        logger.notice(
            files == nil ? "self-signed certificate" : "certificate",
            metadata: ["fingerprint": "\(certificate.fingerprint)", "file": "\(used.certificate)"]
        )
        certificate.logDates(to: logger)
    }

    /// As the kernel has it: Foundation would ask the network for it.
    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
