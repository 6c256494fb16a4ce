import Testing

@testable import RTSP

@Suite("The Transport header")
struct TransportHeaderTests {
    private func first(_ header: String) throws -> TransportSpecification {
        try #require(TransportSpecification.parse(header).first)
    }

    @Test("M9 alternatives that are not understood are skipped one by one")
    func skipsUnknown() {
        let header =
            "MP2T/RTP/TCP;unicast;interleaved=0-1, RTP/AVP/TCP;unicast;interleaved=2-3,RAW/RAW/UDP,,RTP/AVP;unicast"
        #expect(
            TransportHeader(parsing: header).alternatives == [
                TransportSpecification(lower: .tcp, interleaved: ChannelPair(rtp: 2, rtcp: 3)),
                TransportSpecification(lower: .udp),
            ]
        )
    }

    @Test("M11 neither unicast nor channels are needed")
    func bareTCP() throws {
        #expect(try first("RTP/AVP/TCP") == TransportSpecification(lower: .tcp))
        #expect(try !first("RTP/AVP;client_port=4000-4001").isMulticast)
    }

    @Test("profiles are those of RTP, in any case", arguments: ["RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF"])
    func profiles(profile: String) throws {
        #expect(try first("\(profile.lowercased());unicast").profile == profile)
        #expect(try first("\(profile)/UDP;unicast").lower == .udp)
        #expect(try first("\(profile)/TCP;unicast").lower == .tcp)
    }

    @Test(
        "other protocols are not understood",
        arguments: ["RTP", "RTP/FOO", "RTP/AVP/SCTP", "RTP/AVP/TCP/X", "x", "", ";unicast"])
    func otherProtocols(header: String) {
        let specifications = TransportSpecification.parse(header)
        #expect(specifications.isEmpty)
    }

    @Test("E2 an odd base channel is a base like any other")
    func oddBase() throws {
        #expect(try first("RTP/AVP/TCP;unicast;interleaved=1-2").interleaved == ChannelPair(rtp: 1, rtcp: 2))
    }

    @Test("E3 a single number means itself and the next")
    func singleNumbers() throws {
        #expect(try first("RTP/AVP/TCP;unicast;interleaved=0").interleaved == ChannelPair(rtp: 0, rtcp: 1))
        let udp = try first("RTP/AVP;unicast;client_port=14186;server_port=8052")
        #expect(udp.clientPorts == PortPair(rtp: 14186, rtcp: 14187))
        #expect(udp.serverPorts == PortPair(rtp: 8052, rtcp: 8053))
    }

    @Test(
        "E3 numbers that are none or have no next are no pair",
        arguments: ["255", "256-257", "a-b", "-1", "1-", "-", "", "1-2-3"])
    func noPairs(value: String) throws {
        let specification = try first("RTP/AVP/TCP;unicast;interleaved=\(value)")
        #expect(specification.interleaved == nil)
        #expect(specification.lower == .tcp)
    }

    @Test("E4 channels in the answer mean TCP, though it does not say so")
    func interleavedMeansTCP() throws {
        let specification = try first("RTP/AVP;unicast;destination=10.0.0.5;source=10.0.0.9;interleaved=0-1")
        #expect(specification.lower == .tcp)
        #expect(specification.interleaved == ChannelPair(rtp: 0, rtcp: 1))
    }

    @Test("E6 missing and zero server ports are told apart")
    func zeroPorts() throws {
        #expect(try first("RTP/AVP;unicast;client_port=1000-1001").serverPorts == nil)
        #expect(try first("RTP/AVP;unicast;server_port=0-0").serverPorts == PortPair(rtp: 0, rtcp: 0))
        #expect(try first("RTP/AVP;unicast;server_port=0-1").serverPorts == PortPair(rtp: 0, rtcp: 1))
    }

    @Test("E7 an empty source or destination is none, a host name is kept")
    func addresses() throws {
        let empty = try first("RTP/AVP;unicast;source=;destination=\"\"")
        #expect(empty.source == nil && empty.destination == nil)
        let names = try first("RTP/AVP;unicast;source=cam.lan;destination=\"viewer.lan\"")
        #expect(names.source == "cam.lan" && names.destination == "viewer.lan")
    }

    @Test(
        "E8 SSRCs with spaces, of odd length and in decimal are read, others are none",
        arguments: [
            (" 4317f", 0x4317f), ("1449463210", 1_449_463_210), ("D3F2A6C1", 0xD3F2_A6C1), ("0x12ab", 0x12AB),
            ("\"7B\" ", 0x7B), ("", nil), ("xyz", nil), ("-5", nil), ("+5", nil), ("99999999999", nil),
        ] as [(String, UInt32?)])
    func ssrcs(text: String, ssrc: UInt32?) throws {
        #expect(try first("RTP/AVP;unicast;ssrc=\(text);client_port=1-2").ssrc == ssrc)
    }

    @Test("E9 no mode is written unless one is set")
    func noMode() {
        #expect(
            TransportSpecification(lower: .udp, clientPorts: PortPair(rtp: 5000, rtcp: 5001)).serialized
                == "RTP/AVP;unicast;client_port=5000-5001")
    }

    @Test("E10 receive is an alias of record", arguments: ["receive", "\"RECEIVE\"", "record", "\"RECORD\""])
    func modes(mode: String) throws {
        #expect(try first("RTP/AVP/TCP;unicast;mode=\(mode)").mode == "record")
        #expect(try first("RTP/AVP/TCP;unicast;mode=\"PLAY\"").mode == "play")
    }

    @Test("E15 a multicast answer has destination, ports and time to live")
    func multicast() throws {
        let specification = try first("RTP/AVP;multicast;destination=239.1.2.3;port=5000-5001;ttl=16")
        #expect(specification.isMulticast)
        #expect(specification.destination == "239.1.2.3")
        #expect(specification.ports == PortPair(rtp: 5000, rtcp: 5001))
        #expect(specification.ttl == 16)
        #expect(try first("RTP/AVP;multicast;ttl=256").ttl == nil)
    }

    @Test("what is written is read back")
    func roundTrip() {
        let specifications = [
            TransportSpecification(
                lower: .tcp, interleaved: ChannelPair(rtp: 2, rtcp: 3), source: "h", ssrc: 0x1F, mode: "record"),
            TransportSpecification(
                profile: "RTP/SAVP", lower: .udp, clientPorts: PortPair(rtp: 1, rtcp: 2),
                serverPorts: PortPair(rtp: 3, rtcp: 4)),
            TransportSpecification(
                lower: .udp, isMulticast: true, ports: PortPair(rtp: 5, rtcp: 6), destination: "239.0.0.1", ttl: 1),
        ]
        let header = TransportHeader(specifications)
        #expect(TransportHeader(parsing: header.serialized) == header)
        #expect(
            specifications[0].serialized == "RTP/AVP/TCP;unicast;source=h;interleaved=2-3;ssrc=0000001F;mode=record")
    }

    @Test("mutated values neither trap nor grow")
    func mutations() {
        let samples = [
            "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= 4317f;mode=\"PLAY\"",
            "RTP/AVP;unicast;client_port=14186;server_port=8052,RTP/AVP;multicast;destination=239.1.1.1;port=1-2;ttl=3",
        ]
        forEachMutation(of: samples, seed: 1) { header in
            let parsed = TransportHeader(parsing: header)
            #expect(parsed.alternatives.count <= header.utf8.count)
            #expect(TransportHeader(parsing: parsed.serialized).alternatives.count >= parsed.alternatives.count)
        }
    }
}
