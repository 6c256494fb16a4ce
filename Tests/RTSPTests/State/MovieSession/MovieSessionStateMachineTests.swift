import NIOCore
import Testing

@testable import RTSP

@Suite("MovieSessionStateMachine")
struct MovieSessionStateMachineTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let second: Int64 = 1_000_000

    /// A session with a movie of ten seconds, two tracks set up over TCP, or by datagrams.
    private func session(datagrams: Bool = false) -> MovieSessionStateMachine {
        var session = MovieSessionStateMachine(duration: 10 * second, timeout: .seconds(65), at: start)
        let tcp = [TransportSpecification(lower: .tcp)]
        let udp = [TransportSpecification(lower: .udp, clientPorts: PortPair(rtp: 5000, rtcp: 5001))]
        let paths = PlayTransportPaths(claimPorts: { _ in true })
        _ = session.setupReceived(track: 0, alternatives: datagrams ? udp : tcp, paths: paths)
        let second = session.setupReceived(track: 1, alternatives: udp + tcp, paths: paths)
        #expect({ if case .accept(let transport) = second { transport.isInterleaved != datagrams } else { false } }())
        return session
    }

    private func ask(
        _ session: inout MovieSessionStateMachine, _ headers: RTSPHeaders = [:], at position: Int64 = 0,
        hasPictures: Bool = true
    ) -> MovieSessionStateMachine.PlayResult {
        let result = session.playReceived(
            .aggregate, MoviePlayRequest(headers), position: position, hasPictures: hasPictures)
        if case .prepare = result {
            #expect(session.playPrepared() == .answer)
            #expect(session.playAnswered() == .begin)
        }
        return result
    }

    @Test("S18 a viewer plays from the beginning, pauses, and goes on with the next packet")
    func pausing() {
        var session = session()
        #expect(ask(&session) == .prepare(MoviePlay(start: .at(0))))
        #expect(session.pauseReceived(.aggregate, position: 3 * second) == .pause)
        #expect(session.pauseReceived(.aggregate, position: 4 * second) == .answer)
        #expect(ask(&session) == .prepare(MoviePlay(start: .whereItStopped)))
        #expect(session.pauseReceived(.aggregate, position: 5 * second) == .pause)
        #expect(ask(&session, ["Range": "npt=now-"]) == .prepare(MoviePlay(start: .whereItStopped)))
    }

    @Test("S18 a PAUSE with a point is one when the movie is there, and PLAY goes on with the next packet from there")
    func pausePoint() {
        var session = session()
        _ = ask(&session, ["Range": "npt=2-8"])
        #expect(session.pauseReceived(.aggregate, .at(5), position: 3 * second) == .pauseAt(5 * second))
        #expect(ask(&session, at: 3 * second) == .answerAgain(MoviePlay(start: .at(2 * second), end: 8 * second)))
        session.pausePointReached(5 * second)
        #expect(session.pauseReceived(.aggregate, .at(6), position: 5 * second) == .refuse(.invalidRange))
        #expect(ask(&session) == .prepare(MoviePlay(start: .whereItStopped, end: 8 * second)))
        #expect(session.pauseReceived(.aggregate, .at(7), position: 5 * second) == .pauseAt(7 * second))
        #expect(
            session.pauseReceived(.aggregate, position: 6 * second) == .pause, "at once, and then there is no point")
    }

    @Test("S18 a pause point that is not to be played is 457, and what plays goes on")
    func otherPausePoints() {
        var session = session()
        #expect(session.pauseReceived(.aggregate, .at(1), position: 0) == .refuse(.invalidRange), "nothing plays")
        _ = ask(&session, ["Range": "npt=2-8"])
        for point in [PausePoint.at(2.9), .at(8.1), .unreadable] {
            #expect(session.pauseReceived(.aggregate, point, position: 3 * second) == .refuse(.invalidRange))
        }
        #expect(session.pauseReceived(.track(0), .at(5), position: 0) == .refuse(.onlyAggregateOperationAllowed))
        #expect(session.pauseReceived(.aggregate, .at(3), position: 3 * second) == .pauseAt(3 * second))
        _ = ask(&session, ["Scale": "-2", "Range": "npt=8-2"])
        #expect(session.pauseReceived(.aggregate, .at(5), position: 6 * second) == .pauseAt(5 * second))
        for point in [1.9, 6.1] {
            #expect(session.pauseReceived(.aggregate, .at(point), position: 6 * second) == .refuse(.invalidRange))
        }
        var endless = MovieSessionStateMachine(duration: 0, timeout: .seconds(65), at: start)
        #expect(
            endless.pauseReceived(.aggregate, .at(5), position: 0)
                == .refuse(.methodNotValid(allow: PlaySessionStateMachine.allowedInitially)))
        let tcp = [TransportSpecification(lower: .tcp)]
        _ = endless.setupReceived(track: 0, alternatives: tcp, paths: PlayTransportPaths())
        _ = ask(&endless)
        #expect(endless.pauseReceived(.aggregate, .at(5000), position: 0) == .pauseAt(5000 * second))
    }

    @Test(
        "A range is played as it is asked for, open, closed or in clock time, also while something plays: it seeks at once"
    )
    func ranges() {
        var session = session()
        #expect(ask(&session, ["Range": "npt=2.5-"]) == .prepare(MoviePlay(start: .at(2_500_000))))
        #expect(
            ask(&session, ["Range": "npt=0:00:04-6.25"])
                == .prepare(MoviePlay(start: .at(4 * second), end: 6_250_000)))
        #expect(session.pauseReceived(.aggregate, position: 5 * second) == .pause)
        #expect(ask(&session) == .prepare(MoviePlay(start: .whereItStopped, end: 6_250_000)))
        #expect(
            ask(&session, ["Range": "npt=now-8"], at: 5 * second)
                == .prepare(MoviePlay(start: .at(5 * second), end: 8 * second)), "a track may have ended at 6.25")
        #expect(ask(&session, ["Range": "npt=-3"]) == .prepare(MoviePlay(start: .at(0), end: 3 * second)))
    }

    @Test(
        "S16 a range that the movie does not have is refused with 457, and what plays goes on",
        arguments: [
            "npt=10.1-", "npt=5-5", "npt=5-4", "clock=20261121T100000Z-", "smpte=0:10:00-", "nonsense", "npt=x-",
        ])
    func outside(range: String) {
        var session = session()
        #expect(ask(&session, ["Range": range]) == .refuse(.invalidRange))
        #expect(ask(&session) == .prepare(MoviePlay(start: .at(0))))
        #expect(ask(&session, ["Range": range]) == .refuse(.invalidRange))
        #expect(ask(&session, at: second) == .answerAgain(MoviePlay(start: .at(0))))
    }

    @Test("S16 a range in SMPTE times is that of the frames, to the microsecond, whichever way it plays")
    func frames() {
        var session = session()
        let asked: [(range: String, start: Int64, end: Int64?)] = [
            ("smpte=0:00:02:00-", 2_002_000, nil), ("smpte-25=0:00:02:12.50-", 2_500_000, nil),
            ("smpte-30-drop=00:00:00:01-00:00:00:02", 33_367, 66_733),
            ("smpte-25=00:00:10:00-", 10_000_000, nil), ("smpte-25=0:0:2-0:2:0", 2_000_000, 120_000_000),
        ]
        for (range, start, end) in asked {
            #expect(ask(&session, ["Range": range]) == .prepare(MoviePlay(start: .at(start), end: end)), "\(range)")
        }
        #expect(
            ask(&session, ["Range": "smpte-25=0:0:8-0:0:2", "Scale": "-1"])
                == .prepare(MoviePlay(start: .at(8 * second), end: 2 * second, scale: -1)))
        for range in ["smpte-25=0:0:2-0:0:2", "smpte-25=0:0:2-0:0:1", "smpte-25=0:0:10:01-", "smpte=0:0:10:00-"] {
            #expect(ask(&session, ["Range": range]) == .refuse(.invalidRange), "\(range)")
        }
        #expect(PlayRange(of: ["Range": "smpte=0:0:1-"]).smpteFormat == .unnamed)
        #expect(PlayRange(of: ["Range": "npt=1-"]).smpteFormat == nil)
    }

    @Test("The end itself is in the movie, and of one whose length nobody knows, everything is")
    func bounds() {
        var session = session()
        #expect(ask(&session, ["Range": "npt=10-"]) == .prepare(MoviePlay(start: .at(10 * second))))
        var endless = MovieSessionStateMachine(duration: 0, timeout: .seconds(65), at: start)
        _ = endless.setupReceived(
            track: 0, alternatives: [TransportSpecification(lower: .tcp)], paths: PlayTransportPaths())
        #expect(ask(&endless, ["Range": "npt=5000-"]) == .prepare(MoviePlay(start: .at(5000 * second))))
    }

    @Test(
        "S20 the scale that is granted has bounds, and is 1 without pictures",
        arguments: [
            ("2", 2.0), ("0.01", 0.25), ("-0.1", -0.25), ("99", 16.0), ("-99", -16.0), ("0", 1.0), ("x", 1.0),
            ("nan", 1.0), ("1e5", 1.0), ("+4", 4.0),
        ])
    func scales(asked: String, granted: Double) {
        var session = session()
        let begin = granted < 0 ? 10 * second : 0
        #expect(ask(&session, ["Scale": asked]) == .prepare(MoviePlay(start: .at(begin), scale: granted)))
        var sound = self.session()
        #expect(ask(&sound, ["Scale": asked], hasPictures: false) == .prepare(MoviePlay(start: .at(0))))
    }

    @Test("Another scale begins where the movie is, another speed goes on with the next packet")
    func changes() {
        var session = session()
        _ = ask(&session)
        #expect(
            ask(&session, ["Scale": "-2"], at: 4 * second)
                == .prepare(MoviePlay(start: .at(4 * second), scale: -2)))
        #expect(session.pauseReceived(.aggregate, position: 2 * second) == .pause)
        #expect(ask(&session) == .prepare(MoviePlay(start: .at(2 * second))))
        #expect(
            ask(&session, ["Speed": "9"], at: 3 * second)
                == .prepare(MoviePlay(start: .whereItStopped, speed: 4)))
        #expect(
            ask(&session, ["Scale": "1", "Speed": "4"]) == .answerAgain(MoviePlay(start: .whereItStopped, speed: 4)))
        #expect(
            ask(&session, ["Range": "npt=8-2", "Scale": "-1"])
                == .prepare(MoviePlay(start: .at(8 * second), end: 2 * second, scale: -1)))
        #expect(ask(&session, ["Range": "npt=2-8", "Scale": "-1"]) == .refuse(.invalidRange))
    }

    @Test("Datagrams are sent at their own speed: faster, they would be lost")
    func unreliable() {
        var session = session(datagrams: true)
        #expect(ask(&session, ["Speed": "4"]) == .prepare(MoviePlay(start: .at(0), speed: 1)))
    }

    @Test("At the end the session stays: it plays again from the beginning, or wherever the viewer seeks")
    func ending() {
        var session = session()
        #expect(session.movieEnded() == .nothing)
        _ = ask(&session)
        #expect(session.movieEnded() == .sayGoodbye)
        #expect(session.movieEnded() == .nothing)
        #expect(ask(&session) == .prepare(MoviePlay(start: .at(0))))
        _ = session.movieEnded()
        #expect(ask(&session, ["Range": "npt=3-"]) == .prepare(MoviePlay(start: .at(3 * second))))
        _ = session.movieEnded()
        #expect(ask(&session, ["Scale": "-1"]) == .prepare(MoviePlay(start: .at(10 * second), scale: -1)))
    }

    @Test("Who sets other tracks up while nothing plays goes on at a key frame, for the next packet is another's")
    func otherTracks() {
        var session = session()
        _ = ask(&session)
        _ = session.pauseReceived(.aggregate, position: 2 * second)
        #expect(session.teardownReceived(.track(1)) == .release(track: 1))
        #expect(ask(&session) == .prepare(MoviePlay(start: .at(2 * second))))
    }

    @Test("A file that cannot be read leaves a session that can be asked again")
    func failing() {
        var session = session()
        let result = session.playReceived(.aggregate, MoviePlayRequest(), position: 0, hasPictures: true)
        #expect(result == .prepare(MoviePlay(start: .at(0))))
        session.playFailed()
        #expect(ask(&session, ["Range": "npt=1-"]) == .prepare(MoviePlay(start: .at(second))))
    }

    @Test("What may be asked when is as with a stream: 455 before SETUP, 460 for one track of two, 454 after the end")
    func conversation() {
        var empty = MovieSessionStateMachine(duration: second, timeout: .seconds(65), at: start)
        let early = MovieSessionStateMachine.PlayResult.refuse(
            .methodNotValid(allow: PlaySessionStateMachine.allowedInitially))
        #expect(ask(&empty) == early)
        #expect(ask(&empty, ["Range": "npt=99-"]) == early)
        var session = session()
        let one = session.playReceived(.track(0), MoviePlayRequest(), position: 0, hasPictures: true)
        #expect(one == .refuse(.onlyAggregateOperationAllowed))
        #expect(
            session.timedOut(at: start + .seconds(64), connectionDrains: true) == .wait(until: start + .seconds(65)))
        session.activityNoted(at: start + .seconds(30))
        #expect(session.timedOut(at: start + .seconds(95), connectionDrains: true) == .end)
        #expect(ask(&session) == .refuse(.sessionNotFound))
        #expect(session.connectionClosed() == .nothing && session.sessionEnded() == .nothing)
    }
}
