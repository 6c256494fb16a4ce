import Foundation
import RTSP

/// Where the relay keeps what it makes itself and has to find again.
package struct StateFolder: Sendable {
    /// `nil` where the environment names no place.
    let path: String?

    /// `STATE_DIRECTORY` of systemd, else `heliograph` in `XDG_STATE_HOME`, else in `~/.local/state`.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        func folder(_ name: String) -> String? {
            // What is not absolute is to be ignored (XDG Base Directory Specification).
            environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let home = folder("XDG_STATE_HOME") ?? folder("HOME").map { "\($0)/.local/state" }
        // systemd names several with colons between them; ours asks for one.
        path = folder("STATE_DIRECTORY").map { String($0.prefix { $0 != ":" }) } ?? home.map { "\($0)/heliograph" }
    }

    /// The relay's own certificate, made where there is none yet, for nobody else to read.
    func certificate(hostName: String, serialNumber: UInt64) throws(CertificateFileError) -> CertificateFiles {
        guard let path else {
            throw CertificateFileError(
                path: "$HOME", reason: "no place to keep a certificate; set HOME or STATE_DIRECTORY, or tls.certificate"
            )
        }
        let file = "\(path)/certificate.pem"
        if FileStamp(path: file) == nil {
            do {
                try make(
                    file, in: path, SelfSignedCertificate(names: [hostName, "localhost"], serialNumber: serialNumber))
            } catch {
                throw CertificateFileError(path: file, reason: "cannot be made: \(error)")
            }
        }
        return CertificateFiles(certificate: file, key: file)
    }

    /// Certificate and key in one file that is there whole or not at all: of two relays that start at once the first one's stays.
    private func make(_ file: String, in folder: String, _ certificate: SelfSignedCertificate) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700]
        )
        let draft = "\(file).\(UUID().uuidString)"
        defer { unlink(draft) }
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemFailure(number: errno) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: Data((certificate.certificatePEM + certificate.privateKeyPEM).utf8))
        try handle.synchronize()
        try handle.close()
        guard link(draft, file) == 0 || errno == EEXIST else { throw SystemFailure(number: errno) }
    }
}

private struct SystemFailure: Error, CustomStringConvertible {
    var number: Int32
    var description: String { String(cString: strerror(number)).lowercased() }
}
