import NIOCore
import Testing

@testable import RTSP

@Suite("PlaySessionStateMachine")
struct PlaySessionStateMachineTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func session() -> PlaySessionStateMachine {
        PlaySessionStateMachine(timeout: .seconds(65), at: start)
    }

    /// A session whose tracks were set up interleaved, channels 0-1, 2-3, …
    private func session(tracks: Int) -> PlaySessionStateMachine {
        var session = session()
        for track in 0..<tracks {
            _ = session.setupReceived(track: track, alternatives: tcp(nil), paths: PlayTransportPaths())
        }
        return session
    }

    private func playing(tracks: Int) -> PlaySessionStateMachine {
        var session = session(tracks: tracks)
        _ = session.playReceived(.aggregate, range: .unspecified)
        _ = session.playPrepared()
        _ = session.playAnswered()
        return session
    }

    private func tcp(_ channels: ChannelPair?) -> [TransportSpecification] {
        [TransportSpecification(lower: .tcp, interleaved: channels)]
    }

    @Test("a viewer sets up two tracks, plays, pauses, plays on and leaves")
    func wholeConversation() {
        var session = session()
        let first = session.setupReceived(
            track: 0, alternatives: tcp(ChannelPair(rtp: 0, rtcp: 1)), paths: PlayTransportPaths())
        #expect(first == .accept(.interleaved(ChannelPair(rtp: 0, rtcp: 1))))
        let second = session.setupReceived(
            track: 1, alternatives: tcp(ChannelPair(rtp: 2, rtcp: 3)), paths: PlayTransportPaths())
        #expect(second == .accept(.interleaved(ChannelPair(rtp: 2, rtcp: 3))))
        let transports = session.transports
        #expect(transports.count == 2)
        for _ in 0..<2 {
            let play = session.playReceived(.aggregate, range: .asked(.fromTheBeginning))
            #expect(play == .prepare(transports))
            #expect(session.playPrepared() == .answer)
            #expect(session.playAnswered() == .begin)
            #expect(session.pauseReceived(.aggregate) == .pause)
        }
        #expect(session.teardownReceived(.aggregate) == .end)
        #expect(session.transports.isEmpty)
    }

    @Test("S14 PLAY and PAUSE before any SETUP are not valid in this state, and SETUP is allowed")
    func tooEarly() {
        var session = session()
        let expected = SessionRefusal.methodNotValid(
            allow: [.options, .describe, .setup, .getParameter, .setParameter])
        #expect(session.playReceived(.aggregate, range: .unspecified) == .refuse(expected))
        #expect(session.pauseReceived(.aggregate) == .refuse(expected))
        #expect(expected.status.code == 455)
    }

    @Test("S14 SETUP while it plays is not valid in this state, and PAUSE is allowed")
    func setupWhilePlaying() {
        var session = playing(tracks: 1)
        let result = session.setupReceived(track: 1, alternatives: tcp(nil), paths: PlayTransportPaths())
        guard case .refuse(.methodNotValid(let allow)) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(allow.contains(.pause) && allow.contains(.teardown) && !allow.contains(.setup))
    }

    @Test("while PLAY waits for the stream, only TEARDOWN gets through")
    func preparing() {
        var session = session(tracks: 1)
        _ = session.playReceived(.aggregate, range: .unspecified)
        let refusal = SessionRefusal.methodNotValid(
            allow: [.options, .describe, .getParameter, .setParameter, .teardown])
        #expect(session.playReceived(.aggregate, range: .unspecified) == .refuse(refusal))
        #expect(session.pauseReceived(.aggregate) == .refuse(refusal))
        let setup = session.setupReceived(track: 1, alternatives: tcp(nil), paths: PlayTransportPaths())
        #expect(setup == .refuse(refusal))
        #expect(session.teardownReceived(.aggregate) == .end)
        #expect(session.playPrepared() == .discard)
        #expect(session.playAnswered() == .nothing)
    }

    @Test("M13 PLAY of what plays is answered again, without another start")
    func playTwice() {
        var session = playing(tracks: 2)
        #expect(session.playReceived(.aggregate, range: .unspecified) == .answerAgain)
        #expect(session.playAnswered() == .nothing)
    }

    @Test("S18 PAUSE of what stands still is answered and changes nothing")
    func pauseTwice() {
        var session = playing(tracks: 1)
        #expect(session.pauseReceived(.aggregate) == .pause)
        #expect(session.pauseReceived(.aggregate) == .answer)
        #expect(session.playReceived(.aggregate, range: .unspecified) == .prepare(session.transports))
    }

    @Test("PAUSE before the answer to PLAY is written lets no packet through")
    func pauseOvertakes() {
        var session = session(tracks: 1)
        _ = session.playReceived(.aggregate, range: .unspecified)
        _ = session.playPrepared()
        #expect(session.pauseReceived(.aggregate) == .pause)
        #expect(session.playAnswered() == .nothing)
    }

    @Test("a stream that has nothing to give leaves the session ready for another PLAY")
    func playFails() {
        var session = session(tracks: 1)
        _ = session.playReceived(.aggregate, range: .unspecified)
        session.playFailed()
        #expect(session.playReceived(.aggregate, range: .unspecified) == .prepare(session.transports))
    }

    @Test("a second SETUP of a track replaces its transport")
    func setupAgain() {
        var session = session(tracks: 2)
        let again = session.setupReceived(
            track: 0, alternatives: tcp(ChannelPair(rtp: 0, rtcp: 1)), paths: PlayTransportPaths())
        let channels = PlayTransport.interleaved(ChannelPair(rtp: 0, rtcp: 1))
        #expect(again == .accept(channels))
        let moved = session.setupReceived(
            track: 0,
            alternatives: [TransportSpecification(lower: .udp, clientPorts: PortPair(rtp: 5000, rtcp: 5001))],
            paths: PlayTransportPaths(claimPorts: { _ in true })
        )
        #expect(moved == .accept(.datagrams(PortPair(rtp: 5000, rtcp: 5001))))
        #expect(session.transports.count == 2)
    }

    @Test("a SETUP that is refused leaves the track as it was")
    func setupAgainRefused() {
        var session = session(tracks: 1)
        let before = session.transports
        let result = session.setupReceived(track: 0, alternatives: [], paths: PlayTransportPaths())
        #expect(result == .refuse(.unsupportedTransport))
        #expect(session.transports == before)
        #expect(session.playReceived(.aggregate, range: .unspecified) == .prepare(before))
    }

    @Test("S15 the only track stands for the session")
    func trackOfOne() {
        var session = session(tracks: 1)
        #expect(session.playReceived(.track(0), range: .unspecified) == .prepare(session.transports))
        _ = session.playPrepared()
        _ = session.playAnswered()
        #expect(session.pauseReceived(.track(0)) == .pause)
        #expect(session.teardownReceived(.track(0)) == .end)
    }

    @Test("S15 one track of several plays and pauses with the others only")
    func trackOfSeveral() {
        var session = session(tracks: 2)
        #expect(session.playReceived(.track(1), range: .unspecified) == .refuse(.onlyAggregateOperationAllowed))
        var running = playing(tracks: 2)
        #expect(running.pauseReceived(.track(1)) == .refuse(.onlyAggregateOperationAllowed))
        #expect(running.playReceived(.track(1), range: .unspecified) == .refuse(.onlyAggregateOperationAllowed))
        #expect(running.teardownReceived(.track(1)) == .refuse(.onlyAggregateOperationAllowed))
        #expect(SessionRefusal.onlyAggregateOperationAllowed.status.code == 460)
    }

    @Test("TEARDOWN takes one track of several out while nothing flows")
    func teardownOfTrack() {
        var session = session(tracks: 2)
        #expect(session.teardownReceived(.track(0)) == .release(track: 0))
        #expect(Array(session.transports.keys) == [1])
        #expect(
            session.teardownReceived(.track(0))
                == .refuse(.methodNotValid(allow: PlaySessionStateMachine.allowedInitially)))
        #expect(session.teardownReceived(.track(1)) == .end)
    }

    @Test("a track that was not set up cannot play")
    func foreignTrack() {
        var session = session(tracks: 1)
        let refusal = SessionRefusal.methodNotValid(allow: PlaySessionStateMachine.allowedInitially)
        #expect(session.playReceived(.track(7), range: .unspecified) == .refuse(refusal))
    }

    @Test("S13 S19 after TEARDOWN there is no session for any request")
    func ended() {
        var session = playing(tracks: 2)
        #expect(session.teardownReceived(.aggregate) == .end)
        #expect(session.playReceived(.aggregate, range: .unspecified) == .refuse(.sessionNotFound))
        #expect(session.pauseReceived(.aggregate) == .refuse(.sessionNotFound))
        #expect(session.teardownReceived(.aggregate) == .refuse(.sessionNotFound))
        let setup = session.setupReceived(track: 0, alternatives: tcp(nil), paths: PlayTransportPaths())
        #expect(setup == .refuse(.sessionNotFound))
        #expect(session.connectionClosed() == .nothing)
        #expect(session.streamEnded() == .nothing)
        #expect(SessionRefusal.sessionNotFound.status.code == 454)
    }

    @Test("a closed connection and a stream that is gone end the session once")
    func endedFromOutside() {
        var first = playing(tracks: 1)
        #expect(first.connectionClosed() == .end)
        #expect(first.streamEnded() == .nothing)
        var second = session(tracks: 1)
        #expect(second.streamEnded() == .end)
        #expect(second.connectionClosed() == .nothing)
    }

    @Test("S38 silence ends a session after the whole timeout and not before")
    func silence() {
        var session = session(tracks: 1)
        #expect(
            session.timedOut(at: start + .seconds(64), connectionDrains: true) == .wait(until: start + .seconds(65)))
        session.activityNoted(at: start + .seconds(30))
        #expect(
            session.timedOut(at: start + .seconds(65), connectionDrains: true) == .wait(until: start + .seconds(95)))
        #expect(session.timedOut(at: start + .seconds(95), connectionDrains: true) == .end)
        #expect(session.timedOut(at: start + .seconds(200), connectionDrains: true) == .nothing)
    }

    @Test("a sign of life that comes late does not set the clock back")
    func activityOutOfOrder() {
        var session = session(tracks: 1)
        session.activityNoted(at: start + .seconds(30))
        session.activityNoted(at: start + .seconds(10))
        #expect(
            session.timedOut(at: start + .seconds(80), connectionDrains: false) == .wait(until: start + .seconds(95)))
    }

    @Test("S27 a viewer that takes interleaved packets needs no keep-alive")
    func interleavedLives() {
        var session = playing(tracks: 1)
        for minute in 1...10 {
            let now = start + .seconds(Int64(minute) * 60)
            #expect(session.timedOut(at: now, connectionDrains: true) == .wait(until: now + .seconds(65)))
        }
        #expect(session.timedOut(at: start + .seconds(665), connectionDrains: false) == .end)
    }

    @Test("an open connection is no sign of life of a viewer of datagrams")
    func datagramsNeedKeepAlive() {
        var session = session()
        let transport = [TransportSpecification(lower: .udp, clientPorts: PortPair(rtp: 5000, rtcp: 5001))]
        _ = session.setupReceived(
            track: 0, alternatives: transport, paths: PlayTransportPaths(claimPorts: { _ in true }))
        _ = session.playReceived(.aggregate, range: .unspecified)
        _ = session.playPrepared()
        _ = session.playAnswered()
        #expect(session.timedOut(at: start + .seconds(65), connectionDrains: true) == .end)
    }

    @Test("a viewer that takes leave of every track ends the session")
    func goodbye() {
        var session = playing(tracks: 2)
        #expect(session.goodbyeReceived(track: 0) == .nothing)
        #expect(session.goodbyeReceived(track: 0) == .nothing)
        #expect(session.goodbyeReceived(track: 5) == .nothing)
        #expect(session.goodbyeReceived(track: 1) == .end)
        #expect(session.goodbyeReceived(track: 1) == .nothing)
    }
}
