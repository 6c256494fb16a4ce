import Media
import NIOCore
import RTSP
import Testing

/// PLAY, keepalives and the end.
@Suite struct PlayClientSessionTests {
    @Test(
        "F1 F2 F3 the keepalive comes well before the timeout, however it is written",
        arguments: [
            ("851006239;timeout=20", 10), ("x; timeout = 60;foo", 30), ("x", 30), ("x;timeout=3600", 30),
            ("x;timeout=1", 1),
        ])
    func interval(session: String, seconds: Int64) throws {
        #expect(try PlayDialogue().play(session: session).keepaliveInterval == .seconds(seconds))
    }

    @Test("F3 a timeout that only the answer to PLAY tells counts too")
    func lateTimeout() throws {
        let dialogue = try PlayDialogue()
        dialogue.describe()
        dialogue.answer(200, ["Session": "1"])
        #expect(dialogue.answer(200, ["Session": "1;timeout=12"]).session?.keepaliveInterval == .seconds(6))
    }

    @Test("F4 GET_PARAMETER keeps alive where Public lists it, else OPTIONS")
    func method() throws {
        let listed = try PlayDialogue()
        _ = try listed.play(publicMethods: "OPTIONS, GET_PARAMETER")
        #expect(listed.keepalive()?.method == .getParameter)
        let unlisted = try PlayDialogue()
        _ = try unlisted.play(publicMethods: "OPTIONS, PLAY")
        #expect(unlisted.keepalive()?.method == .options)
        #expect(unlisted.keepalive()?.headers["Session"] == "5A0D77F1")
    }

    @Test("The keepalive is what the configuration says, or none at all")
    func configuredMethod() throws {
        let options = try PlayDialogue(keepalive: .options)
        _ = try options.play()
        #expect(options.keepalive()?.method == .options)
        let never = try PlayDialogue(keepalive: .never)
        #expect(try never.play().keepaliveInterval == nil)
        #expect(never.keepalive() == nil)
    }

