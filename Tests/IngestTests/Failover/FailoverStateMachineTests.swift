import NIOCore
import Testing

@testable import Ingest

/// Sources that send every 100 ms, or not, before the machine's eyes.
private struct Scene: ~Copyable {
    var machine: FailoverStateMachine
    let count: Int
    var now = NIODeadline.uptimeNanoseconds(100_000_000_000)
    /// Those that send, and have shown a key frame.
    var sending: Set<Int> = []
    var results: [FailoverStateMachine.TimePassedResult] = []
    var recoveries = 0

    init(_ count: Int = 3, returnAfter: TimeAmount? = .seconds(30)) {
        var policy = FailoverPolicy()
        policy.returnAfter = returnAfter
        self.count = count
        machine = FailoverStateMachine(count: count, policy: policy)
    }

    mutating func pass(_ seconds: Double) {
        for _ in 0..<Int((seconds * 10).rounded()) {
            now = now + .milliseconds(100)
            for source in sending.sorted() {
                if machine.sourceSent(source, at: now, isStartable: true) == .recovered { recoveries += 1 }
            }
            let result = machine.timePassed(at: now)
            if result != .nothing { results.append(result) }
        }
    }

    /// Wanted, and the first source has the air.
    mutating func start(sending: Set<Int> = [0]) {
        machine.wanted(at: now)
        self.sending = sending
        _ = machine.sourceTookAir(0, at: now)
        pass(1)
    }

    var duties: [FailoverDuty] { (0..<count).map { machine.duty(of: $0, at: now) } }
}

@Suite("Which of several sources is on the air")
struct FailoverStateMachineTests {
    @Test("While nobody wants the stream no source is connected to")
    func idle() {
        var scene = Scene()
        scene.pass(10)
        var duties = scene.duties
        #expect(duties == [.rest, .rest, .rest])
        scene.start()
        scene.machine.unwanted()
        duties = scene.duties
        #expect(duties == [.rest, .rest, .rest])
    }

    @Test("A source that still has the air when the next viewer comes keeps it, until it ends or falls silent")
    func wantedAgain() {
        var scene = Scene()
        scene.start()
        scene.machine.unwanted()
        scene.machine.wanted(at: scene.now, holder: 0)
        scene.pass(10)
        var duties = scene.duties
        #expect(duties == [.onAir, .rest, .rest])
        scene.machine.unwanted()
        scene.machine.wanted(at: scene.now, holder: 0)
        let ended = scene.machine.sourceEnded(0, at: scene.now)
        duties = scene.duties
        #expect(ended == .lost && duties == [.rescue, .rescue, .rest])
    }

    @Test("The first is tried alone, after three seconds the second too, and each second one more")
    func begins() {
        var scene = Scene()
        scene.machine.wanted(at: scene.now)
        var duties = scene.duties
        #expect(duties == [.rescue, .rest, .rest])
        scene.pass(2.9)
        duties = scene.duties
        #expect(duties == [.rescue, .rest, .rest])
        scene.pass(0.1)
        duties = scene.duties
        #expect(duties == [.rescue, .rescue, .rest])
        scene.pass(1)
        duties = scene.duties
        #expect(duties == [.rescue, .rescue, .rescue])
        scene.pass(60)
        let results = scene.results
        #expect(results == [.tries(1), .tries(2)])
        let took = scene.machine.sourceTookAir(1, at: scene.now)
        duties = scene.duties
        #expect(took == .tookOver && duties == [.prove, .onAir, .rest])
    }

    @Test("Two seconds of silence bring the next one in, which is on the air with its first key frame")
    func stalls() {
        var scene = Scene()
        scene.start()
        scene.sending = []
        scene.pass(1.9)
        var duties = scene.duties
        #expect(duties == [.onAir, .rest, .rest])
        scene.pass(0.1)
        duties = scene.duties
        #expect(duties == [.onAir, .rescue, .rest])
        let results = scene.results
        #expect(results == [.stalled(0)])
        let took = scene.machine.sourceTookAir(1, at: scene.now)
        duties = scene.duties
        #expect(took == .tookOver && duties == [.prove, .onAir, .rest])
    }

    @Test("Where the second shows nothing for a second the third is tried beside it")
    func trial() {
        var scene = Scene()
        scene.start()
        scene.sending = []
        scene.pass(2.9)
        var duties = scene.duties
        #expect(duties == [.onAir, .rescue, .rest])
        scene.pass(0.1)
        duties = scene.duties
        #expect(duties == [.onAir, .rescue, .rescue])
    }

