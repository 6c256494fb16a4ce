import NIOCore

/// What one of several sources is to do.
enum FailoverDuty: Sendable, Hashable {
    /// Nothing: it is not connected to.
    case rest
    /// Send and be watched, until it has been well for long enough.
    case prove
    /// Take the air with a key frame, from a source that is well.
    case relieve
    /// Take the air with the first key frame: nobody has it, or who has it is silent.
    case rescue
    /// Send: it has the air.
    case onAir
}

/// Which of several sources of a stream is on the air, and which are tried. They are named by their places, the best first.
///
/// A better source that comes back has to prove itself for `returnAfter`. Where it is lost again soon after, it is twice as long each time:
/// a camera that restarts every minute is not to cost the viewers a freeze every minute.
struct FailoverStateMachine: ~Copyable {
    private enum State {
        /// Nobody wants the stream. To seeking, settled.
        case idle
        /// Nobody has the air, or who has it is silent. To settled, idle.
        case seeking(Seek)
        /// The source has the air, and sends. To seeking, idle.
        case settled(Int)
    }

    private struct Seek {
        /// Who has the air, and is silent.
        var holder: Int?
        var tried: [Int]
        /// When one more is tried.
        var nextTrial: NIODeadline
        /// The first is alone still, and stays so while it sends.
        var isHeadStart = false
        /// Since when the holder sends again; the others are tried on until it has done so for a while.
        var flowsSince: NIODeadline?
    }

    private struct Record {
        var rhythm = SourceRhythm()
        /// Since when it sends without a stall, and has shown a key frame.
        var wellSince: NIODeadline?
        /// When it took the air back the last time.
        var returned: NIODeadline?
        /// How often it was lost soon after.
        var relapses = 0
    }

    /// More would be no return at all: with 30 s it is a quarter of an hour.
    private static let mostRelapses = 5

    private let policy: FailoverPolicy
    private var state = State.idle
    private var records: [Record]
    /// Who had the air still when the stream was wanted again: its session may just be on its way down.
    private var resumed: (holder: Int, at: NIODeadline)?

    /// `count` sources, which is at least one.
    init(count: Int, policy: FailoverPolicy) {
        self.policy = policy
        records = Array(repeating: Record(), count: count)
    }

    // MARK: Demand

    /// Somebody wants the stream; `holder` has the air still, where it was wanted a moment ago.
    mutating func wanted(at now: NIODeadline, holder: Int? = nil) {
        guard case .idle = state else { return }
        if let holder {
            state = .settled(holder)
            resumed = (holder, now)
            return
        }
        begin(at: now)
    }

    private mutating func begin(at now: NIODeadline) {
        resumed = nil
        state = .seeking(Seek(holder: nil, tried: [0], nextTrial: now + policy.headStart, isHeadStart: true))
    }

    /// Nobody does any more.
    mutating func unwanted() {
        state = .idle
        for index in records.indices { records[index].wellSince = nil }
    }

    // MARK: Sources

    /// The newest packet of a source came at `arrival`; `isStartable` once it has shown a key frame. May be told again.
    mutating func sourceSent(_ source: Int, at arrival: NIODeadline, isStartable: Bool) {
        let isNews = records[source].rhythm.lastArrival.map { arrival > $0 } ?? true
        guard isNews else { return }
        if case .seeking(var seek) = state, seek.holder == source, seek.flowsSince == nil {
            records[source].rhythm.resumed(at: arrival)
            seek.flowsSince = arrival
            state = .seeking(seek)
        } else {
            records[source].rhythm.heard(at: arrival)
        }
        if isStartable, records[source].wellSince == nil { records[source].wellSince = arrival }
    }

    enum SourceTookAirResult: Hashable {
        /// Of a worse one that was well.
        case returned
        /// Of one that was lost, or of nobody.
        case tookOver
    }

    /// A key frame of a source is on the air, and it alone from now on.
    mutating func sourceTookAir(_ source: Int, at now: NIODeadline) -> SourceTookAirResult {
        var result = SourceTookAirResult.tookOver
        if case .settled = state {
            records[source].returned = now
            result = .returned
        }
        records[source].rhythm.heard(at: now)
        if records[source].wellSince == nil { records[source].wellSince = now }
        state = .settled(source)
        return result
    }

    enum SourceEndedResult: Hashable {
        case nothing
        /// It had the air.
        case lost
    }

