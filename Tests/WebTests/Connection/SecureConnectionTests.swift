import Foundation
import NIOCore
import RTSP
import RTSPTransport
import TestSupport
import Testing

@testable import Web

@Suite("HTTPS")
struct SecureConnectionTests {
    private static func certificate() throws -> (pem: String, shown: ServerCertificate) {
        let made = try SelfSignedCertificate(names: ["localhost"], serialNumber: .random(in: 1 ... .max))
        let shown = try ServerCertificate(
            certificatePEM: Array(made.certificatePEM.utf8), keyPEM: Array(made.privateKeyPEM.utf8))
        return (made.certificatePEM, shown)
    }

    @Test("curl gets a segment from who shows the certificate it knows; a new certificate is shown from then on")
    func replaced() async throws {
        let (first, second) = (try Self.certificate(), try Self.certificate())
        let current = CurrentCertificate(first.shown)
        try await ServedWeb.run(certificate: current) { web in
            func segment(trusting pem: String) async throws -> [UInt8] {
                let file = web.folder.appending(path: "\(UUID().uuidString).pem")
                try Data(pem.utf8).write(to: file)
                return try await OutsideTool("curl").output(
                    ["-sS", "--ipv4", "--cacert", file.path, "https://localhost:\(web.port)/gate/1.ts"], in: web.folder)
            }
            let known = try await segment(trusting: first.pem)
            #expect(known == Array(ServedWeb.segment.readableBytesView))
            // It is not the one that is shown yet.
            await #expect(throws: OutsideTool.Failure.self) { try await segment(trusting: second.pem) }
            current.replace(with: second.shown)
            #expect(try await segment(trusting: second.pem) == Array(ServedWeb.segment.readableBytesView))
        }
    }

    @Test("Who speaks no TLS is hung up on, and so is who never comes to the end of a handshake")
    func handshakes() async throws {
        var limits = WebLimits()
        limits.connections.requestTime = .milliseconds(300)
        try await ServedWeb.run(limits, certificate: CurrentCertificate(try Self.certificate().shown)) { web in
            let silent = try await web.client()
            let plain = try await web.client()
            await plain.trySending(ServedWeb.request("/"))
            let answers = try await plain.lastAnswers()
            #expect(answers.isEmpty)
            try await eventually("hung up on the silent one") { silent.isOver }
            #expect(web.server.counters.requests == 0)
            try await eventually("counted") { web.server.counters.failedHandshakes == 2 }
        }
    }
}
