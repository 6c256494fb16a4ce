import Media
import NIOCore
import Testing

@testable import RTSP

/// A conversation with a machine that publishes, in which the test speaks for the server.
final class RecordDialogue {
    static let tracks =
        "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=0\r\n"
        + "m=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\n"

    var machine: RecordClientStateMachine
    /// The newest request of the machine.
    private(set) var asked: RTSPRequest?
    private(set) var methods: [RTSPMethod] = []

    init(
        _ url: String = "rtsp://server.example/north/gate",
        over transport: TransportSpecification.LowerTransport = .tcp,
        via: RelayChain = .direct
    ) throws {
        let url = try #require(RTSPURL(url))
        machine = RecordClientStateMachine(
            RecordClientStateMachine.Request(url: url, transport: transport, via: via, clientNonce: "0123456789abcdef"))
        let description = try SessionDescription(parsing: ByteBuffer(string: "v=0\r\na=control:*\r\n" + Self.tracks))
        ask(machine.connected(announcing: description))
    }

    private func ask(_ request: RTSPRequest?) {
        asked = request
        if let request { methods.append(request.method) }
    }

    /// Answers the newest request, with its CSeq unless the headers have another.
    @discardableResult
    func answer(_ code: Int = 200, _ headers: RTSPHeaders = [:]) -> RecordClientStateMachine.ResponseReceivedResult {
        var all = headers
        if all["CSeq"] == nil { all["CSeq"] = asked?.headers["CSeq"] }
        let result = machine.responseReceived(RTSPResponse(RTSPStatus(code: code, reason: ""), headers: all))
        switch result {
        case .send(let request): ask(request)
        case .openPorts(let count):
            ask(
                machine.portsOpened(
                    (0..<count).map { PortPair(rtp: 6000 + 2 * UInt16($0), rtcp: 6001 + 2 * UInt16($0)) }))
        case .ignored, .recording, .redirected, .tornDown, .ended: break
        }
        return result
    }

    func keepalive() -> RTSPRequest? { machine.keepaliveDue() }
    func portsOpened() -> RTSPRequest? { machine.portsOpened([]) }

    /// Through OPTIONS and ANNOUNCE: SETUP is asked next.
    func announce(publicMethods: String = "OPTIONS, ANNOUNCE, SETUP, RECORD") {
        answer(200, ["Public": publicMethods])
        answer()
    }

    /// Through everything.
    @discardableResult
    func record(
        session: String = "5A0D77F1", publicMethods: String = "OPTIONS, GET_PARAMETER"
    ) throws -> RecordClientSession {
        announce(publicMethods: publicMethods)
        var port = 7000
        while asked?.method == .setup {
            let transport = (asked?.headers["Transport"] ?? "") + ";server_port=\(port)-\(port + 1)"
            answer(200, ["Session": session, "Transport": transport])
            port += 2
        }
        return try #require(answer().session)
    }
}

extension RecordClientStateMachine.ResponseReceivedResult {
    var error: RecordClientError? { if case .ended(let error) = self { error } else { nil } }
    var target: RTSPURL? { if case .redirected(let url) = self { url } else { nil } }
    var session: RecordClientSession? { if case .recording(let session) = self { session } else { nil } }
    var isIgnored: Bool { if case .ignored = self { true } else { false } }
    var isTornDown: Bool { if case .tornDown = self { true } else { false } }
}