    @Test("The end of the session on the air is no two seconds waited for")
    func ends() {
        var scene = Scene()
        scene.start()
        let ended = scene.machine.sourceEnded(0, at: scene.now)
        let duties = scene.duties
        #expect(ended == .lost && duties == [.rescue, .rescue, .rest])
    }

    @Test("One that falls silent and sends again before another took over keeps the air")
    func recovers() {
        var scene = Scene()
        scene.start()
        scene.sending = []
        scene.pass(2.5)
        scene.sending = [0]
        scene.pass(0.1)
        let (duties, recoveries) = (scene.duties, scene.recoveries)
        #expect(duties == [.onAir, .rest, .rest] && recoveries == 1)
    }

    @Test("A better source takes the air back when it was well for 30 s, while the other one goes on")
    func returns() {
        var scene = Scene()
        scene.start()
        _ = scene.machine.sourceEnded(0, at: scene.now)
        _ = scene.machine.sourceTookAir(1, at: scene.now)
        scene.sending = [1]
        scene.pass(10)
        scene.sending = [0, 1]
        scene.pass(30)
        var duties = scene.duties
        #expect(duties == [.prove, .onAir, .rest])
        scene.pass(0.1)
        duties = scene.duties
        #expect(duties == [.relieve, .onAir, .rest])
        let took = scene.machine.sourceTookAir(0, at: scene.now)
        duties = scene.duties
        #expect(took == .returned && duties == [.onAir, .rest, .rest])
    }

    @Test("A stall while it proves itself begins the 30 s anew")
    func proof() {
        var scene = Scene(2)
        scene.start()
        _ = scene.machine.sourceEnded(0, at: scene.now)
        _ = scene.machine.sourceTookAir(1, at: scene.now)
        scene.sending = [0, 1]
        scene.pass(25)
        scene.sending = [1]
        scene.pass(3)
        scene.sending = [0, 1]
        scene.pass(29)
        var duties = scene.duties
        #expect(duties == [.prove, .onAir])
        scene.pass(2)
        duties = scene.duties
        #expect(duties == [.relieve, .onAir])
    }

    @Test("never leaves the air where it is, and the better sources alone")
    func never() {
        var scene = Scene(2, returnAfter: nil)
        scene.start()
        _ = scene.machine.sourceEnded(0, at: scene.now)
        _ = scene.machine.sourceTookAir(1, at: scene.now)
        scene.sending = [0, 1]
        scene.pass(100)
        let duties = scene.duties
        #expect(duties == [.rest, .onAir])
    }

    @Test("A better one that is lost soon after its return waits twice as long the next time")
    func relapses() {
        var scene = Scene(2)
        scene.start()
        var waits: [Int] = []
        for _ in 0..<3 {
            _ = scene.machine.sourceEnded(0, at: scene.now)
            _ = scene.machine.sourceTookAir(1, at: scene.now)
            scene.sending = [0, 1]
            var seconds = 0
            var duties = scene.duties
            while duties[0] != .relieve, seconds < 1000 {
                scene.pass(1)
                seconds += 1
                duties = scene.duties
            }
            waits.append(seconds)
            _ = scene.machine.sourceTookAir(0, at: scene.now)
            scene.sending = [0]
            scene.pass(5)
        }
        #expect(waits == [31, 61, 121])
    }

    @Test("When the second fails the first, which is proving itself, comes in before a third is disturbed")
    func provingOneFirst() {
        var scene = Scene()
        scene.start()
        _ = scene.machine.sourceEnded(0, at: scene.now)
        _ = scene.machine.sourceTookAir(1, at: scene.now)
        scene.sending = [0, 1]
        scene.pass(5)
        let ended = scene.machine.sourceEnded(1, at: scene.now)
        let duties = scene.duties
        #expect(ended == .lost && duties == [.rescue, .rescue, .rest])
    }

    @Test("Whatever happens in whatever order, one source at most has the air, and silence never lasts untried")
    func anyOrder() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            var scene = Scene(3, returnAfter: .seconds(1))
            scene.machine.wanted(at: scene.now)
            for _ in 0..<100 {
                let source = Int.random(in: 0..<3, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: _ = scene.machine.sourceEnded(source, at: scene.now)
                case 1:
                    let duty = scene.machine.duty(of: source, at: scene.now)
                    if duty == .rescue || duty == .relieve { _ = scene.machine.sourceTookAir(source, at: scene.now) }
                case 2: scene.sending.formSymmetricDifference([source])
                default: scene.pass(Double.random(in: 0...3, using: &random))
                }
                let duties = scene.duties
                #expect(duties.count { $0 == .onAir } <= 1)
                #expect(duties.contains { $0 == .onAir || $0 == .rescue })
            }
        }
    }
}
