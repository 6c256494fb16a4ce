import Ingest
import NIOCore
import RTSP
import Testing

@Suite struct ReconnectScheduleTests {
    private static let unauthorized = PullError.connection(.conversation(.unauthorized(hadCredentials: true)))

    @Test("A camera that was live is tried at once, then more and more seldom, at most every 15 s")
    func backsOff() {
        var schedule = ReconnectSchedule()
        #expect(schedule.pause(after: .stalled(.video), livedFor: .seconds(5), random: 1) == .zero)
        let pauses = (0..<10).map { _ in schedule.pause(after: .connection(.closed), livedFor: nil, random: 1) }
        #expect(pauses.first == .milliseconds(500))
        #expect(pauses == pauses.sorted())
        #expect(pauses.last == .seconds(15))
    }

    @Test("A relay that is the other half of a ring is left alone for half a minute")
    func loop() {
        var schedule = ReconnectSchedule()
        let pause = schedule.pause(after: .connection(.conversation(.loop)), livedFor: nil, random: 0)
        #expect(pause == .seconds(30))
        #expect(!schedule.isLocked)
    }

    @Test("A camera that was never live is not tried at once")
    func neverLive() {
        var schedule = ReconnectSchedule()
        #expect(schedule.pause(after: .connection(.closed), livedFor: nil, random: 0) > .zero)
    }

    @Test("A camera that comes and goes is not tried at once each time; half a minute of life wipes that out")
    func flapping() {
        var schedule = ReconnectSchedule()
        _ = schedule.pause(after: .connection(.closed), livedFor: .seconds(1), random: 1)
        #expect(schedule.pause(after: .connection(.closed), livedFor: .seconds(1), random: 1) == .milliseconds(500))
        #expect(schedule.pause(after: .connection(.closed), livedFor: .seconds(1), random: 1) == .seconds(1))
        #expect(schedule.pause(after: .connection(.closed), livedFor: .seconds(31), random: 1) == .zero)
        #expect(schedule.pause(after: .connection(.closed), livedFor: nil, random: 1) == .milliseconds(500))
    }

    @Test(
        "B11 refused credentials: at most three tries in the first minute, then one a minute", arguments: [0, 0.5, 1])
    func lockOut(random: Double) {
        var schedule = ReconnectSchedule()
        var tries: [TimeAmount] = [.zero]
        for _ in 0..<5 {
            let pause = schedule.pause(after: Self.unauthorized, livedFor: nil, random: random)
            tries.append(.nanoseconds((tries.last?.nanoseconds ?? 0) + pause.nanoseconds))
        }
        #expect(tries.count { $0 < .seconds(60) } <= 3)
        for (before, after) in zip(tries.dropFirst(), tries.dropFirst(2)) {
            #expect(after.nanoseconds - before.nanoseconds >= TimeAmount.seconds(60).nanoseconds)
        }
        #expect(schedule.isLocked)
        _ = schedule.pause(after: .connection(.closed), livedFor: .seconds(3), random: 0)
        #expect(!schedule.isLocked)
    }

    @Test("A camera that is switched off after two refusals is not said to refuse the credentials")
    func lockedByRefusalsAlone() {
        var schedule = ReconnectSchedule()
        for _ in 0..<2 { _ = schedule.pause(after: Self.unauthorized, livedFor: nil, random: 0) }
        #expect(schedule.isLocked)
        _ = schedule.pause(after: .connection(.unreachable(reason: "no answer")), livedFor: nil, random: 0)
        #expect(!schedule.isLocked)
        #expect(schedule.pause(after: Self.unauthorized, livedFor: nil, random: 0) == .seconds(60))
        #expect(schedule.isLocked)
    }

    @Test("B11 403, by which some cameras tell a locked account, is no reason to hurry either")
    func forbidden() {
        var schedule = ReconnectSchedule()
        let error = PullError.connection(.conversation(.refused(.describe, .forbidden)))
        #expect(schedule.pause(after: error, livedFor: nil, random: 0) == .seconds(10))
        #expect(schedule.pause(after: error, livedFor: nil, random: 0) == .seconds(60))
        #expect(schedule.isLocked)
    }

