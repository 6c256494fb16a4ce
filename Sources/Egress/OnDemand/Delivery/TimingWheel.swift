import NIOCore
import Reflector

/// Who is woken by a timing wheel; belongs to one (loop-confined).
protocol TimingWheelMember: AnyObject {
    /// The wheel's own: when it wakes the member; `nil` where it does not. To set it to `nil` is not to be woken.
    var wakeSlot: Int64? { get set }

    func woken()
}

/// Wakes the deliveries of one event loop, all by one timer (loop-confined).
///
/// A timing wheel: slots of a few milliseconds, each with those who want to be woken in it. A timer of SwiftNIO's for each picture of
/// each viewer, set and taken back, cost as much as sending the picture.
final class TimingWheel {
    /// How coarse it is: who wants to be woken at a time is woken up to so much before.
    static let slot = TimeAmount.milliseconds(5)
    private static let slotCount: Int64 = 256

    /// By slot number modulo `slotCount`.
    private var slots: [[any TimingWheelMember]] = Array(repeating: [], count: Int(slotCount))
    private var count = 0
    /// All slots up to this one have been looked at.
    private var current: Int64
    /// The slot that the timer is set for.
    private var next: Int64?
    private var timer: Scheduled<Void>?
    /// Which slot is next is looked for when all that are due have been woken.
    private var isTurning = false
    private let clock: StreamClock
    private let eventLoop: any EventLoop

    init(_ clock: StreamClock, on eventLoop: any EventLoop) {
        self.clock = clock
        self.eventLoop = eventLoop
        current = Self.slot(at: clock.now())
    }

    /// Wakes `member` in the slot of `deadline`, or the next one; what was set before is forgotten.
    func wake(_ member: any TimingWheelMember, at deadline: NIODeadline) {
        if count == 0 { current = max(current, Self.slot(at: clock.now())) }
        let wanted = max(Self.slot(at: deadline), current + 1)
        guard member.wakeSlot != wanted else { return }
        member.wakeSlot = wanted
        insert(member, wanted)
    }

    /// Who wants to be woken later than the wheel reaches is looked at once a round.
    private func insert(_ member: any TimingWheelMember, _ wanted: Int64) {
        let place = min(wanted, current + Self.slotCount - 1)
        slots[Int(place % Self.slotCount)].append(member)
        count += 1
        if !isTurning, next.map({ place < $0 }) ?? true { schedule(place) }
    }

    private func schedule(_ place: Int64) {
        timer?.cancel()
        next = place
        let delay = NIODeadline.uptimeNanoseconds(UInt64(place * Self.slot.nanoseconds)) - clock.now()
        timer = eventLoop.assumeIsolated().scheduleTask(in: max(.zero, delay)) { [self] in turn() }
    }

    private func turn() {
        timer = nil
        next = nil
        let reached = max(current, Self.slot(at: clock.now()))
        // What is set meanwhile goes to slots behind these.
        let first = max(current + 1, reached - Self.slotCount + 1)
        current = reached
        if first <= reached {
            isTurning = true
            defer { isTurning = false }
            for place in first...reached { fire(Int(place % Self.slotCount)) }
        }
        guard count > 0 else { return }
        // One of them has somebody.
        for place in current + 1..<current + Self.slotCount where !slots[Int(place % Self.slotCount)].isEmpty {
            return schedule(place)
        }
    }

    private func fire(_ index: Int) {
        guard !slots[index].isEmpty else { return }
        var due: [any TimingWheelMember] = []
        swap(&due, &slots[index])
        count -= due.count
        for member in due {
            guard let wanted = member.wakeSlot else { continue }
            if wanted <= current {
                member.wakeSlot = nil
                member.woken()
            } else if !isListed(member, wanted) {
                insert(member, wanted)
            }
        }
        // Keeps its room.
        guard slots[index].isEmpty else { return }
        due.removeAll(keepingCapacity: true)
        swap(&due, &slots[index])
    }

    /// It is in the slot that it wants already: this was an earlier wish.
    private func isListed(_ member: any TimingWheelMember, _ wanted: Int64) -> Bool {
        wanted < current + Self.slotCount && slots[Int(wanted % Self.slotCount)].contains { $0 === member }
    }

    private static func slot(at moment: NIODeadline) -> Int64 {
        Int64(clamping: moment.uptimeNanoseconds) / slot.nanoseconds
    }
}