    @Test("F5 unanswered keepalives change nothing, and an old answer is no other's")
    func unansweredKeepalives() throws {
        let dialogue = try PlayDialogue()
        _ = try dialogue.play()
        for _ in 0..<100 { #expect(dialogue.keepalive() != nil) }
        guard case .ignored = dialogue.machine.timedOut() else { throw PlayDialogueError() }
        #expect(dialogue.answer(200, ["CSeq": "5"]).isIgnored)
    }

    @Test("F13 keepalives without answer are counted once one was answered, and only then")
    func missedKeepalives() throws {
        let dialogue = try PlayDialogue()
        _ = try dialogue.play()
        for _ in 0..<5 { _ = dialogue.keepalive() }
        let before = dialogue.machine.missedKeepalives
        #expect(before == 0)
        let keepalive = try #require(dialogue.keepalive())
        #expect(dialogue.answer(400, ["CSeq": keepalive.headers["CSeq"] ?? ""]).isIgnored)
        for count in 1...4 {
            _ = dialogue.keepalive()
            let missed = dialogue.machine.missedKeepalives
            #expect(missed == count)
        }
    }

    @Test("F6 a keepalive refused is ignored; 454 is the end of the session", arguments: [400, 403, 451, 500, 503])
    func refusedKeepalive(code: Int) throws {
        let dialogue = try PlayDialogue()
        _ = try dialogue.play()
        let keepalive = try #require(dialogue.keepalive())
        #expect(dialogue.answer(code, ["CSeq": keepalive.headers["CSeq"] ?? ""]).isIgnored)
        let next = try #require(dialogue.keepalive())
        #expect(dialogue.answer(454, ["CSeq": next.headers["CSeq"] ?? ""]).error == .sessionLost)
    }

    @Test("A camera that calls GET_PARAMETER unknown gets OPTIONS from then on")
    func unknownKeepalive() throws {
        let dialogue = try PlayDialogue()
        _ = try dialogue.play()
        let keepalive = try #require(dialogue.keepalive())
        #expect(dialogue.answer(501, ["CSeq": keepalive.headers["CSeq"] ?? ""]).isIgnored)
        #expect(dialogue.keepalive()?.method == .options)
    }

    @Test("B5 a keepalive answered 401 with a new nonce is sent once more, and the next goes out signed with it")
    func staleKeepalive() throws {
        let dialogue = try PlayDialogue("rtsp://admin:pw@camera.example/stream")
        dialogue.answer(401, ["WWW-Authenticate": "Digest realm=\"a\", nonce=\"one\""])
        dialogue.answer()
        dialogue.answer(body: PlayDialogue.video)
        dialogue.answer(200, ["Session": "1"])
        #expect(dialogue.answer().session != nil)
        let keepalive = try #require(dialogue.keepalive())
        let result = dialogue.answer(
            401,
            [
                "CSeq": keepalive.headers["CSeq"] ?? "", "WWW-Authenticate": "Digest realm=\"a\", nonce=\"two\"",
            ])
        guard case .send(let again) = result else { throw PlayDialogueError() }
        #expect(again.method == keepalive.method)
        #expect(again.headers["Authorization"]?.contains("nonce=\"two\"") == true)
        #expect(dialogue.answer(200).isIgnored)
        #expect(dialogue.keepalive()?.headers["Authorization"]?.contains("nonce=\"two\"") == true)
    }

    @Test("B5 a keepalive whose credentials are refused for good is the last one, and media goes on")
    func refusedCredentials() throws {
        let dialogue = try PlayDialogue()
        _ = try dialogue.play()
        let keepalive = try #require(dialogue.keepalive())
        #expect(dialogue.answer(401, ["CSeq": keepalive.headers["CSeq"] ?? ""]).isIgnored)
        #expect(dialogue.keepalive() == nil)
        guard case .tearDown = dialogue.machine.stopRequested() else { throw PlayDialogueError() }
    }

    @Test("F9 PLAY asks for the range from the beginning")
    func range() throws {
        let dialogue = try PlayDialogue()
        dialogue.describe()
        dialogue.answer(200, ["Session": "1"])
        #expect(dialogue.asked?.headers["Range"] == "npt=0.000-")
    }

    @Test("F11 the paths are known before PLAY is sent")
    func pathsBeforePlay() throws {
        let dialogue = try PlayDialogue()
        dialogue.describe()
        guard case .beginReceiving(let tracks, let play) = dialogue.answer(200, ["Session": "1"]) else {
            throw PlayDialogueError()
        }
        #expect(tracks.count == 1)
        #expect(play.method == .play)
    }

    @Test(
        "F12 no RTP-Info is odd enough to matter",
        arguments: [
            "url=;seq=;rtptime=0", "url=trackID=1;rtptime=99999999999, url=/x;session=1", ";;;,,,", "rtptime=-1", "",
        ])
    func strangeInformation(value: String) throws {
        let dialogue = try PlayDialogue()
        dialogue.describe()
        dialogue.answer(200, ["Session": "1"])
        #expect(dialogue.answer(200, ["RTP-Info": value]).session != nil)
    }

    @Test("PLAY refused ends the conversation, and the session is still torn down")
    func playRefused() throws {
        let dialogue = try PlayDialogue()
        dialogue.describe()
        dialogue.answer(200, ["Session": "1"])
        #expect(dialogue.answer(503).error == .refused(.play, RTSPStatus(code: 503, reason: "")))
        guard case .tearDown(let request) = dialogue.machine.stopRequested() else { throw PlayDialogueError() }
        #expect(request.headers["Session"] == "1")
        guard case .tornDown = dialogue.answer(200, ["CSeq": request.headers["CSeq"] ?? ""]) else {
            throw PlayDialogueError()
        }
        #expect(dialogue.isStopped)
    }

    @Test("PAUSE leaves the session as it is, to be kept alive and torn down, and a refusal of it is told")
    func paused() throws {
        let dialogue = try PlayDialogue()
        let early = dialogue.machine.pauseRequested()
        #expect(early == nil)
        _ = try dialogue.play()
        guard let pause = dialogue.machine.pauseRequested() else { throw PlayDialogueError() }
        #expect((pause.method, pause.headers["Session"]) == (.pause, "5A0D77F1"))
        guard case .paused = dialogue.answer(200, ["CSeq": pause.headers["CSeq"] ?? ""]) else {
            throw PlayDialogueError()
        }
        #expect(dialogue.keepalive()?.method == .getParameter)
        guard let again = dialogue.machine.pauseRequested() else { throw PlayDialogueError() }
        let refusal = dialogue.answer(455, ["CSeq": again.headers["CSeq"] ?? ""])
        #expect(refusal.error == .refused(.pause, RTSPStatus(code: 455, reason: "")))
        guard case .tearDown = dialogue.machine.stopRequested() else { throw PlayDialogueError() }
    }

    @Test("E17 TEARDOWN answered 401 for a nonce that ran out is sent once more")
    func staleTearDown() throws {
        let dialogue = try PlayDialogue("rtsp://admin:pw@camera.example/stream")
        dialogue.answer(401, ["WWW-Authenticate": "Digest realm=\"a\", nonce=\"one\""])
        dialogue.answer()
        dialogue.answer(body: PlayDialogue.video)
        dialogue.answer(200, ["Session": "1"])
        #expect(dialogue.answer().session != nil)
        guard case .tearDown(let request) = dialogue.machine.stopRequested() else { throw PlayDialogueError() }
        let challenge: RTSPHeaders = [
            "CSeq": request.headers["CSeq"] ?? "", "WWW-Authenticate": "Digest realm=\"a\", nonce=\"two\"",
        ]
        guard case .send(let again) = dialogue.answer(401, challenge) else { throw PlayDialogueError() }
        #expect(again.method == .teardown)
        #expect(again.headers["Session"] == "1")
        #expect(again.headers["Authorization"]?.contains("nonce=\"two\"") == true)
        guard case .tornDown = dialogue.answer(401, ["WWW-Authenticate": "Digest realm=\"a\", nonce=\"3\""]) else {
            throw PlayDialogueError()
        }
    }

    @Test("Stopping before anything is set up closes without TEARDOWN, and events afterwards are ignored")
    func stoppedEarly() throws {
        let dialogue = try PlayDialogue()
        #expect(dialogue.isStopped)
        #expect(dialogue.answer().isIgnored)
        #expect(dialogue.keepalive() == nil)
        let reconnected = dialogue.machine.connected()
        #expect(reconnected == nil)
        let setup = dialogue.machine.portsOpened([])
        #expect(setup == nil)
        guard case .ignored = dialogue.machine.timedOut() else { throw PlayDialogueError() }
    }
}
