import Logging
import NIOCore
import RTSPTransport

/// Looks after the files of a certificate and shows new viewers the new one; viewers that are connected stay.
struct CertificateWatch: Sendable {
    let files: CertificateFiles
    /// What they were before they were read.
    let stamps: [FileStamp?]
    let current: CurrentCertificate
    /// Between two looks; what is new has to be the same at two of them, for the two files are seldom written at once.
    var interval = TimeAmount.seconds(2)
    let logger: Logger

    /// Returns when the task is cancelled. A file that is no good is logged once, and the certificate before it goes on.
    func run() async {
        var taken = stamps
        var seen = taken
        while !Task.isCancelled {
            try? await Task.sleep(for: .nanoseconds(interval.nanoseconds))
            let now = files.stamps
            defer { seen = now }
            guard now == seen, now != taken else { continue }
            taken = now
            reload()
        }
    }

    private func reload() {
        do {
            let certificate = try files.load()
            current.replace(with: certificate)
            logger.notice("certificate replaced", metadata: ["fingerprint": "\(certificate.fingerprint)"])
            certificate.logDates(to: logger)
        } catch {
            logger.error("certificate not replaced", metadata: ["error": "\(error)"])
        }
    }
}

extension ServerCertificate {
    /// One line where its dates are no good: it is shown all the same, for many viewers do not look at them.
    func logDates(to logger: Logger) {
        guard let fault = dateFault(at: Int64(SystemClocks.secondsSinceUnixEpoch())) else { return }
        logger.error("certificate of no use", metadata: ["error": "\(fault.text)"])
    }
}