    /// The session of a source is over.
    mutating func sourceEnded(_ source: Int, at now: NIODeadline) -> SourceEndedResult {
        records[source].rhythm.ended()
        records[source].wellSince = nil
        switch state {
        case .settled(source):
            if let resumed, resumed.holder == source, now - resumed.at < policy.headStart {
                begin(at: now)
                return .nothing
            }
            seek(insteadOf: source, holder: nil, at: now)
            return .lost
        case .seeking(var seek):
            if seek.holder == source { (seek.holder, seek.flowsSince) = (nil, nil) }
            if seek.tried.contains(source) { seek.nextTrial = min(seek.nextTrial, now) }
            state = .seeking(seek)
            return .nothing
        case .idle, .settled:
            return .nothing
        }
    }

    /// A source could not be had: where it was the last hope, the next one is not waited for.
    mutating func sourceFailed(_ source: Int, at now: NIODeadline) {
        guard case .seeking(var seek) = state, seek.tried.last == source else { return }
        seek.nextTrial = min(seek.nextTrial, now)
        state = .seeking(seek)
    }

    enum TimePassedResult: Hashable {
        case nothing
        /// The source on the air has fallen silent.
        case stalled(Int)
        /// It sends again, and has done so for a while.
        case recovered(Int)
        /// One more is tried.
        case tries(Int)
    }

    /// To be told some times a second.
    mutating func timePassed(at now: NIODeadline) -> TimePassedResult {
        for index in records.indices where isSilent(index, at: now) {
            records[index].wellSince = nil
        }
        switch state {
        case .settled(let source) where isSilent(source, at: now):
            seek(insteadOf: source, holder: source, at: now)
            return .stalled(source)
        case .seeking(let seek):
            return timePassed(seeking: seek, at: now)
        case .idle, .settled:
            return .nothing
        }
    }

    private mutating func timePassed(seeking: Seek, at now: NIODeadline) -> TimePassedResult {
        var seek = seeking
        defer { if case .seeking = state { state = .seeking(seek) } }
        if let holder = seek.holder, let since = seek.flowsSince {
            if isSilent(holder, at: now) {
                seek.flowsSince = nil
            } else if now - since >= policy.stall {
                state = .settled(holder)
                return .recovered(holder)
            } else {
                return .nothing
            }
        }
        guard now >= seek.nextTrial, let next = Self.next(beside: seek.tried, of: records.count) else {
            return .nothing
        }
        // It waits for its key frame, which comes sooner than another source.
        if seek.isHeadStart, !isSilent(0, at: now) { return .nothing }
        seek.tried.append(next)
        seek.nextTrial = now + policy.trial
        seek.isHeadStart = false
        return .tries(next)
    }

    private func isSilent(_ source: Int, at now: NIODeadline) -> Bool {
        records[source].rhythm.isSilent(at: now, least: policy.stall)
    }

    // MARK: What follows

    /// What a source is to do now.
    func duty(of source: Int, at now: NIODeadline) -> FailoverDuty {
        switch state {
        case .idle: return .rest
        case .seeking(let seek):
            return seek.holder == source ? .onAir : seek.tried.contains(source) ? .rescue : .rest
        case .settled(let holder):
            guard source != holder else { return .onAir }
            guard source < holder, policy.returnAfter != nil else { return .rest }
            return source == records.indices.first { isProven($0, at: now) } ? .relieve : .prove
        }
    }

    private func isProven(_ source: Int, at now: NIODeadline) -> Bool {
        guard let wellSince = records[source].wellSince, let least = policy.returnAfter else { return false }
        return now - wellSince >= least * (1 << records[source].relapses)
    }

    /// Whoever sends already is tried first, and the next one beside it where none does.
    private mutating func seek(insteadOf lost: Int, holder: Int?, at now: NIODeadline) {
        noteRelapse(of: lost, at: now)
        var tried = [lost]
        if policy.returnAfter != nil { tried += 0..<lost }
        var flows = false
        for source in tried where source != lost && !isSilent(source, at: now) { flows = true }
        if !flows, let next = Self.next(beside: tried, of: records.count) { tried.append(next) }
        state = .seeking(Seek(holder: holder, tried: tried, nextTrial: now + policy.trial))
    }

    private mutating func noteRelapse(of source: Int, at now: NIODeadline) {
        guard let returned = records[source].returned, let usual = policy.returnAfter else { return }
        records[source].returned = nil
        let isSoon = now - returned < usual * 2
        records[source].relapses = isSoon ? min(records[source].relapses + 1, Self.mostRelapses) : 0
    }

    private static func next(beside tried: [Int], of count: Int) -> Int? {
        (0..<count).first { !tried.contains($0) }
    }
}
