import Testing

@testable import RTSP

@Suite("PlayTransport")
struct PlaySessionTransportTests {
    private let udp = PlayTransportPaths(claimPorts: { _ in true })

    private func choice(
        _ header: String,
        over paths: PlayTransportPaths = PlayTransportPaths(),
        besides others: [PlayTransport] = []
    ) throws(SessionRefusal) -> PlayTransport {
        try PlayTransport(firstOf: TransportSpecification.parse(header), over: paths, besides: others)
    }

    @Test("M9 unknown transports are skipped, the first known one is taken")
    func firstKnown() throws {
        let transport = try choice("MP2T/RTP/TCP;unicast;interleaved=0-1,RTP/AVP/TCP;unicast;interleaved=0-1")
        #expect(transport == .interleaved(ChannelPair(rtp: 0, rtcp: 1)))
    }

    @Test("S11 the viewer's order of preference counts")
    func order() throws {
        let header = "RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=0-1"
        #expect(try choice(header, over: udp) == .datagrams(PortPair(rtp: 5000, rtcp: 5001)))
        #expect(try choice(header) == .interleaved(ChannelPair(rtp: 0, rtcp: 1)))
    }

    @Test(
        "S11 what cannot be served is refused with 461",
        arguments: [
            "RTP/AVP;multicast;port=5000-5001",
            "RTP/SAVP;unicast;client_port=5000-5001",
            "RTP/AVPF/TCP;unicast;interleaved=0-1",
            "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record",
            "RTP/AVP;unicast",
            "RAW/RAW/UDP;unicast;client_port=5000-5001",
            "",
        ]
    )
    func unsupported(_ header: String) {
        #expect(throws: SessionRefusal.unsupportedTransport) { try choice(header, over: udp) }
    }

    @Test("mode=PLAY in any dress is welcome", arguments: ["PLAY", "\"PLAY\"", "play"])
    func modePlay(_ mode: String) throws {
        let transport = try choice("RTP/AVP/TCP;unicast;interleaved=4-5;mode=\(mode)")
        #expect(transport == .interleaved(ChannelPair(rtp: 4, rtcp: 5)))
    }

    @Test("M11 who names no channels gets the first free pair")
    func channelsAssigned() throws {
        #expect(try choice("RTP/AVP/TCP;unicast") == .interleaved(ChannelPair(rtp: 0, rtcp: 1)))
        let others: [PlayTransport] = [.interleaved(ChannelPair(rtp: 1, rtcp: 0))]
        let paths = PlayTransportPaths(usedChannels: [2, 3])
        #expect(try choice("RTP/AVP/TCP", over: paths, besides: others) == .interleaved(ChannelPair(rtp: 4, rtcp: 5)))
    }

    @Test("channels of another track or session are not given twice")
    func channelClash() throws {
        let others: [PlayTransport] = [.interleaved(ChannelPair(rtp: 0, rtcp: 1))]
        #expect(
            try choice("RTP/AVP/TCP;interleaved=1-2", besides: others) == .interleaved(ChannelPair(rtp: 2, rtcp: 3)))
        #expect(try choice("RTP/AVP/TCP;interleaved=8-8") == .interleaved(ChannelPair(rtp: 0, rtcp: 1)))
    }

    @Test("E2 an odd base channel is as good as any")
    func oddBase() throws {
        #expect(try choice("RTP/AVP/TCP;interleaved=1-2") == .interleaved(ChannelPair(rtp: 1, rtcp: 2)))
    }

    @Test("no channel is left when all are taken")
    func channelsExhausted() {
        let paths = PlayTransportPaths(usedChannels: Set(0...255))
        #expect(throws: SessionRefusal.unsupportedTransport) { try choice("RTP/AVP/TCP", over: paths) }
    }

    @Test("ports of services are nobody's to aim at", arguments: ["0-1", "53-54", "1023-1024", "5000-0", "5000-5000"])
    func portsOfServices(_ ports: String) {
        #expect(throws: SessionRefusal.destinationUnreachable) {
            try choice("RTP/AVP;unicast;client_port=\(ports)", over: udp)
        }
    }

    @Test("M20 ports another session uses are refused, unless there is another way")
    func portsTaken() throws {
        let taken = PlayTransportPaths(claimPorts: { _ in false })
        #expect(throws: SessionRefusal.unsupportedTransport) {
            try choice("RTP/AVP;unicast;client_port=5000-5001", over: taken)
        }
        let both = "RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=0-1"
        #expect(try choice(both, over: taken) == .interleaved(ChannelPair(rtp: 0, rtcp: 1)))
    }
}