@Suite struct RecordClientStateMachineTests {
    @Test("OPTIONS, ANNOUNCE with the description, SETUP of each track, RECORD: then packets flow")
    func inOrder() throws {
        let dialogue = try RecordDialogue()
        dialogue.answer()
        let announce = try #require(dialogue.asked)
        #expect(announce.method == .announce)
        #expect(announce.uri == "rtsp://server.example/north/gate")
        #expect(announce.headers["Content-Type"] == "application/sdp")
        #expect(String(buffer: announce.body).contains("a=rtpmap:96 H264/90000"))
        dialogue.answer()
        #expect(dialogue.asked?.uri == "rtsp://server.example/north/gate/trackID=0")
        #expect(dialogue.asked?.headers["Transport"] == "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record")
        #expect(dialogue.asked?.headers["Session"] == nil)
        dialogue.answer(200, ["Session": "77;timeout=20"])
        #expect(dialogue.asked?.headers["Transport"] == "RTP/AVP/TCP;unicast;interleaved=2-3;mode=record")
        #expect(dialogue.asked?.headers["Session"] == "77")
        // The server chooses its own channels.
        dialogue.answer(200, ["Session": "77", "Transport": "RTP/AVP/TCP;unicast;interleaved=8-9"])
        #expect(dialogue.asked?.method == .record)
        #expect(dialogue.asked?.headers["Range"] == "npt=0.000-")
        let session = try #require(dialogue.answer().session)
        #expect(session.keepaliveInterval == .seconds(10))
        #expect(
            session.tracks.map(\.path) == [
                .interleaved(ChannelPair(rtp: 0, rtcp: 1)), .interleaved(ChannelPair(rtp: 8, rtcp: 9)),
            ])
    }

    @Test("Over UDP each track has ports of its own, and goes to those that the server names")
    func datagrams() throws {
        let dialogue = try RecordDialogue(over: .udp)
        dialogue.announce()
        #expect(dialogue.asked?.headers["Transport"] == "RTP/AVP;unicast;client_port=6000-6001;mode=record")
        let other = try RecordDialogue(over: .udp)
        let session = try other.record()
        #expect(
            session.tracks.map(\.path) == [
                .datagrams(client: PortPair(rtp: 6000, rtcp: 6001), server: PortPair(rtp: 7000, rtcp: 7001)),
                .datagrams(client: PortPair(rtp: 6002, rtcp: 6003), server: PortPair(rtp: 7002, rtcp: 7003)),
            ])
        #expect(dialogue.answer(200, ["Transport": "RTP/AVP;unicast"]).error == .noPorts)
    }

    @Test("A challenge is answered with the account, and the description sent again; refused once more it is the end")
    func credentials() throws {
        let dialogue = try RecordDialogue("rtsp://van:secret@server.example/van")
        dialogue.answer()
        dialogue.answer(401, ["WWW-Authenticate": "Digest realm=\"r\", nonce=\"n\""])
        let again = try #require(dialogue.asked)
        #expect(again.method == .announce)
        #expect(again.headers["Authorization"]?.hasPrefix("Digest username=\"van\"") == true)
        #expect(again.body.readableBytes > 0)
        #expect(
            dialogue.answer(401, ["WWW-Authenticate": "Digest realm=\"r\", nonce=\"m\""]).error
                == .unauthorized(hadCredentials: true))
        let nameless = try RecordDialogue()
        #expect(
            nameless.answer(401, ["WWW-Authenticate": "Basic realm=\"r\""]).error
                == .unauthorized(hadCredentials: false))
    }

    @Test("461 ends it with the transport in the error, and what was set up before is torn down")
    func transportRefused() throws {
        let dialogue = try RecordDialogue()
        dialogue.announce()
        dialogue.answer(200, ["Session": "1"])
        #expect(dialogue.answer(461).error == .transportRefused(.tcp))
        guard case .tearDown(let request) = dialogue.machine.stopRequested() else {
            Issue.record("no TEARDOWN")
            return
        }
        #expect(request.headers["Session"] == "1")
    }

    @Test("A server that refuses the sound gets the picture; one that refuses the picture gets nothing")
    func refusedTracks() throws {
        let dialogue = try RecordDialogue()
        dialogue.announce()
        dialogue.answer(200, ["Session": "1"])
        dialogue.answer(415)
        let session = try #require(dialogue.answer().session)
        #expect(session.tracks.map(\.index) == [0])
        #expect(session.skipped.map(\.kind) == [.audio])
        let other = try RecordDialogue()
        other.announce()
        #expect(other.answer(453).error == .refused(.setup, RTSPStatus(code: 453, reason: "")))
    }

    @Test(
        "ANNOUNCE refused says what to do",
        arguments: [(404, "path"), (405, "publishers"), (403, "open"), (453, "else")])
    func announceRefused(code: Int, word: String) throws {
        let dialogue = try RecordDialogue()
        dialogue.answer()
        let error = try #require(dialogue.answer(code).error)
        #expect("\(error)".contains(word))
        guard case .close = dialogue.machine.stopRequested() else {
            Issue.record("a TEARDOWN of nothing")
            return
        }
    }

    @Test("The way of the stream goes along with ANNOUNCE, and 508 is a loop")
    func loop() throws {
        let via = RelayChain(["heliograph-1"]).through(RelayIdentity(2))
        let dialogue = try RecordDialogue(via: via)
        #expect(dialogue.asked?.headers["Via"] == nil)
        dialogue.answer()
        #expect(dialogue.asked?.headers.via == via)
        #expect(dialogue.asked?.headers["Via"] == "RTSP/1.0 heliograph-1, RTSP/1.0 heliograph-0000000000000002")
        #expect(dialogue.answer(508).error == .loop)
    }

    @Test("A redirection is followed with the account, never out of TLS", arguments: [301, 302, 307])
    func redirections(code: Int) throws {
        let dialogue = try RecordDialogue("rtsp://van:secret@server.example/van")
        dialogue.answer()
        let target = try #require(dialogue.answer(code, ["Location": "rtsp://other.example/van"]).target)
        #expect(target.host == "other.example")
        #expect(target.credentials?.username == "van")
        let secure = try RecordDialogue("rtsps://server.example/van")
        #expect(secure.answer(code, ["Location": "rtsp://other.example/van"]).error == .redirectRefused)
    }

    @Test("Keepalives are GET_PARAMETER where the server lists it, else OPTIONS; 454 is the end of the session")
    func keepalives() throws {
        let dialogue = try RecordDialogue()
        try dialogue.record()
        let first = try #require(dialogue.keepalive())
        #expect(first.method == .getParameter)
        #expect(first.headers["Session"] == "5A0D77F1")
        #expect(dialogue.answer(200, ["CSeq": first.headers["CSeq"] ?? ""]).isIgnored)
        let other = try RecordDialogue()
        try other.record(publicMethods: "OPTIONS")
        let options = try #require(other.keepalive())
        #expect(options.method == .options)
        #expect(other.answer(454, ["CSeq": options.headers["CSeq"] ?? ""]).error == .sessionLost)
    }

    @Test("A server without OPTIONS, or without an answer to it, is announced to all the same")
    func silentOptions() throws {
        let dialogue = try RecordDialogue()
        dialogue.answer(501)
        #expect(dialogue.asked?.method == .announce)
        let silent = try RecordDialogue()
        guard case .send(let request) = silent.machine.timedOut() else {
            Issue.record("gave up")
            return
        }
        #expect(request.method == .announce)
        guard case .ended(.noAnswer(.announce)) = silent.machine.timedOut() else {
            Issue.record("went on")
            return
        }
    }

    @Test("What the server asks in between is answered; its TEARDOWN is the end")
    func asked() throws {
        let dialogue = try RecordDialogue()
        try dialogue.record()
        guard case .respond(let response) = dialogue.machine.requestReceived(RTSPRequest(.options, uri: "*")) else {
            Issue.record("no answer")
            return
        }
        #expect(response.status == .ok)
        guard case .ended(.endedByServer, _) = dialogue.machine.requestReceived(RTSPRequest(.teardown, uri: "*")) else {
            Issue.record("went on")
            return
        }
        guard case .close = dialogue.machine.stopRequested() else {
            Issue.record("tears down what is gone")
            return
        }
    }

    @Test("Answers in the wrong place, twice, or to nothing, change nothing")
    func strayAnswers() throws {
        let dialogue = try RecordDialogue()
        #expect(dialogue.answer(200, ["CSeq": "99"]).isIgnored)
        dialogue.announce()
        #expect(dialogue.answer(200, ["CSeq": "1"]).isIgnored)
        #expect(dialogue.answer(200, ["CSeq": "2"]).isIgnored)
        #expect(dialogue.portsOpened() == nil)
        #expect(dialogue.keepalive() == nil)
        #expect(dialogue.asked?.method == .setup)
        dialogue.answer(200, ["Session": "1"])
        dialogue.answer(200, ["Session": "1"])
        #expect(dialogue.answer().session != nil)
        #expect(dialogue.methods == [.options, .announce, .setup, .setup, .record])
    }

    @Test("TEARDOWN whose nonce ran out is asked again, and then it is over")
    func tearDown() throws {
        let dialogue = try RecordDialogue("rtsp://van:secret@server.example/van")
        try dialogue.record()
        guard case .tearDown(let request) = dialogue.machine.stopRequested() else {
            Issue.record("no TEARDOWN")
            return
        }
        let cSeq = request.headers["CSeq"] ?? ""
        let challenge = "Digest realm=\"r\", nonce=\"n\""
        dialogue.answer(401, ["CSeq": cSeq, "WWW-Authenticate": challenge])
        #expect(dialogue.asked?.method == .teardown)
        #expect(dialogue.answer().isTornDown)
        #expect(dialogue.answer().isIgnored)
    }

    @Test("Four thousand conversations with a server out of its mind neither trap nor go on for ever")
    func madServer() throws {
        let headers: [(String, [String])] = [
            ("CSeq", ["1", "2", "3", "4", "99999999999999999999", "", "-1"]),
            ("Public", ["GET_PARAMETER", ",,,", ""]),
            ("Session", ["1", ";timeout=0", "x;timeout=99999999999999999999", ""]),
            (
                "Transport",
                [
                    "RTP/AVP/TCP;interleaved=255-0", "RTP/AVP/TCP;interleaved=300", "RTP/AVP;server_port=65535-65535",
                    "RTP/AVP;multicast;destination=239.0.0.1;port=1-2;ttl=300", "X", "",
                ]
            ),
            ("Location", ["rtsp://a", "rtsps://b/c", "http://x", "", "rtsp://"]),
            ("WWW-Authenticate", ["Basic realm=x", "Digest nonce=a", "Digest", "Digest nonce=b,stale=true", ""]),
        ]
        let codes = [100, 200, 200, 200, 200, 299, 302, 400, 401, 404, 454, 461, 500, 503, 508, 599]
        var state: UInt64 = 42
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for round in 0..<4_000 {
            let dialogue = try RecordDialogue("rtsp://u:p@h/x", over: round.isMultiple(of: 2) ? .tcp : .udp)
            func madHeaders() -> RTSPHeaders {
                var all = RTSPHeaders()
                for (name, values) in headers where next(2) == 0 { all[name] = values[next(values.count)] }
                return all
            }
            for _ in 0..<next(20) {
                let before = dialogue.methods.count
                switch next(12) {
                case 0: _ = dialogue.machine.timedOut()
                case 1: _ = dialogue.machine.keepaliveDue()
                case 2: _ = dialogue.machine.requestReceived(RTSPRequest(.redirect, uri: "*"))
                default:
                    var all = madHeaders()
                    if next(3) > 0 { all["CSeq"] = dialogue.asked?.headers["CSeq"] }
                    dialogue.answer(codes[next(codes.count)], all)
                }
                #expect(dialogue.methods.count <= before + 1)
            }
            // From here on it answers all with the same: whoever asks the same again then asks for ever.
            var (all, code, before) = (madHeaders(), codes[next(codes.count)], -1)
            let first = dialogue.methods.count
            while dialogue.methods.count != before, before < first + 100 {
                before = dialogue.methods.count
                all["CSeq"] = dialogue.asked?.headers["CSeq"]
                dialogue.answer(code, all)
            }
            // ANNOUNCE, two SETUPs, RECORD, and one of them anew for its credentials.
            #expect(dialogue.methods.count - first <= 5)
            _ = dialogue.machine.stopRequested()
            guard case .close = dialogue.machine.stopRequested() else {
                Issue.record("never over")
                return
            }
        }
    }
}
