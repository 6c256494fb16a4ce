import Foundation
import RTSPTransport

/// The two files of a certificate, which may be one and the same.
package struct CertificateFiles: Sendable, Hashable {
    /// More is no certificate.
    private static let sizeLimit = 1_000_000

    /// In PEM: the relay's own certificate, then those that signed it.
    package var certificate: String
    /// In PEM, without a passphrase.
    package var key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// What they hold; throws `CertificateFileError`.
    package func load() throws(CertificateFileError) -> ServerCertificate {
        let certificatePEM = try Self.read(certificate)
        let keyPEM = try Self.read(key)
        do {
            return try ServerCertificate(certificatePEM: certificatePEM, keyPEM: keyPEM)
        } catch {
            switch error {
            case .noCertificate, .keyOfAnother: throw CertificateFileError(path: certificate, reason: "\(error)")
            case .noKey, .encryptedKey, .keyDoesNotMatch: throw CertificateFileError(path: key, reason: "\(error)")
            }
        }
    }

    /// Throws `CertificateFileError` where they are of no use at a time in seconds since 1970.
    package func check(at time: Int64) throws(CertificateFileError) {
        guard let fault = try load().dateFault(at: time) else { return }
        throw CertificateFileError(path: certificate, reason: fault.text)
    }

    private static func read(_ path: String) throws(CertificateFileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CertificateFileError(path: path, reason: String(cString: strerror(errno)).lowercased())
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let bytes: Data?
        do {
            bytes = try file.read(upToCount: sizeLimit + 1)
        } catch {
            throw CertificateFileError(path: path, reason: "cannot be read")
        }
        guard let bytes, bytes.count <= sizeLimit else {
            throw CertificateFileError(path: path, reason: bytes == nil ? "is empty" : "is too large for a certificate")
        }
        return Array(bytes)
    }

    /// What changes whenever one of the files is written or replaced; `nil` in place of one that is not there.
    var stamps: [FileStamp?] { [certificate, key].map(FileStamp.init(path:)) }
}

/// Which of the files of a certificate is of no use, and why.
package struct CertificateFileError: Error, Sendable, Hashable, CustomStringConvertible {
    package var path: String
    package var reason: String

    /// `/etc/heliograph/tls/privkey.pem: permission denied`
    package var description: String { "\(path): \(reason)" }
}

/// Which bytes a file holds, as far as the file system tells without reading them.
struct FileStamp: Hashable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let seconds: Int
    private let nanoseconds: Int
    /// Of the owner and the mode too: a file that could not be read may be readable from then on.
    private let changedSeconds: Int
    private let changedNanoseconds: Int

    /// Of what a link leads to; `nil` where there is nothing.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
        changedSeconds = status.st_ctim.tv_sec
        changedNanoseconds = status.st_ctim.tv_nsec
    }
}

extension ServerCertificate.DateFault {
    /// With the day, for a log line.
    var text: String {
        switch self {
        case .expired(let time): "the certificate is out of date since \(Self.day(time)); renew it"
        case .notYetValid(let time):
            "the certificate is not valid before \(Self.day(time)); check the clock of this machine"
        }
    }

    private static func day(_ time: Int64) -> String {
        Date(timeIntervalSince1970: Double(time)).formatted(.iso8601)
    }
}
