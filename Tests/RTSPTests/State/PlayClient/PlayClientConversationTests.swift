import Media
import NIOCore
import RTSP
import Testing

/// From OPTIONS to PLAY.
@Suite struct PlayClientConversationTests {
    @Test("OPTIONS, DESCRIBE, SETUP of each track and PLAY follow one another")
    func conversation() throws {
        let dialogue = try PlayDialogue()
        var methods = [dialogue.asked?.method]
        dialogue.answer()
        methods.append(dialogue.asked?.method)
        #expect(dialogue.asked?.headers["Accept"] == "application/sdp")
        dialogue.answer(body: PlayDialogue.video + PlayDialogue.audio)
        for _ in 0..<2 {
            methods.append(dialogue.asked?.method)
            dialogue.answer(200, ["Session": "1", "Transport": dialogue.asked?.headers["Transport"] ?? ""])
        }
        methods.append(dialogue.asked?.method)
        #expect(methods == [.options, .describe, .setup, .setup, .play])
        let session = try #require(dialogue.answer().session)
        #expect(session.tracks.map(\.description.kind) == [.video, .audio])
        #expect(
            session.tracks.map(\.path) == [
                .interleaved(ChannelPair(rtp: 0, rtcp: 1)), .interleaved(ChannelPair(rtp: 2, rtcp: 3)),
            ])
    }

    @Test("A2 an answer without CSeq counts, one with another CSeq does not")
    func sequenceNumbers() throws {
        let dialogue = try PlayDialogue()
        #expect(dialogue.answer(200, ["CSeq": "77"]).isIgnored)
        #expect(dialogue.asked?.method == .options)
        #expect(!dialogue.receive(RTSPResponse(.ok)).isIgnored)
        #expect(dialogue.asked?.method == .describe)
        #expect(dialogue.answer(200, ["CSeq": "1"], body: PlayDialogue.video).isIgnored)
        dialogue.answer(200, ["CSeq": "  2 "], body: PlayDialogue.video)
        #expect(dialogue.asked?.method == .describe, "only the parser trims")
        dialogue.answer(200, body: PlayDialogue.video)
        #expect(dialogue.asked?.method == .setup)
    }

    @Test("A6 a camera that knows no OPTIONS, or never answers it, is asked to DESCRIBE", arguments: [404, 501, 551])
    func optionsRefused(code: Int) throws {
        let dialogue = try PlayDialogue()
        dialogue.answer(code)
        #expect(dialogue.asked?.method == .describe)

        let silent = try PlayDialogue()
        guard case .send(let request) = silent.machine.timedOut() else { throw PlayDialogueError() }
        #expect(request.method == .describe)
        guard case .ended(.noAnswer(.describe)) = silent.machine.timedOut() else { throw PlayDialogueError() }
    }

    @Test("A7 every request names the client")
    func userAgent() throws {
        let dialogue = try PlayDialogue()
        #expect(dialogue.asked?.headers["User-Agent"] == "Heliograph")
        dialogue.answer()
        #expect(dialogue.asked?.headers["User-Agent"] == "Heliograph")
    }

    @Test("A8 a redirection is followed with the credentials at hand, at any step", arguments: 0...3)
    func redirected(step: Int) throws {
        let dialogue = try PlayDialogue("rtsp://admin:pw@camera.example/stream")
        if step > 0 { dialogue.answer() }
        if step > 1 { dialogue.answer(body: PlayDialogue.video) }
        if step > 2 { dialogue.answer(200, ["Session": "1"]) }
        let target = try #require(dialogue.answer(302, ["Location": "rtsp://10.0.0.9:8554/live"]).target)
        #expect(target.host == "10.0.0.9")
        #expect(target.port == 8554)
        #expect(target.credentials == Credentials(username: "admin", password: "pw"))
    }

    @Test("A8 a redirection out of TLS, or to nowhere, is refused")
    func redirectionRefused() throws {
        let secure = try PlayDialogue("rtsps://camera.example/stream")
        #expect(secure.answer(301, ["Location": "rtsp://camera.example/stream"]).error == .redirectRefused)
        let nowhere = try PlayDialogue()
        #expect(nowhere.answer(302).error == .redirectRefused)
    }

    @Test(
        "A9 a Content-Type with parameters, or none, makes no difference",
        arguments: [
            "application/sdp; charset=utf-8", "text/plain", nil,
        ])
    func contentType(type: String?) throws {
        let dialogue = try PlayDialogue()
        var headers = RTSPHeaders()
        headers["Content-Type"] = type
        dialogue.describe(headers: headers)
        #expect(dialogue.asked?.method == .setup)
    }

    @Test("A11 a request of the camera is answered with its CSeq and changes nothing")
    func serverRequest() throws {
        let dialogue = try PlayDialogue()
        _ = try dialogue.play()
        let request = RTSPRequest(.options, uri: "*", headers: ["CSeq": "0815"])
        guard case .respond(let response) = dialogue.machine.requestReceived(request) else { throw PlayDialogueError() }
        #expect(response.status == .ok)
        #expect(response.headers["CSeq"] == "0815")
        let unknown = dialogue.machine.requestReceived(RTSPRequest(RTSPMethod(rawValue: "X_INVENTED"), uri: "*"))
        guard case .respond(let refusal) = unknown else { throw PlayDialogueError() }
        #expect(refusal.status == .notImplemented)
        #expect(dialogue.keepalive() != nil)
    }

    @Test("REDIRECT and TEARDOWN by the camera are answered, then followed")
    func serverEnds() throws {
        let moved = try PlayDialogue()
        _ = try moved.play()
        let redirect = RTSPRequest(.redirect, uri: "*", headers: ["Location": "rtsp://10.0.0.2/x"])
        guard case .redirected(let target, let response) = moved.machine.requestReceived(redirect) else {
            throw PlayDialogueError()
        }
        #expect(target.host == "10.0.0.2")
        #expect(response.status == .ok)

        let ended = try PlayDialogue()
        _ = try ended.play()
        guard case .ended(.endedByServer, _) = ended.machine.requestReceived(RTSPRequest(.teardown, uri: "*")) else {
            throw PlayDialogueError()
        }
        #expect(ended.isStopped)
    }

    @Test("A body that describes nothing ends the conversation with the reason")
    func noDescription() throws {
        #expect(try PlayDialogue().describe("v=0\r\n").error == .description(.noMedia))
        let dialogue = try PlayDialogue()
        dialogue.answer()
        #expect(dialogue.answer(404).error == .refused(.describe, RTSPStatus(code: 404, reason: "")))
    }

    @Test("B1 B2 the strongest challenge is answered, and B13 already on OPTIONS")
    func authenticated() throws {
        let dialogue = try PlayDialogue("rtsp://admin:pw@camera.example/stream?x=1")
        var headers = RTSPHeaders()
        headers.add("WWW-Authenticate", "Basic realm=\"a\"")
        headers.add("WWW-Authenticate", "Digest realm=\"a\", nonce=\"n\", algorithm=SHA-256")
        headers.add("WWW-Authenticate", "Digest realm=\"a\", nonce=\"n\"")
        dialogue.answer(401, headers)
        #expect(dialogue.asked?.method == .options)
        let authorization = try #require(dialogue.asked?.headers["Authorization"])
        #expect(authorization.contains("SHA-256"))
        #expect(authorization.contains("uri=\"rtsp://camera.example/stream?x=1\""))
    }

    @Test("B7 B8 every request carries credentials that sign exactly its own URI")
    func signedUris() throws {
        let dialogue = try PlayDialogue("rtsp://admin:pw@camera.example/stream")
        dialogue.answer(401, ["WWW-Authenticate": "Digest realm=\"a\", nonce=\"n\""])
        var methods: [RTSPMethod] = []
        for _ in 0..<4 {
            let asked = try #require(dialogue.asked)
            methods.append(asked.method)
            let authorization = try #require(asked.headers["Authorization"])
            #expect(authorization.contains("uri=\"\(asked.uri)\""))
            dialogue.answer(200, ["Session": "1"], body: asked.method == .describe ? PlayDialogue.video : "")
        }
        #expect(methods == [.options, .describe, .setup, .play])
        let keepalive = try #require(dialogue.keepalive())
        #expect(keepalive.headers["Authorization"]?.contains("uri=\"\(keepalive.uri)\"") == true)
    }

    @Test("A wrong password is told once, and is not tried again on this connection")
    func wrongPassword() throws {
        let dialogue = try PlayDialogue("rtsp://admin:wrong@camera.example/stream")
        let challenge: RTSPHeaders = ["WWW-Authenticate": "Digest realm=\"a\", nonce=\"n\""]
        dialogue.answer(401, challenge)
        #expect(dialogue.answer(401, challenge).error == .unauthorized(hadCredentials: true))
        let anonymous = try PlayDialogue()
        #expect(anonymous.answer(401, challenge).error == .unauthorized(hadCredentials: false))
    }
}
