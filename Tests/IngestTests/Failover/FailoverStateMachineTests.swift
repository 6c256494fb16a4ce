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
    /// Whether they take the air as soon as they may, each packet a key frame.
    var takesAir = false
    /// The longest time that viewers saw nothing, although a source sent.
    private(set) var longestSilence = TimeAmount.zero
    private var silence = TimeAmount.zero

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
                machine.sourceSent(source, at: now, isStartable: true)
            }
            let result = machine.timePassed(at: now)
            if result != .nothing { results.append(result) }
            if takesAir { takeAir() }
            let isSeen = (0..<count).contains { sending.contains($0) && machine.duty(of: $0, at: now) == .onAir }
            silence = isSeen || sending.isEmpty ? .zero : silence + .milliseconds(100)
            longestSilence = max(longestSilence, silence)
        }
    }

    private mutating func takeAir() {
        for source in sending.sorted() {
            let duty = machine.duty(of: source, at: now)
            if duty == .rescue || duty == .relieve { _ = machine.sourceTookAir(source, at: now) }
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
        let ended = scene.machine.sourceEnded(0, at: scene.now)
        duties = scene.duties
        #expect(ended == .lost && duties == [.rescue, .rescue, .rest])
    }

    @Test("A session that is on its way down when the next viewer comes is no loss: the first is tried alone again")
    func wantedWhileReleased() {
        var scene = Scene()
        scene.start()
        scene.machine.unwanted()
        scene.machine.wanted(at: scene.now, holder: 0)
        let ended = scene.machine.sourceEnded(0, at: scene.now)
        scene.sending = []
        scene.pass(2.9)
        var duties = scene.duties
        #expect(ended == .nothing && duties == [.rescue, .rest, .rest])
        scene.pass(0.1)
        duties = scene.duties
        #expect(duties == [.rescue, .rescue, .rest])
    }

    @Test("While the first sends its key frame is waited for; where it is refused the second is not")
    func headStart() {
        var scene = Scene()
        scene.machine.wanted(at: scene.now)
        scene.sending = [0]
        scene.pass(10)
        var duties = scene.duties
        #expect(duties == [.rescue, .rest, .rest])
        scene.machine.unwanted()
        scene.sending = []
        scene.pass(5)
        scene.machine.wanted(at: scene.now)
        scene.machine.sourceFailed(0, at: scene.now)
        scene.pass(0.1)
        duties = scene.duties
        #expect(duties == [.rescue, .rescue, .rest])
        scene.machine.sourceFailed(0, at: scene.now)
        scene.pass(0.1)
        duties = scene.duties
        #expect(duties == [.rescue, .rescue, .rest], "the first again hurries nothing")
        scene.machine.sourceFailed(1, at: scene.now)
        scene.pass(0.1)
        duties = scene.duties
        #expect(duties == [.rescue, .rescue, .rescue])
    }

    @Test("One that sends a packet now and then neither keeps the others away nor makes it its rhythm")
    func nearlyDead() {
        var scene = Scene()
        scene.start()
        scene.sending = []
        scene.pass(2.5)
        for _ in 0..<20 {
            scene.sending = [0]
            scene.pass(0.1)
            scene.sending = []
            let duties = scene.duties
            #expect(duties[0] == .onAir && duties[1] == .rescue)
            scene.pass(2.5)
        }
        let results = scene.results
        #expect(results == [.stalled(0), .tries(2)])
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

    @Test("One that sends again before another took over keeps the air; two seconds later the others are let go")
    func recovers() {
        var scene = Scene()
        scene.start()
        scene.sending = []
        scene.pass(2.5)
        scene.sending = [0]
        scene.pass(2)
        var duties = scene.duties
        #expect(duties == [.onAir, .rescue, .rest])
        scene.pass(0.1)
        duties = scene.duties
        let results = scene.results
        #expect(duties == [.onAir, .rest, .rest] && results == [.stalled(0), .recovered(0)])
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
            scene.takesAir = true
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
            // Two seconds of stall, three of head start, a trial of one each; those that sent by fits and starts have a slow rhythm.
            let longest = scene.longestSilence
            #expect(longest < .seconds(20), "\(longest)")
        }
    }
}
