import NIOCore
import RTSP
import Testing

@testable import Egress

@Suite struct PushScheduleTests {
    private static let refused = PushError.connection(.conversation(.unauthorized(hadCredentials: true)))

    @Test("A push that was live is tried at once, then ever later, 15 s apart at most")
    func backoff() {
        var schedule = PushSchedule()
        #expect(schedule.pause(after: .connection(.closed), livedFor: .seconds(60), random: 1) == .zero)
        var pauses: [TimeAmount] = []
        for _ in 0..<12 {
            pauses.append(
                schedule.pause(after: .connection(.unreachable(reason: "no answer")), livedFor: nil, random: 1))
        }
        #expect(pauses == pauses.sorted() && pauses.last == .seconds(15))
        // It lived, but not for long: a server that throws out whoever comes is not stormed.
        #expect(schedule.pause(after: .connection(.closed), livedFor: .seconds(1), random: 1) > .seconds(10))
        #expect(schedule.pause(after: .connection(.closed), livedFor: .seconds(31), random: 1) == .zero)
    }

    @Test("Refused credentials are tried again after ten seconds, and then once a minute; a 403 too")
    func credentials() {
        var schedule = PushSchedule()
        #expect(schedule.pause(after: Self.refused, livedFor: nil, random: 0) == .seconds(10))
        #expect(!schedule.isLocked)
        let forbidden = PushError.connection(.conversation(.refused(.announce, .forbidden)))
        #expect(schedule.pause(after: forbidden, livedFor: nil, random: 0) == .seconds(60))
        #expect(schedule.isLocked)
        _ = schedule.pause(after: .connection(.closed), livedFor: .seconds(2), random: 0)
        #expect(!schedule.isLocked)
    }

    @Test(
        "A server that is switched off after two refusals is not said to refuse the credentials; refused again, it is")
    func lockedByRefusalsAlone() {
        var schedule = PushSchedule()
        for _ in 0..<2 { _ = schedule.pause(after: Self.refused, livedFor: nil, random: 0) }
        _ = schedule.pause(after: .connection(.unreachable(reason: "no answer")), livedFor: nil, random: 0)
        #expect(!schedule.isLocked)
        #expect(schedule.pause(after: Self.refused, livedFor: nil, random: 0) == .seconds(60))
        #expect(schedule.isLocked)
    }

    @Test("A push that was well until its stream changed is well")
    func streamChanged() {
        var schedule = PushSchedule()
        _ = schedule.pause(after: .connection(.closed), livedFor: .seconds(1), random: 1)
        schedule.ended(livedFor: .seconds(31))
        #expect(schedule.pause(after: .connection(.closed), livedFor: .seconds(1), random: 1) == .zero)
        schedule.ended(livedFor: .seconds(1))
        #expect(schedule.pause(after: .connection(.closed), livedFor: .seconds(1), random: 1) > .zero)
        _ = schedule.pause(after: Self.refused, livedFor: nil, random: 0)
        schedule.ended(livedFor: .seconds(1))
        #expect(schedule.pause(after: Self.refused, livedFor: nil, random: 0) == .seconds(10))
    }

    @Test("A loop is left alone for a minute")
    func loop() {
        var schedule = PushSchedule()
        #expect(schedule.pause(after: .connection(.conversation(.loop)), livedFor: nil, random: 0) == .seconds(60))
    }
}
