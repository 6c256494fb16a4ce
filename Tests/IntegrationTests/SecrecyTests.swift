import Foundation
import NIOCore
import Server
import TestSupport
import Testing

@Suite("What a run with credentials writes into its log", .onQuietMachine)
struct SecrecyTests {
    private static let password = "p@ss:w0rd#1/?%"
    private static let wrong = "n0t-the-one"
    private static let inQuery = "qu3ry-t0ken"
    private static let ofViewer = "v1ewer-s3cret"

    @Test("no line tells a password, in any spelling, whether it was taken or refused")
    func noSecrets() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.password = Self.password
        behaviour.challenges = [.md5]
        let digest = try await FakeCamera.start(behaviour)
        behaviour.challenges = [.basic]
        let basic = try await FakeCamera.start(behaviour)
        let configuration = try configuration(digest: digest, basic: basic)
        let relay = try await RunningRelay.start(configuration)
        do {
            try await eventually("two cameras are up and one refuses the password") {
                relay.logged("camera up") == 3 && relay.logged("camera down") >= 1
            }
            try await watchWithCredentials(relay)
        } catch {
            await relay.stop()
            throw error
        }
        await relay.stop()
        try await digest.stop()
        try await basic.stop()

        #expect(relay.log.count > 10)
        for secret in Self.spellings {
            #expect(relay.log.filter { $0.contains(secret) } == [])
        }
    }

    private func configuration(digest: FakeCamera, basic: FakeCamera) throws -> RelayConfiguration {
        let text = """
            listen: {rtsp: "127.0.0.1:0", http: "127.0.0.1:0"}
            cameras:
              digest: {main: "\(digest.url)", username: admin, password: "${PASSWORD}"}
              basic: {main: "\(basic.url)", username: admin, password: "\(Self.password)"}
              query: {main: "\(basic.url)?user=admin&password=\(Self.inQuery)", username: admin, password: "${PASSWORD}"}
              refused: {main: "\(digest.url)", username: admin, password: "\(Self.wrong)"}
            """
        let environment = ["PASSWORD": Self.password]
        var configuration = try ConfigurationLoader.load(text: text, file: "relays.yaml", environment: environment) {
            _ in
            ""
        }
        configuration.listen.rtp = .anyFree
        return configuration
    }

    /// A viewer that says its password in the URL, in a header and in a token.
    private func watchWithCredentials(_ relay: RunningRelay) async throws {
        let viewer = try await relay.viewer()
        let basic = Data("guard:\(Self.ofViewer)".utf8).base64EncodedString()
        let authority = "guard:\(Self.ofViewer)@127.0.0.1:\(relay.port)"
        for uri in ["rtsp://\(authority)/digest", "rtsp://127.0.0.1:\(relay.port)/none?token=\(Self.ofViewer)"] {
            try await viewer.request("DESCRIBE", uri, [("Authorization", "Basic \(basic)")])
        }
        let watcher = try await viewer.watch("rtsp://\(authority)/digest")
        _ = try await watcher.viewer.frames.next { $0.channel == 0 }
        try await watcher.tearDown()
        try await eventually("the viewer's visit is logged") { relay.logged("viewer left") == 1 }
    }

    private static let spellings: [String] = [password, wrong, inQuery, ofViewer].flatMap { secret in
        let encoded = secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? secret
        let users = ["admin", "guard"].map { Data("\($0):\(secret)".utf8).base64EncodedString() }
        return [secret, encoded] + users
    }
}
