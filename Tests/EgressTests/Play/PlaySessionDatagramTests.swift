import NIOCore
import Reflector
import TestSupport
import Testing

@testable import Egress

/// Sessions over UDP.
@Suite struct PlaySessionDatagramTests {
    /// A viewer that plays the video of `gate` over UDP.
    private struct Watcher {
        let viewer: FakeViewer
        let ports: FakeViewerPorts
        let session: String
        let setup: FakeViewer.Answer

        init(_ relay: LoopbackRelay, extra: String = "") async throws {
            viewer = try await relay.viewer()
            ports = try await FakeViewerPorts.open()
            let transport = "RTP/AVP;unicast;client_port=\(ports.clientPort)\(extra)"
            setup = try await viewer.setUp(relay.url("gate"), track: 0, transport: transport)
            session = setup.session ?? ""
        }

        func sendControl(_ bytes: [UInt8], to relay: LoopbackRelay) async throws {
            let port = Int(relay.serverPorts?.rtcp ?? 0)
            try await ports.sendControl(bytes, to: SocketAddress(ipAddress: "127.0.0.1", port: port))
        }
    }

    @Test("S11 S24 M12 a viewer of datagrams is told both ends' ports and sent packets from ours to its own")
    func play() async throws {
        try await LoopbackRelay.run { relay, camera in
            let watcher = try await Watcher(relay)
            #expect(watcher.setup.parameter("client_port", of: "Transport") == watcher.ports.clientPort)
            let serverPorts = try #require(relay.serverPorts)
            #expect(serverPorts.rtp % 2 == 0 && serverPorts.rtcp == serverPorts.rtp + 1)
            let told = watcher.setup.parameter("server_port", of: "Transport")
            #expect(told == "\(serverPorts.rtp)-\(serverPorts.rtcp)")
            try await camera.sendGroup()
            let answer = try await watcher.viewer.play(relay.url("gate"), watcher.session)
            let datagram = try await watcher.ports.media.next()
            #expect(datagram.sender.port == Int(serverPorts.rtp))
            let packet = try #require(SeenPacket(datagram.bytes))
            #expect(answer.parameter("seq", of: "RTP-Info") == "\(packet.sequenceNumber)")
            #expect(
                watcher.setup.parameter("ssrc", of: "Transport").flatMap { UInt32($0, radix: 16) } == packet.ssrc)
            #expect(watcher.viewer.frames.elements.isEmpty)
        }
    }

    @Test("tracks of one session may go different ways")
    func mixed() async throws {
        try await LoopbackRelay.run { relay, camera in
            let watcher = try await Watcher(relay)
            let second = try await watcher.viewer.setUp(relay.url("gate"), track: 1, session: watcher.session)
            #expect(second.status == 200)
            try await camera.sendGroup()
            #expect(try await watcher.viewer.play(relay.url("gate"), watcher.session).status == 200)
            _ = try await watcher.ports.media.next { SeenPacket($0.bytes)?.payloadType == 96 }
            _ = try await watcher.viewer.frames.next { SeenPacket($0.payload)?.payloadType == 0 }
        }
    }

    @Test("S36 media goes to the peer of the connection, whatever destination it names")
    func destination() async throws {
        try await LoopbackRelay.run { relay, camera in
            let watcher = try await Watcher(relay, extra: ";destination=127.0.0.77")
            #expect(watcher.setup.status == 200)
            #expect(watcher.setup["Transport"]?.contains("destination") == false)
            try await camera.sendGroup()
            _ = try await watcher.viewer.play(relay.url("gate"), watcher.session)
            _ = try await watcher.ports.media.next()
        }
    }

    @Test("S11 461 for what cannot be had, 462 for ports of services")
    func refused() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            let expected = [
                "RTP/AVP;multicast": 461, "RTP/SAVP;unicast;client_port=5000-5001": 461, "MP2T/H2221/UDP": 461,
                "RTP/AVP;unicast;client_port=0-1": 462, "RTP/AVP;unicast;client_port=53-54": 462,
            ]
            for (transport, status) in expected {
                let answer = try await viewer.setUp(relay.url("gate"), track: 0, transport: transport)
                #expect(answer.status == status, "\(transport)")
                #expect(answer.session == nil)
            }
            #expect(relay.claims == 0)
        }
    }

    @Test("461 for UDP where it is not configured, so that the player comes back with TCP")
    func noDatagrams() async throws {
        try await LoopbackRelay.run(sendsDatagrams: false) { relay, _ in
            let viewer = try await relay.viewer()
            let udp = "RTP/AVP;unicast;client_port=5000-5001"
            #expect(try await viewer.setUp(relay.url("gate"), track: 0, transport: udp).status == 461)
            #expect(try await viewer.setUp(relay.url("gate"), track: 0, transport: "RTP/AVP/TCP").status == 200)
        }
    }

    @Test("M20 ports another viewer receives on are refused until that one is gone")
    func portsTaken() async throws {
        try await LoopbackRelay.run { relay, _ in
            let watcher = try await Watcher(relay)
            let other = try await relay.viewer()
            let transport = "RTP/AVP;unicast;client_port=\(watcher.ports.clientPort)"
            #expect(try await other.setUp(relay.url("gate"), track: 0, transport: transport).status == 461)
            let session = [("Session", watcher.session)]
            #expect(try await watcher.viewer.request("TEARDOWN", relay.url("gate"), session).status == 200)
            #expect(relay.claims == 0)
            #expect(try await other.setUp(relay.url("gate"), track: 0, transport: transport).status == 200)
        }
    }

    @Test("a second SETUP frees the ports of the first")
    func setupAgain() async throws {
        try await LoopbackRelay.run { relay, camera in
            let watcher = try await Watcher(relay)
            #expect(relay.claims == 2)
            let udp = "RTP/AVP;unicast;client_port=\(watcher.ports.clientPort)"
            let url = relay.url("gate")
            let same = try await watcher.viewer.setUp(url, track: 0, transport: udp, session: watcher.session)
            #expect(same.status == 200)
            #expect(relay.claims == 2)
            let tcp = try await watcher.viewer.setUp(url, track: 0, session: watcher.session)
            #expect(tcp.status == 200)
            #expect(relay.claims == 0)
            try await camera.sendGroup()
            _ = try await watcher.viewer.play(url, watcher.session)
            _ = try await watcher.viewer.frames.next { $0.channel == 0 }
            #expect(watcher.ports.media.elements.isEmpty)
        }
    }

    @Test("a closed connection ends a session over UDP and frees its ports")
    func connectionCloses() async throws {
        try await LoopbackRelay.run { relay, camera in
            let watcher = try await Watcher(relay)
            try await camera.sendGroup()
            _ = try await watcher.viewer.play(relay.url("gate"), watcher.session)
            await watcher.viewer.close()
            try await camera.viewersLeft()
            #expect(relay.claims == 0)
        }
    }

    @Test("S25 BYE from the viewer's port ends its session")
    func viewerSaysGoodbye() async throws {
        try await LoopbackRelay.run { relay, camera in
            let watcher = try await Watcher(relay)
            try await camera.sendGroup()
            _ = try await watcher.viewer.play(relay.url("gate"), watcher.session)
            try await watcher.sendControl(ReportBytes.goodbye, to: relay)
            try await camera.viewersLeft()
            #expect(try await watcher.viewer.play(relay.url("gate"), watcher.session).status == 454)
        }
    }

    @Test("S38 a viewer that gives no sign of life is told goodbye and forgotten")
    func silence() async throws {
        let configuration = PlayConfiguration(sessionTimeout: .seconds(1), sessionGrace: .seconds(1))
        try await LoopbackRelay.run(configuration: configuration) { relay, camera in
            let watcher = try await Watcher(relay)
            #expect(watcher.setup["Session"]?.hasSuffix(";timeout=1") == true)
            try await camera.sendGroup()
            #expect(try await watcher.viewer.play(relay.url("gate"), watcher.session).status == 200)
            _ = try await watcher.ports.control.next { holds(RTCPType.goodbye, $0.bytes) }
            #expect(try await watcher.viewer.play(relay.url("gate"), watcher.session).status == 454)
            #expect(relay.claims == 0)
        }
    }

    @Test("S27 receiver reports alone keep a session alive")
    func reports() async throws {
        let configuration = PlayConfiguration(sessionTimeout: .seconds(2), sessionGrace: .zero)
        try await LoopbackRelay.run(configuration: configuration) { relay, camera in
            let watcher = try await Watcher(relay)
            try await camera.sendGroup()
            _ = try await watcher.viewer.play(relay.url("gate"), watcher.session)
            let end = ContinuousClock.now + .milliseconds(3500)
            while ContinuousClock.now < end {
                try await watcher.sendControl(ReportBytes.alive, to: relay)
                // A request without the session: it paces the loop and is no sign of life of the session.
                _ = try await watcher.viewer.request("OPTIONS", "*")
            }
            #expect(try await watcher.viewer.play(relay.url("gate"), watcher.session).status == 200)
        }
    }
}
