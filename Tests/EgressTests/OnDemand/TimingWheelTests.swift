import NIOCore
import NIOEmbedded
import Reflector
import TestSupport
import Testing

@testable import Egress

private final class Sleeper: TimingWheelMember {
    var wakeSlot: Int64?
    /// Milliseconds since the beginning.
    var wakings: [Int64] = []
    var onWaking: () -> Void = {}
    private let loop: EmbeddedEventLoop

    init(_ loop: EmbeddedEventLoop) {
        self.loop = loop
    }

    func woken() {
        wakings.append(Int64(loop.now.uptimeNanoseconds) / 1_000_000)
        onWaking()
    }
}

/// Who wants to be woken is, once, in time, and by as few timers as can be.
@Suite struct TimingWheelTests {
    private let loop = EmbeddedEventLoop()
    private let wheel: TimingWheel

    init() {
        let loop = NIOLoopBound(loop, eventLoop: loop)
        let clock = StreamClock(now: { loop.value.now }, wallClock: { 0 }, random: { 0 })
        wheel = TimingWheel(clock, on: self.loop)
    }

    private func at(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(UInt64(milliseconds * 1_000_000))
    }

    @Test("A member is woken once, in the slot of its time and never after it, however far away that is")
    func times() {
        for wanted in [7, 12, 640, 1274, 1275, 1280, 5000, 61_003] as [Int64] {
            let sleeper = Sleeper(loop)
            let start = Int64(loop.now.uptimeNanoseconds) / 1_000_000
            wheel.wake(sleeper, at: at(start + wanted))
            loop.advanceTime(by: .milliseconds(2 * wanted))
            #expect(sleeper.wakings.count == 1)
            #expect(sleeper.wakings.allSatisfy { ($0 - start...$0 - start + 4).contains(wanted) })
        }
    }

    @Test("The last wish counts, be it earlier or later, and none where it is taken back")
    func wishes() {
        let (early, late, none) = (Sleeper(loop), Sleeper(loop), Sleeper(loop))
        for sleeper in [early, late, none] { wheel.wake(sleeper, at: at(500)) }
        wheel.wake(early, at: at(100))
        wheel.wake(late, at: at(900))
        wheel.wake(late, at: at(3000))
        none.wakeSlot = nil
        loop.advanceTime(by: .seconds(10))
        #expect(early.wakings == [100] && late.wakings == [3000] && none.wakings.isEmpty)
    }

    @Test("Who asks again while being woken is woken again, and not in the same round")
    func again() {
        let sleeper = Sleeper(loop)
        sleeper.onWaking = { [unowned sleeper] in
            if sleeper.wakings.count < 4 { wheel.wake(sleeper, at: at(0)) }
        }
        wheel.wake(sleeper, at: at(50))
        loop.advanceTime(by: .seconds(3))
        #expect(sleeper.wakings == [50, 55, 60, 65])
    }

    @Test("A loop that stood still for longer than the wheel reaches loses nobody")
    func stall() {
        let sleepers = (0..<300).map { _ in Sleeper(loop) }
        for (index, sleeper) in sleepers.enumerated() { wheel.wake(sleeper, at: at(Int64(10 * index))) }
        // Whatever was due meanwhile comes at once.
        loop.advanceTime(to: at(2_500))
        loop.advanceTime(by: .seconds(10))
        #expect(sleepers.allSatisfy { $0.wakings.count == 1 })
    }

    @Test("Nobody is forgotten or woken twice, whatever they wish", arguments: 0..<8 as Range<UInt64>)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let sleepers = (0..<40).map { _ in Sleeper(loop) }
        var wishes = [Int64?](repeating: nil, count: sleepers.count)
        for _ in 0..<2000 {
            let index = Int.random(in: sleepers.indices, using: &random)
            let now = Int64(loop.now.uptimeNanoseconds) / 1_000_000
            let wish = now + Int64.random(in: 0...4000, using: &random)
            wheel.wake(sleepers[index], at: at(wish))
            wishes[index] = wish
            sleepers[index].wakings = []
            loop.advanceTime(by: .milliseconds(Int64.random(in: 0...30, using: &random)))
            let later = Int64(loop.now.uptimeNanoseconds) / 1_000_000
            for (sleeper, wish) in zip(sleepers, wishes) {
                guard let wish else { continue }
                // In its slot, or the one behind where that had begun already.
                #expect(sleeper.wakings.allSatisfy { ($0 - 5...$0 + 4).contains(wish) })
                #expect((wish + 5 <= later ? 1...1 : 0...1).contains(sleeper.wakings.count))
            }
        }
    }
}
