import Media
import NIOCore
import RTSP
import Testing

/// Control URLs, SETUP and the paths that come of it.
@Suite struct PlayClientSetupTests {
    @Test("C26 K18 a back channel is not set up")
    func backChannel() throws {
        let dialogue = try PlayDialogue()
        let session = try dialogue.play(PlayDialogue.video + "m=audio 0 RTP/AVP 8\r\na=control:t3\r\na=sendonly")
        #expect(session.tracks.map(\.description.kind) == [.video])
        #expect(session.skipped.map(\.reason) == [.backChannel])
    }

    @Test("C13 H14 a media of unknown kind and an encrypted one are left out, the rest plays")
    func unknownKinds() throws {
        let dialogue = try PlayDialogue()
        let sdp = "m=vana 0 RTP/AVP 108\r\na=control:a\r\nm=audio 0 RTP/SAVP 0\r\na=control:b\r\n" + PlayDialogue.video
        let session = try dialogue.play(sdp)
        #expect(session.tracks.map(\.index) == [2])
        #expect(session.skipped.map(\.reason) == [.unknownKind, .encrypted])
    }

    @Test("C34 one media with several payload types is set up once")
    func severalFormats() throws {
        let dialogue = try PlayDialogue()
        let session = try dialogue.play("m=video 0 RTP/AVP 96 97 98\r\na=rtpmap:97 H264/90000\r\na=control:v\r\n")
        #expect(session.tracks.count == 1)
        #expect(session.tracks[0].description.formats.count == 3)
    }

    @Test("D1 a description without control sets up the base itself")
    func noControl() throws {
        let dialogue = try PlayDialogue()
        dialogue.describe("m=video 0 RTP/AVP 96\r\n")
        #expect(dialogue.asked?.uri == "rtsp://camera.example/stream")
    }

    @Test(
        "D2 A12 the host of a control or base is replaced by the one connected to",
        arguments: [
            ("rtsp://localhost/media/trackID=7", nil, "rtsp://camera.example/media/trackID=7"),
            ("trackID=7", "rtsp://rtsp://10.0.0.1/x/", "rtsp://camera.example/x/trackID=7"),
            ("trackID=7", "rtsp://::ffff:192.168.1.123/x", "rtsp://camera.example/x/trackID=7"),
            ("trackID=7", "192.168.253.220:1935/", "rtsp://camera.example/trackID=7"),
            ("trackID=7", "/path/", "rtsp://camera.example/path/trackID=7"),
            ("trackID=7", "", "rtsp://camera.example/stream/trackID=7"),
        ] as [(String, String?, String)])
    func hosts(control: String, base: String?, expected: String) throws {
        let dialogue = try PlayDialogue()
        var headers = RTSPHeaders()
        headers["Content-Base"] = base
        dialogue.describe("m=video 0 RTP/AVP 96\r\na=control:\(control)\r\n", headers: headers)
        #expect(dialogue.asked?.uri == expected)
    }

    @Test(
        "D3 D5 D6 D7 D9 controls go behind the base as cameras expect them",
        arguments: [
            ("a=control:trackID=5", "rtsp://h/test?user=tmp&stream=0.sdp", "/test?user=tmp&stream=0.sdp/trackID=5"),
            ("a=control:?ctype=video", "rtsp://h/live", "/live?ctype=video"),
            ("a=control:/test", "rtsp://h/live/", "/live/test"),
            ("a=control:video", "rtsp://h/live", "/live/video"),
        ])
    func controls(control: String, base: String, expected: String) throws {
        let dialogue = try PlayDialogue()
        dialogue.describe("m=video 0 RTP/AVP 96\r\n\(control)\r\n", headers: ["Content-Base": base])
        #expect(dialogue.asked?.uri == "rtsp://camera.example" + expected)
        let session = try PlayDialogue()
        session.describe("a=control:rtsp://other/base/\r\n" + PlayDialogue.video, headers: ["Content-Base": base])
        #expect(session.asked?.uri == "rtsp://camera.example/base/trackID=1")
    }

    @Test("D10 PLAY, keepalive and TEARDOWN go to the base, never to a track")
    func aggregate() throws {
        let dialogue = try PlayDialogue()
        dialogue.describe(headers: ["Content-Base": "rtsp://camera.example/stream/"])
        dialogue.answer(200, ["Session": "1"])
        #expect(dialogue.asked?.method == .play)
        #expect(dialogue.asked?.uri == "rtsp://camera.example/stream/")
        dialogue.answer()
        #expect(dialogue.keepalive()?.uri == "rtsp://camera.example/stream/")
        guard case .tearDown(let request) = dialogue.machine.stopRequested() else { throw PlayDialogueError() }
        #expect(request.uri == "rtsp://camera.example/stream/")
        #expect(request.headers["Session"] == "1")
    }

    @Test(
        "E1 E2 E3 E4 the channels are those of the answer, whatever was asked",
        arguments: [
            ("RTP/AVP/TCP;unicast;interleaved=10-11", 10, 11), ("RTP/AVP/TCP;interleaved=1-2", 1, 2),
            ("RTP/AVP/TCP;unicast;interleaved=4", 4, 5), ("RTP/AVP;unicast;interleaved=6-7", 6, 7),
            ("RTP/AVP/TCP;unicast", 0, 1), ("RTP/AVP;unicast", 0, 1),
        ])
    func channels(transport: String, media: UInt8, control: UInt8) throws {
        let dialogue = try PlayDialogue()
        dialogue.describe()
        dialogue.answer(200, ["Session": "1", "Transport": transport])
        #expect(dialogue.tracks.map(\.path) == [.interleaved(ChannelPair(rtp: media, rtcp: control))])
    }

