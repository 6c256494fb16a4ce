import Synchronization

/// How far a run has come, for whoever watches it.
package struct LoadProgress: Sendable {
    package internal(set) var phase = LoadPhase.joining
    package internal(set) var established = 0
    package internal(set) var failed = 0
    package internal(set) var closed = 0
    /// Inside the window, as all that follows.
    package internal(set) var packets = 0
    package internal(set) var bytes = 0

    static func + (left: LoadProgress, right: LoadProgress) -> LoadProgress {
        var sum = left
        sum.established += right.established
        sum.failed += right.failed
        sum.closed += right.closed
        sum.packets += right.packets
        sum.bytes += right.bytes
        return sum
    }
}

/// The parts of a run, in their order.
package enum LoadPhase: Int, Sendable {
    case joining
    case settling
    case measuring
    case leaving
}

/// What the threads of a run and the one that directs them tell each other.
final class LoadControl: Sendable {
    private let current = Atomic(LoadPhase.joining.rawValue)
    private let reports: Mutex<[LoadProgress]>
    private let results: Mutex<[LoadCounts]>

    init(threads: Int) {
        reports = Mutex(Array(repeating: LoadProgress(), count: threads))
        results = Mutex([])
    }

    var phase: LoadPhase {
        get { LoadPhase(rawValue: current.load(ordering: .acquiring)) ?? .leaving }
        set { current.store(newValue.rawValue, ordering: .releasing) }
    }

    /// A thread tells how far it is.
    func report(_ progress: LoadProgress, thread: Int) {
        reports.withLock { $0[thread] = progress }
    }

    /// A thread is through.
    func finished(with counts: LoadCounts) {
        results.withLock { $0.append(counts) }
    }

    var progress: LoadProgress {
        var sum = reports.withLock { $0.reduce(LoadProgress(), +) }
        sum.phase = phase
        return sum
    }

    /// What all threads that are through counted.
    func counts(targets: Int) -> LoadCounts {
        results.withLock { results in
            results.reduce(into: LoadCounts(targets: targets)) { $0.add($1) }
        }
    }
}
