import Glibc
import Logging
import NIOCore
import TestSupport
import Testing

@testable import Server

@Suite("The end of a relay")
struct RelayStopTests {
    /// Connects, and neither reads nor closes whatever comes.
    private static func deafPeer(of port: Int) throws -> CInt {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(code == 0)
        return descriptor
    }

    /// A relay on free ports of loopback.
    private static func relay() async throws -> Relay {
        var configuration = try load("cameras: {test: {test_camera: {}}}")
        configuration.listen.rtsp = ListenAddress(host: "127.0.0.1", port: 0)
        configuration.listen.http = ListenAddress(host: "127.0.0.1", port: 0)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var attempts = 0
        while true {
            attempts += 1
            configuration.listen.rtp = try #require(RTPPortPair(rtp: UInt16.random(in: 10_000...15_000) * 2))
            do {
                return try await Relay.start(configuration, loops: 2, logger: logger)
            } catch  where attempts < 20 {
                continue
            }
        }
    }

    @Test("Viewers over HTTP who do not hang up leave it too")
    func deafWebViewer() async throws {
        let relay = try await Self.relay()
        let peer = try Self.deafPeer(of: try #require(relay.httpAddress?.port))
        defer { close(peer) }
        let begin = NIODeadline.now()
        await relay.stop()
        #expect(NIODeadline.now() - begin < .milliseconds(1_500))
    }

    @Test("A viewer who does not hang up leaves time for the cameras' goodbyes within the two seconds of a stop")
    func deafViewer() async throws {
        let relay = try await Self.relay()
        let peer = try Self.deafPeer(of: try #require(relay.rtspAddress?.port))
        defer { close(peer) }
        try await eventually("connected") { relay.listenerCounters.open == 1 }
        let begin = NIODeadline.now()
        await relay.stop()
        #expect(NIODeadline.now() - begin < .milliseconds(1_500))
    }
}
