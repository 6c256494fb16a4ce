import Foundation
import Logging
import NIOCore
import RTSP
import RTSPTransport
import TestSupport
import Testing

@testable import Server

@Suite("Files of a certificate")
struct CertificateFilesTests {
    private func made() throws -> SelfSignedCertificate {
        try SelfSignedCertificate(names: ["localhost"], serialNumber: .random(in: 1 ... .max))
    }

    private func write(_ certificate: SelfSignedCertificate, in folder: URL) throws -> CertificateFiles {
        let files = CertificateFiles(
            certificate: folder.appending(path: "full.pem").path(), key: folder.appending(path: "key.pem").path()
        )
        try Data(certificate.certificatePEM.utf8).write(to: URL(filePath: files.certificate), options: .atomic)
        try Data(certificate.privateKeyPEM.utf8).write(to: URL(filePath: files.key), options: .atomic)
        return files
    }

    @Test("what is wrong with them names the file and what to do")
    func errors() async throws {
        try await withTemporaryDirectory { folder in
            var files = try write(made(), in: folder)
            #expect(throws: Never.self) { try files.check(at: 1_790_000_000) }
            func error(at time: Int64 = 1_790_000_000) -> String? {
                do throws(CertificateFileError) {
                    try files.check(at: time)
                    return nil
                } catch {
                    return error.description
                }
            }
            #expect(
                error(at: 0)
                    == "\(files.certificate): the certificate is not valid before 2020-01-01T00:00:00Z; check the clock of this machine"
            )
            #expect(
                error(at: 4_000_000_000)
                    == "\(files.certificate): the certificate is out of date since 2049-12-31T23:59:59Z; renew it"
            )
            try Data(made().privateKeyPEM.utf8).write(to: URL(filePath: files.key))
            #expect(error() == "\(files.key): the key is not that of the certificate")
            try Data().write(to: URL(filePath: files.key))
            #expect(error() == "\(files.key): is empty")
            try Data("key".utf8).write(to: URL(filePath: files.key))
            #expect(error() == "\(files.key): no private key in PEM (-----BEGIN PRIVATE KEY-----)")
            try Data(count: 1_000_001).write(to: URL(filePath: files.key))
            #expect(error() == "\(files.key): is too large for a certificate")
            files.certificate = folder.path()
            #expect(error() == "\(files.certificate): cannot be read")
            files.certificate = "/nowhere/full.pem"
            #expect(error() == "/nowhere/full.pem: no such file or directory")
        }
    }

    @Test(
        "a certificate that is replaced is shown from then on; one that is no good is logged once, and the old one goes on"
    )
    func watch() async throws {
        try await withTemporaryDirectory { folder in
            let first = try made()
            let files = try write(first, in: folder)
            let lines = Locked<[String]>([])
            let logger = Logger(label: "test") { _ in
                RelayLogHandler(LogConfiguration(level: .debug), write: { line in lines.change { $0.append(line) } })
            }
            let current = CurrentCertificate(try files.load())
            let watch = CertificateWatch(
                files: files, stamps: files.stamps, current: current, interval: .milliseconds(20), logger: logger
            )
            let task = Task { await watch.run() }
            // Counts looks and not seconds: on a busy machine the watch sleeps for as long as this does.
            func eventually(_ condition: () -> Bool) async throws {
                for _ in 0..<4000 where !condition() { try await Task.sleep(for: .milliseconds(5)) }
                #expect(condition())
            }
            try Data("no certificate".utf8).write(to: URL(filePath: files.certificate), options: .atomic)
            try await eventually { lines.value.contains { $0.contains("certificate not replaced") } }
            #expect(current.value.fingerprint == first.fingerprint)
            let second = try made()
            _ = try write(second, in: folder)
            try await eventually { current.value.fingerprint == second.fingerprint }
            #expect(lines.value.contains { $0.contains("certificate replaced fingerprint=\(second.fingerprint)") })
            try FileManager.default.removeItem(atPath: files.key)
            try await eventually { lines.value.contains { $0.contains("no such file") } }
            #expect(current.value.fingerprint == second.fingerprint)
            task.cancel()
            await task.value
            #expect(lines.value.count { $0.contains("no certificate in PEM") } == 1)
        }
    }

    @Test("the relay's own is made once, for nobody else to read, and is the same after a restart")
    func ownCertificate() async throws {
        try await withTemporaryDirectory { folder in
            let state = StateFolder(environment: ["STATE_DIRECTORY": folder.appending(path: "a/b").path()])
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let first = try ServedCertificate(nil, state: state, logger: logger)
            let second = try ServedCertificate(nil, state: state, logger: logger)
            #expect(first.current.value.fingerprint == second.current.value.fingerprint)
            #expect(first.watch == nil)
            let path = try #require(state.path)
            #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["certificate.pem"])
            for (name, mode) in [("", 0o700), ("/certificate.pem", 0o600)] {
                let attributes = try FileManager.default.attributesOfItem(atPath: path + name)
                #expect(attributes[.posixPermissions] as? Int == mode)
            }
        }
    }

    @Test("of relays that start at once all have the same one")
    func atOnce() async throws {
        try await withTemporaryDirectory { folder in
            let state = StateFolder(environment: ["XDG_STATE_HOME": folder.path()])
            let fingerprints = try await withThrowingTaskGroup(of: CertificateFingerprint.self) { tasks in
                for number in 1...8 {
                    tasks.addTask {
                        try state.certificate(hostName: "h", serialNumber: UInt64(number)).load().fingerprint
                    }
                }
                return try await tasks.reduce(into: Set<CertificateFingerprint>()) { $0.insert($1) }
            }
            #expect(fingerprints.count == 1)
        }
    }

    @Test("the state's place is systemd's, else the user's; without one the error says what to set")
    func places() {
        func path(_ environment: [String: String]) -> String? { StateFolder(environment: environment).path }
        #expect(path(["STATE_DIRECTORY": "/var/lib/heliograph", "HOME": "/root"]) == "/var/lib/heliograph")
        #expect(path(["STATE_DIRECTORY": "/a:/b"]) == "/a")
        #expect(path(["XDG_STATE_HOME": "/s", "HOME": "/root"]) == "/s/heliograph")
        #expect(path(["XDG_STATE_HOME": "s", "HOME": "/root"]) == "/root/.local/state/heliograph")
        #expect(path([:]) == nil)
        #expect(throws: CertificateFileError.self) {
            try StateFolder(environment: [:]).certificate(hostName: "h", serialNumber: 1)
        }
        #expect(throws: CertificateFileError.self) {
            try StateFolder(environment: ["STATE_DIRECTORY": "/proc/none"]).certificate(hostName: "h", serialNumber: 1)
        }
    }
}
