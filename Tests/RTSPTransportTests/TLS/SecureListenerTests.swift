import NIOCore
import NIOPosix
import RTSP
import Testing

@testable import RTSPTransport

@Suite("A listener with a port for TLS")
struct SecureListenerTests {
    private let options = "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"

    @Test("both ports answer, and what is counted and limited is counted for both together")
    func bothPorts() async throws {
        let certificate = try ServerCertificate.selfSigned()
        try await withServer(
            limits: { $0.connectionsPerAddress = 2 }, certificate: CurrentCertificate(certificate)
        ) { server in
            let address = try #require(server.listener.secureAddress)
            let plain = try await server.connect()
            let secure = try await TestPeer.connect(to: address, on: server.group, pinning: certificate)
            for peer in [plain, secure] {
                peer.write(options)
                try await peer.expectResponses(1)
            }
            #expect(server.listener.counters.requests == 2)
            let third = try await TestPeer.connect(to: address, on: server.group, pinning: certificate)
            try await third.expectClose()
            #expect(server.listener.counters.refusedByAddress == 1)
            secure.write("SETUP * RTSP/1.0\r\nCSeq: 2\r\n\r\nPLAY * RTSP/1.0\r\nCSeq: 3\r\n\r\n")
            try await secure.expectResponses(3)
            try await eventually("the frame behind the answer") {
                secure.receivedBytes.readableBytesView.suffix(8).elementsEqual([0x24, 0, 0, 4, 1, 2, 3, 4])
            }
            await plain.close()
            await secure.close()
        }
    }

    @Test("a new certificate is for new viewers; those who are connected stay")
    func replaced() async throws {
        let first = try ServerCertificate.selfSigned()
        let second = try ServerCertificate.selfSigned()
        let current = CurrentCertificate(first)
        try await withServer(certificate: current) { server in
            let address = try #require(server.listener.secureAddress)
            let early = try await TestPeer.connect(to: address, on: server.group, pinning: first)
            early.write(options)
            try await early.expectResponses(1)
            current.replace(with: second)
            let late = try await TestPeer.connect(to: address, on: server.group, pinning: second)
            late.write(options)
            try await late.expectResponses(1)
            let stale = try await TestPeer.connect(to: address, on: server.group, pinning: first)
            stale.write(options)
            try await stale.expectClose()
            #expect(stale.received.isEmpty)
            early.write(options)
            try await early.expectResponses(2)
            await early.close()
            await late.close()
        }
    }

    @Test("who does not speak TLS, or never ends his greeting, is cut and counted, and no request of his is heard")
    func noTLS() async throws {
        let certificate = CurrentCertificate(try ServerCertificate.selfSigned())
        try await withServer(limits: { $0.requestTime = .milliseconds(200) }, certificate: certificate) { server in
            let address = try #require(server.listener.secureAddress)
            let plain = try await TestPeer.connect(to: address, on: server.group)
            plain.write(options)
            try await plain.expectClose()
            #expect(!plain.received.contains("RTSP/1.0"))
            let silent = try await TestPeer.connect(to: address, on: server.group)
            let slow = try await TestPeer.connect(to: address, on: server.group)
            // The head of a record of 512 bytes, and nothing behind it.
            slow.write(ByteBuffer(bytes: [0x16, 3, 1, 2, 0, 1]))
            try await silent.expectClose()
            try await slow.expectClose()
            #expect(server.listener.counters.failedHandshakes == 3)
            #expect(server.listener.counters.requests == 0)
        }
    }

    @Test("random bytes in the place of a handshake end the connection and nothing else")
    func garbage() async throws {
        let certificate = try ServerCertificate.selfSigned()
        try await withServer(certificate: CurrentCertificate(certificate)) { server in
            let address = try #require(server.listener.secureAddress)
            var random = LinearCongruentialGenerator(seed: 5)
            for round in 0..<60 {
                let peer = try await TestPeer.connect(to: address, on: server.group)
                var bytes = (0..<600).map { _ in UInt8.random(in: .min ... .max, using: &random) }
                // Half of them look like a greeting at first.
                if round.isMultiple(of: 2) { bytes.replaceSubrange(0..<6, with: [0x16, 3, 1, 0, 200, 1]) }
                peer.write(ByteBuffer(bytes: bytes))
                try await peer.expectClose()
            }
            #expect(server.listener.counters.failedHandshakes == 60)
            let peer = try await TestPeer.connect(to: address, on: server.group, pinning: certificate)
            peer.write(options)
            try await peer.expectResponses(1)
            await peer.close()
        }
    }

    @Test("within TLS there is no path beside it: a request finds no ports for media")
    func noDatagrams() async throws {
        let group = MultiThreadedGroup.one()
        let datagrams = try await DatagramSocketPool.start(
            group: group, host: "127.0.0.1", ports: PortPair(rtp: 0, rtcp: 0))
        let certificate = try ServerCertificate.selfSigned()
        let seen = PeerNames()
        let listener = RTSPListener(
            configuration: RTSPListenerConfiguration(host: "127.0.0.1", port: 0),
            secure: SecurePort(host: "127.0.0.1", port: 0, certificate: CurrentCertificate(certificate)),
            group: group, datagrams: datagrams
        ) { context in
            seen.note(context.datagrams == nil ? "without" : "with")
            return ScriptedResponder(record: ResponderRecord())
        }
        try await listener.start()
        for (address, pinned) in [(listener.localAddress, nil), (listener.secureAddress, certificate)] {
            let peer = try await TestPeer.connect(to: try #require(address), on: group, pinning: pinned)
            peer.write(options)
            try await peer.expectResponses(1)
            await peer.close()
        }
        #expect(seen.all == ["with", "without"])
        await listener.shutdown(within: .milliseconds(200))
        await datagrams.shutdown()
        try await group.shutdownGracefully()
    }

    @Test("when the server stops, viewers in TLS hear its goodbye and are gone in time")
    func stops() async throws {
        let certificate = try ServerCertificate.selfSigned()
        try await withServer(certificate: CurrentCertificate(certificate)) { server in
            let address = try #require(server.listener.secureAddress)
            let peer = try await TestPeer.connect(to: address, on: server.group, pinning: certificate)
            peer.write(options)
            try await peer.expectResponses(1)
            // Stands, and has not begun to greet.
            let silent = try await TestPeer.connect(to: address, on: server.group)
            try await eventually("both are accepted") { server.listener.counters.open == 2 }
            let begin = NIODeadline.now()
            await server.listener.shutdown(within: .seconds(1))
            try await peer.expectClose()
            try await silent.expectClose()
            #expect(NIODeadline.now() - begin < .seconds(3))
            #expect(server.record.snapshot.stops == 1)
        }
    }
}
