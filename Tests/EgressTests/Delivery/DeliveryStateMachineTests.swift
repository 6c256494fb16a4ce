import NIOCore
import Testing

@testable import Egress

/// The machine in a box: macros cannot look into what is not copyable.
private final class Viewer {
    private var machine: DeliveryStateMachine

    init(startBytes: Int?, at now: NIODeadline, bounds: DeliveryStateMachine.Bounds = .init()) {
        machine = DeliveryStateMachine(startBytes: startBytes, at: now, bounds: bounds)
    }

    var isLive: Bool { machine.isLive }
    var skips: Int { machine.skips }

    func burstArrived(
        bytes: Int, startsGroup: Bool, isWritable: Bool, at now: NIODeadline
    ) -> DeliveryStateMachine.BurstArrivedResult {
        machine.burstArrived(bytes: bytes, startsGroup: startsGroup, isWritable: isWritable, at: now)
    }

    func heldBurstSent(bytes: Int, next: NIODeadline?) {
        machine.heldBurstSent(bytes: bytes, next: next)
    }
}

@Suite struct DeliveryStateMachineTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("A viewer who keeps up is sent each burst as it comes")
    func keepsUp() {
        let machine = Viewer(startBytes: 1000, at: start)
        machine.heldBurstSent(bytes: 1000, next: nil)
        #expect(machine.isLive)
        #expect(machine.burstArrived(bytes: 10, startsGroup: false, isWritable: true, at: start) == .send)
        #expect(machine.skips == 0)
    }

    @Test("A short congestion is bridged by holding bursts")
    func bridges() {
        let machine = Viewer(startBytes: 0, at: start)
        machine.heldBurstSent(bytes: 0, next: nil)
        #expect(machine.burstArrived(bytes: 10, startsGroup: false, isWritable: false, at: start) == .hold)
        #expect(
            machine.burstArrived(bytes: 10, startsGroup: false, isWritable: false, at: start + .seconds(1)) == .hold)
        machine.heldBurstSent(bytes: 10, next: start + .seconds(1))
        machine.heldBurstSent(bytes: 10, next: nil)
        #expect(machine.isLive)
        #expect(machine.skips == 0)
    }

    @Test("A long congestion costs everything up to the next random access point, and nothing after it")
    func skips() {
        let machine = Viewer(startBytes: 0, at: start)
        machine.heldBurstSent(bytes: 0, next: nil)
        #expect(machine.burstArrived(bytes: 10, startsGroup: false, isWritable: false, at: start) == .hold)
        let late = start + .seconds(3)
        #expect(machine.burstArrived(bytes: 10, startsGroup: false, isWritable: false, at: late) == .skipAll)
        #expect(machine.skips == 1)
        #expect(machine.burstArrived(bytes: 10, startsGroup: false, isWritable: true, at: late) == .skip)
        #expect(machine.burstArrived(bytes: 10, startsGroup: true, isWritable: true, at: late) == .send)
        #expect(machine.burstArrived(bytes: 10, startsGroup: false, isWritable: true, at: late) == .send)
    }

    @Test("What is held is bounded in bytes")
    func boundedBytes() {
        let machine = Viewer(
            startBytes: 0, at: start, bounds: DeliveryStateMachine.Bounds(bytes: 100)
        )
        machine.heldBurstSent(bytes: 0, next: nil)
        var held = 0
        for _ in 0..<50 {
            switch machine.burstArrived(bytes: 30, startsGroup: false, isWritable: false, at: start) {
            case .hold: held += 30
            case .skipAll: held = 0
            case .send, .skip, .restart: break
            }
            #expect(held <= 100)
        }
    }

    @Test(
        "A group that begins while the viewer is stuck is held from its beginning, so that it is there when the viewer is"
    )
    func holdsFromNextGroup() {
        let machine = Viewer(
            startBytes: 0, at: start, bounds: DeliveryStateMachine.Bounds(bytes: 100)
        )
        machine.heldBurstSent(bytes: 0, next: nil)
        #expect(machine.burstArrived(bytes: 90, startsGroup: false, isWritable: false, at: start) == .hold)
        #expect(machine.burstArrived(bytes: 90, startsGroup: true, isWritable: false, at: start) == .restart)
        #expect(machine.burstArrived(bytes: 90, startsGroup: false, isWritable: false, at: start) == .skipAll)
        #expect(machine.burstArrived(bytes: 90, startsGroup: true, isWritable: false, at: start) == .hold)
        machine.heldBurstSent(bytes: 90, next: nil)
        #expect(machine.isLive)
    }

    @Test("A viewer without a start waits for a random access point")
    func waitsForGroup() {
        let machine = Viewer(startBytes: nil, at: start)
        #expect(machine.burstArrived(bytes: 10, startsGroup: false, isWritable: true, at: start) == .skip)
        #expect(machine.burstArrived(bytes: 10, startsGroup: true, isWritable: true, at: start) == .send)
    }

    @Test("A large start does not count against what a viewer may be behind")
    func largeStart() {
        let machine = Viewer(
            startBytes: 10_000, at: start, bounds: DeliveryStateMachine.Bounds(bytes: 100)
        )
        #expect(machine.burstArrived(bytes: 90, startsGroup: false, isWritable: false, at: start) == .hold)
        #expect(machine.burstArrived(bytes: 90, startsGroup: false, isWritable: false, at: start) == .skipAll)
    }
}
