import NIOCore
import Testing

@testable import RTSP

@Suite struct RecordSessionStateMachineTests {
    private static let begin = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private static let tcp = TransportSpecification.parse("RTP/AVP/TCP;unicast;interleaved=0-1;mode=record")
    private static let udp = TransportSpecification.parse("RTP/AVP;unicast;client_port=5000-5001;mode=record")

    private func announced(tracks: Int = 2) -> RecordSessionStateMachine {
        RecordSessionStateMachine(trackCount: tracks, timeout: .seconds(60), at: Self.begin)
    }

    private func ready(tracks: Int = 2) -> RecordSessionStateMachine {
        var machine = announced(tracks: tracks)
        for track in 0..<tracks { _ = machine.setupReceived(track: track, alternatives: Self.udp) }
        return machine
    }

    private func recording(tracks: Int = 2) -> RecordSessionStateMachine {
        var machine = ready(tracks: tracks)
        _ = machine.recordReceived(.aggregate)
        _ = machine.recordPrepared()
        return machine
    }

    @Test("S34 RECORD is valid after SETUP only, and 455 says what would be")
    func recordBeforeSetup() {
        var machine = announced()
        #expect(
            machine.recordReceived(.aggregate)
                == .refuse(.methodNotValid(allow: RecordSessionStateMachine.allowedInitially)))
        #expect(!RecordSessionStateMachine.allowedInitially.contains(.record))
        #expect(
            machine.setupReceived(track: 1, alternatives: Self.tcp) == .accept(.interleaved(.init(rtp: 0, rtcp: 1))))
        #expect(machine.recordReceived(.aggregate) == .prepare([1: .interleaved(.init(rtp: 0, rtcp: 1))]))
    }

    @Test("packets are taken from RECORD on, before its answer too, and not after PAUSE")
    func takesPackets() {
        var machine = ready()
        #expect(machine.takesPackets == false)
        _ = machine.recordReceived(.aggregate)
        #expect(machine.takesPackets == true)
        #expect(machine.recordPrepared() == .answer)
        #expect(machine.takesPackets == true)
        #expect(machine.recordReceived(.aggregate) == .answerAgain)
        #expect(machine.pauseReceived(.aggregate, at: Self.begin) == .pause)
        #expect(machine.takesPackets == false)
        #expect(machine.recordReceived(.aggregate) == .prepare(machine.transports))
    }

    @Test("a stream that is not to be had leaves the session as it was before RECORD")
    func failed() {
        var machine = ready()
        _ = machine.recordReceived(.aggregate)
        machine.recordFailed()
        #expect(machine.takesPackets == false)
        #expect(machine.transports.count == 2)
        #expect(machine.recordReceived(.aggregate) == .prepare(machine.transports))
    }

    @Test("a second SETUP of a track counts instead of the first, and none is valid while packets flow")
    func setupAgain() {
        var machine = ready(tracks: 1)
        #expect(
            machine.setupReceived(track: 0, alternatives: Self.tcp) == .accept(.interleaved(.init(rtp: 0, rtcp: 1))))
        #expect(machine.transports == [0: .interleaved(.init(rtp: 0, rtcp: 1))])
        #expect(machine.setupReceived(track: 1, alternatives: Self.tcp) == .noSuchTrack)
        _ = machine.recordReceived(.aggregate)
        let refusal = SessionRefusal.methodNotValid(allow: RecordSessionStateMachine.allowedWhileRecording)
        #expect(machine.setupReceived(track: 0, alternatives: Self.tcp) == .refuse(refusal))
        #expect(machine.announceReceived() == .refuse(refusal))
    }

    @Test("a track without ports is not set up")
    func setupFailed() {
        var machine = ready(tracks: 1)
        machine.setupFailed(track: 0)
        #expect(machine.transports == [:])
        #expect(machine.recordReceived(.aggregate) != .prepare([:]))
    }

    @Test("one of several tracks is torn down while nothing flows; while packets flow it takes the whole")
    func aggregate() {
        var machine = recording()
        #expect(machine.teardownReceived(.track(0)) == .refuse(.onlyAggregateOperationAllowed))
        #expect(machine.recordReceived(.track(0)) == .refuse(.onlyAggregateOperationAllowed))
        #expect(machine.pauseReceived(.aggregate, at: Self.begin) == .pause)
        #expect(machine.teardownReceived(.track(0)) == .release(track: 0))
        #expect(machine.teardownReceived(.track(1)) == .end)
        #expect(machine.teardownReceived(.aggregate) == .refuse(.sessionNotFound))
    }

    @Test("M7 who records lives by its packets; who only set up ends after the whole silence and not before")
    func silence() {
        var machine = ready()
        #expect(machine.timedOut(at: Self.begin + .seconds(59)) == .wait(until: Self.begin + .seconds(60)))
        machine.activityNoted(at: Self.begin + .seconds(59))
        #expect(machine.timedOut(at: Self.begin + .seconds(60)) == .wait(until: Self.begin + .seconds(119)))
        _ = machine.recordReceived(.aggregate)
        _ = machine.recordPrepared()
        let muchLater = Self.begin + .hours(24)
        #expect(machine.timedOut(at: muchLater) == .wait(until: muchLater + .seconds(60)))
        #expect(machine.pauseReceived(.aggregate, at: muchLater) == .pause)
        #expect(machine.timedOut(at: muchLater + .seconds(60)) == .end)
        #expect(machine.timedOut(at: muchLater + .seconds(61)) == .nothing)
    }

    @Test("every end is told once")
    func ends() {
        var closed = recording()
        #expect(closed.connectionClosed() == .end)
        #expect(closed.sourceEnded() == .nothing)
        var waiting = ready()
        _ = waiting.recordReceived(.aggregate)
        #expect(waiting.sourceEnded() == .end)
        #expect(waiting.recordPrepared() == .discard)
        #expect(waiting.transports == [:])
        #expect(waiting.trackCount == 0)
    }

    @Test(
        "E10 a publisher may say record, receive, in quotes, or nothing",
        arguments: ["mode=record", "mode=RECORD", "mode=\"receive\"", "mode=receive", "mode=\"record\"", ""])
    func modes(_ mode: String) {
        var machine = announced()
        let transport = TransportSpecification.parse("RTP/AVP;unicast;client_port=5000-5001;\(mode)")
        #expect(
            machine.setupReceived(track: 0, alternatives: transport)
                == .accept(.datagrams(client: .init(rtp: 5000, rtcp: 5001))))
    }

    @Test(
        "what cannot be received is refused with 461, ports of services with 462",
        arguments: [
            ("RTP/AVP;multicast;port=5000-5001;mode=record", SessionRefusal.unsupportedTransport),
            ("RTP/SAVP;unicast;client_port=5000-5001;mode=record", .unsupportedTransport),
            ("RTP/AVP;unicast;client_port=5000-5001;mode=play", .unsupportedTransport),
            ("RAW/RAW/UDP;unicast", .unsupportedTransport), ("", .unsupportedTransport),
            ("RTP/AVP;unicast;client_port=53-54;mode=record", .destinationUnreachable),
        ])
    func refusedTransports(_ header: String, _ refusal: SessionRefusal) {
        var machine = announced()
        let result = machine.setupReceived(track: 0, alternatives: TransportSpecification.parse(header))
        #expect(result == .refuse(refusal))
        #expect(machine.transports == [:])
    }

    @Test("who names no channels, or those of another track, gets the first free pair")
    func channels() {
        var machine = announced()
        _ = machine.setupReceived(track: 0, alternatives: Self.tcp)
        #expect(
            machine.setupReceived(track: 1, alternatives: Self.tcp) == .accept(.interleaved(.init(rtp: 2, rtcp: 3))))
        let open = TransportSpecification.parse("RTP/AVP/TCP;unicast;mode=record")
        #expect(machine.setupReceived(track: 0, alternatives: open) == .accept(.interleaved(.init(rtp: 0, rtcp: 1))))
    }

    @Test("Two thousand random conversations end where they should, and nothing flows without RECORD")
    func random() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2_000 {
            var machine = announced(tracks: 3)
            var now = Self.begin
            for _ in 0..<20 {
                now = now + .seconds(Int64.random(in: 0...40, using: &generator))
                let scope: SessionScope =
                    Bool.random(using: &generator) ? .aggregate : .track(Int.random(in: -1...3, using: &generator))
                let tookPackets = machine.takesPackets
                switch Int.random(in: 0..<9, using: &generator) {
                case 0, 1:
                    let track = Int.random(in: -1...4, using: &generator)
                    _ = machine.setupReceived(
                        track: track, alternatives: Bool.random(using: &generator) ? Self.tcp : [])
                case 2: _ = machine.recordReceived(scope)
                case 3: _ = machine.recordPrepared()
                case 4: machine.recordFailed()
                case 5: _ = machine.pauseReceived(scope, at: now)
                case 6: _ = machine.teardownReceived(scope)
                case 7: _ = machine.timedOut(at: now)
                default: machine.setupFailed(track: 0)
                }
                if machine.takesPackets, !tookPackets { #expect(machine.transports != [:]) }
                let places = machine.transports.keys
                #expect(places.allSatisfy { (0..<3).contains($0) })
            }
            _ = machine.connectionClosed()
            #expect(machine.connectionClosed() == .nothing)
        }
    }
}