    @Test("F16 453 and 503 are left alone for half a minute", arguments: [453, 503])
    func busy(code: Int) {
        var schedule = ReconnectSchedule()
        let error = PullError.connection(.conversation(.refused(.setup, RTSPStatus(code: code, reason: "x"))))
        #expect(schedule.pause(after: error, livedFor: .seconds(60), random: 0) == .seconds(30))
        #expect(schedule.pause(after: error, livedFor: nil, random: 1) == .seconds(36))
    }
}

@Suite struct TransportChoiceTests {
    @Test("tcp stays tcp, udp falls back to tcp, auto tries udp last")
    func policies() {
        var tcp = TransportChoice(.tcp)
        let tcpAgain = tcp.failed()
        #expect(!tcpAgain && tcp.current == .tcp)
        var udp = TransportChoice(.udp)
        #expect(udp.current == .udp)
        let udpAgain = udp.failed()
        #expect(udpAgain && udp.current == .tcp)
        var auto = TransportChoice(.auto)
        #expect(auto.current == .tcp)
        let autoAgain = auto.failed()
        #expect(autoAgain && auto.current == .udp)
    }

    @Test("Where both fail it begins again from the first, without going round in circles")
    func bothFail() {
        var choice = TransportChoice(.udp)
        let tries = [choice.failed(), choice.failed(), choice.failed()]
        #expect(tries == [true, false, true])
        #expect(choice.current == .tcp)
    }

    @Test("What works is kept, and given another chance when it fails later")
    func worked() {
        var choice = TransportChoice(.udp)
        _ = choice.failed()
        choice.worked()
        #expect(choice.current == .tcp)
        let again = choice.failed()
        #expect(again && choice.current == .udp)
    }
}

@Suite struct StallWatchTests {
    private static let begin = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("F15 video has to flow from the beginning, audio once it has, events never")
    func kinds() {
        var watch = StallWatch(
            kinds: [.video, .audio, .other("application")], patience: .seconds(6), since: Self.begin)
        #expect(watch.verdict(at: Self.begin + .seconds(5)) == nil)
        #expect(watch.verdict(at: Self.begin + .seconds(6)) == .stalled(.video))
        watch.received(track: 0, at: Self.begin + .seconds(5))
        #expect(watch.verdict(at: Self.begin + .seconds(10)) == nil)
        watch.received(track: 1, at: Self.begin + .seconds(5))
        watch.received(track: 0, at: Self.begin + .seconds(11))
        #expect(watch.verdict(at: Self.begin + .seconds(11)) == .stalled(.audio))
        watch.received(track: 9, at: Self.begin)
    }

    @Test("F13 events alone are never missed")
    func eventsOnly() {
        var watch = StallWatch(kinds: [.other("application")], patience: .seconds(6), since: Self.begin)
        #expect(!watch.expectsMedia)
        watch.received(track: 0, at: Self.begin)
        #expect(watch.hasHeard)
        #expect(watch.verdict(at: Self.begin + .hours(5)) == nil)
    }

    @Test("BYE counts when nothing follows it for a second")
    func goodbye() {
        var watch = StallWatch(kinds: [.video], patience: .seconds(6), since: Self.begin)
        watch.saidGoodbye(track: 0, at: Self.begin)
        watch.received(track: 0, at: Self.begin + .milliseconds(10))
        #expect(watch.verdict(at: Self.begin + .seconds(2)) == nil)
        watch.saidGoodbye(track: 0, at: Self.begin + .seconds(2))
        watch.saidGoodbye(track: 0, at: Self.begin + .milliseconds(2_900))
        #expect(watch.verdict(at: Self.begin + .milliseconds(2_900)) == nil)
        #expect(watch.verdict(at: Self.begin + .seconds(3)) == .goodbye)
    }
}