@Suite("PlayTransport by multicast")
struct PlaySessionMulticastTests {
    private static let group = MulticastDestination(
        group: "239.64.0.1", ports: PortPair(rtp: 8002, rtcp: 8003), ttl: 1)
    private let unicast = PlayTransport.datagrams(PortPair(rtp: 5000, rtcp: 5001))

    /// What is chosen where the group is given so; `nil` for a server without multicast.
    private func choice(
        _ header: String, besides others: [PlayTransport] = [],
        given group: Result<MulticastDestination, SessionRefusal>? = .success(Self.group)
    ) -> Result<PlayTransport, SessionRefusal> {
        let paths = PlayTransportPaths(claimPorts: { _ in true }, claimGroup: group.map { group in { group } })
        let alternatives = TransportSpecification.parse(header)
        do throws(SessionRefusal) {
            return .success(try PlayTransport(firstOf: alternatives, over: paths, besides: others))
        } catch {
            return .failure(error)
        }
    }

    @Test("the group is the server's to choose, whatever the viewer names")
    func chosen() {
        let multicast = PlayTransport.multicast(Self.group)
        #expect(choice("RTP/AVP;multicast;destination=239.9.9.9;port=5000-5001;ttl=127") == .success(multicast))
        #expect(choice("RTP/AVP/UDP;multicast;client_port=53-54") == .success(multicast))
    }

    @Test("what cannot be had is refused, unless there is another way")
    func refused() {
        #expect(choice("RTP/AVP;multicast", given: nil) == .failure(.unsupportedTransport))
        #expect(choice("RTP/AVP;multicast", given: .failure(.notEnoughBandwidth)) == .failure(.notEnoughBandwidth))
        #expect(SessionRefusal.notEnoughBandwidth.status.code == 453)
        let both = "RTP/AVP;multicast,RTP/AVP;unicast;client_port=5000-5001"
        #expect(choice(both, given: .failure(.notEnoughBandwidth)) == .success(unicast))
        #expect(choice("RTP/AVP/TCP;multicast;interleaved=0-1,RTP/SAVP;multicast") == .failure(.unsupportedTransport))
    }

    @Test("a session goes by multicast whole or not at all")
    func mixed() {
        let multicast = PlayTransport.multicast(Self.group)
        #expect(choice("RTP/AVP;multicast", besides: [unicast]) == .failure(.unsupportedTransport))
        #expect(choice("RTP/AVP/TCP;unicast", besides: [multicast]) == .failure(.unsupportedTransport))
        #expect(choice("RTP/AVP/TCP;unicast,RTP/AVP;multicast", besides: [multicast]) == .success(multicast))
    }
}

@Suite("PlayRange")
struct PlaySessionRangeTests {
    private func refusal(_ text: String) -> SessionRefusal? {
        PlayRange(of: ["Range": text]).refusal
    }

    @Test(
        "S16 a live stream plays from now whatever position is asked for",
        arguments: [
            "npt=now-", "npt=0-", "npt=0.000-", "npt=12.5-", "npt=0:01:00-", "npt=10-20", "npt=-20", "",
            "clock=20261121T100000Z-", "clock=20261121T100000Z-20261121T100001.5Z", "smpte=10:07:33-",
            "smpte-25=10:07:33-10:07:34",
        ]
    )
    func granted(_ text: String) {
        #expect(refusal(text) == nil)
    }

    @Test(
        "S16 a range that makes no sense is refused with 457",
        arguments: [
            "npt=100-50", "npt=5-5", "smpte=0:0:2-0:0:1", "smpte=soon-", "npt=-", "npt=abc-", "bytes=0-100", "npt",
            "clock=yesterday-",
            "clock=20261121T100000Z-20261121T095959Z", "clock=20261121T100000Z-never",
        ]
    )
    func refused(_ text: String) {
        #expect(refusal(text) == .invalidRange)
    }

    @Test("no Range header is no range")
    func none() {
        #expect(PlayRange(of: [:]) == .unspecified)
    }
}