    @Test(
        "E3 E6 E7 ports are taken as told, and where they are none or strange, left open",
        arguments: [
            ("RTP/AVP;unicast;client_port=6000-6001;server_port=7000-7001", PortPair(rtp: 7000, rtcp: 7001), nil),
            ("RTP/AVP;unicast;client_port=6000;server_port=7000", PortPair(rtp: 7000, rtcp: 7001), nil),
            ("RTP/AVP;unicast;client_port=6000-6001", nil, nil),
            ("RTP/AVP;unicast;server_port=0-0", nil, nil), ("RTP/AVP;unicast;server_port=0-1;source=", nil, nil),
            ("RTP/AVP;unicast;server_port=70-71;source=cam.lan", PortPair(rtp: 70, rtcp: 71), "cam.lan"),
        ] as [(String, PortPair?, String?)])
    func ports(transport: String, server: PortPair?, source: String?) throws {
        let dialogue = try PlayDialogue(over: .udp)
        dialogue.describe()
        #expect(dialogue.asked?.headers["Transport"] == "RTP/AVP;unicast;client_port=6000-6001")
        dialogue.answer(200, ["Session": "1", "Transport": transport])
        let client = PortPair(rtp: 6000, rtcp: 6001)
        #expect(dialogue.tracks.map(\.path) == [.datagrams(client: client, server: server, source: source)])
    }

    @Test("E5 461, and TCP offered for UDP, end the conversation with what is offered, the session torn down")
    func otherTransport() throws {
        let refused = try PlayDialogue(over: .udp)
        refused.describe()
        #expect(refused.answer(461).error == .transportRefused(offered: nil))
        #expect(refused.isStopped, "no session yet")

        let answered = try PlayDialogue(over: .udp)
        answered.describe()
        let result = answered.answer(200, ["Session": "1", "Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"])
        #expect(result.error == .transportRefused(offered: .tcp))
        guard case .tearDown = answered.machine.stopRequested() else { throw PlayDialogueError() }

        let wantsUDP = try PlayDialogue()
        wantsUDP.describe()
        let ports: RTSPHeaders = ["Session": "1", "Transport": "RTP/AVP;unicast;client_port=1-2;server_port=3-4"]
        #expect(wantsUDP.answer(200, ports).error == .transportRefused(offered: .udp))
    }

    @Test("E9 SETUP for PLAY names no mode, and no more than is asked")
    func noMode() throws {
        let dialogue = try PlayDialogue()
        dialogue.describe()
        #expect(dialogue.asked?.headers["Transport"] == "RTP/AVP/TCP;unicast;interleaved=0-1")
        #expect(dialogue.asked?.headers["Require"] == nil, "E11 E12: no back channel is asked for")
    }

    @Test("E16 a track that cannot be set up is skipped and told, the others play")
    func badTrack() throws {
        let dialogue = try PlayDialogue()
        dialogue.describe(PlayDialogue.video + PlayDialogue.audio + "m=application 0 RTP/AVP 107\r\na=control:m\r\n")
        dialogue.answer(200, ["Session": "1"])
        dialogue.answer(500)
        dialogue.answer(200, ["Session": "1"])
        #expect(dialogue.asked?.method == .play)
        let session = try #require(dialogue.answer().session)
        #expect(session.tracks.map(\.index) == [0, 2])
        #expect(session.skipped.map(\.description) == ["audio: 500 "])
    }

    @Test("F16 a picture refused for want of room ends the conversation, whatever else plays", arguments: [453, 503])
    func noRoom(code: Int) throws {
        let dialogue = try PlayDialogue()
        dialogue.describe(PlayDialogue.audio + PlayDialogue.video)
        dialogue.answer(200, ["Session": "1"])
        #expect(dialogue.answer(code).error == .refused(.setup, RTSPStatus(code: code, reason: "")))
        guard case .tearDown = dialogue.machine.stopRequested() else { throw PlayDialogueError() }
        let silent = try PlayDialogue()
        silent.describe(PlayDialogue.video + PlayDialogue.audio)
        silent.answer(200, ["Session": "1"])
        silent.answer(code)
        #expect(silent.answer().session?.tracks.map(\.description.kind) == [.video])
    }

    @Test("E16 no track at all is an error with the last status")
    func noTrack() throws {
        let dialogue = try PlayDialogue()
        dialogue.describe()
        #expect(dialogue.answer(453).error == .refused(.setup, RTSPStatus(code: 453, reason: "")))
    }

    @Test("E18 over TLS plain RTP is set up")
    func plainOverTLS() throws {
        let dialogue = try PlayDialogue("rtsps://camera.example/stream")
        dialogue.describe()
        #expect(dialogue.asked?.uri == "rtsps://camera.example/stream/trackID=1")
        #expect(dialogue.asked?.headers["Transport"] == "RTP/AVP/TCP;unicast;interleaved=0-1")
    }

    @Test("Sixty-four media set up no more tracks than there are channels for")
    func manyTracks() throws {
        let media = (0..<64).map { "m=video 0 RTP/AVP 96\r\na=control:t\($0)\r\n" }.joined()
        let session = try PlayDialogue().play(media)
        #expect(session.tracks.count == 16)
        let paths = Set(session.tracks.map(\.path))
        #expect(paths.count == 16)
    }
}
