/// One thread's share of the sessions, and the plain loop that serves them.
///
/// It sleeps, then reads what has come, instead of waiting for each packet: on one machine the sender pays for waking
/// whoever waits, and a client that did would measure itself.
final class LoadLoop {
    /// Sleeps are no longer while sessions are joining, for their times are told.
    private static let longestSleepWhileJoining: UInt64 = 1_000_000
    private static let sweepInterval: UInt64 = 50_000_000
    private static let controlDrainInterval: UInt64 = 1_000_000_000
    /// Most milliseconds to block where nothing is slept.
    private static let longestWait: Int32 = 20

    private let plan: LoadPlan
    private let control: LoadControl
    private let thread: Int
    private let context: SessionContext
    private let datagrams: DatagramReader
    private let sessions: [LoadSession]
    private var watch = SocketWatch()
    private var phase = LoadPhase.joining
    private var begun = 0
    private var churned = 0
    private var churnCursor = 0
    private var beginning: UInt64
    private var windowBeginning: UInt64 = 0
    private var nextSweep: UInt64 = 0
    private var nextControlDrain: UInt64 = 0

    /// `nil` without memory for the datagrams.
    init?(_ plan: LoadPlan, control: LoadControl, thread: Int) {
        guard let datagrams = DatagramReader() else { return nil }
        self.plan = plan
        self.control = control
        self.thread = thread
        self.datagrams = datagrams
        let context = SessionContext(plan: plan)
        self.context = context
        sessions = stride(from: thread, to: plan.viewers, by: plan.threads).map {
            LoadSession(number: $0, context: context)
        }
        beginning = MonotonicClock.now()
    }

    /// Until every session has left.
    func run() {
        var leavingSince: UInt64 = 0
        while true {
            let now = MonotonicClock.now()
            if control.phase != phase {
                phase = control.phase
                phaseChanged(at: now)
                if phase == .leaving { leavingSince = now }
            }
            switch phase {
            case .joining: beginDue(at: now)
            case .settling: break
            case .measuring: churn(at: now)
            case .leaving:
                let isOverdue = now > leavingSince &+ 2 * LoadSession.leavePatience
                if isOverdue || sessions.allSatisfy({ $0.phase == .idle }) { return finish() }
            }
            sweep(at: now)
            if context.socketsChanged {
                context.socketsChanged = false
                watch.watch(sessions)
            }
            serve()
        }
    }

    private func finish() {
        for session in sessions { session.finish(at: MonotonicClock.now()) }
        report()
        control.finished(with: context.counts)
    }

    private func phaseChanged(at now: UInt64) {
        switch phase {
        case .joining, .settling: break
        case .measuring:
            windowBeginning = now
            for session in sessions { session.windowOpened() }
            context.isMeasuring = true
        case .leaving:
            context.isMeasuring = false
            for session in sessions { session.leave(at: now) }
        }
    }

    // MARK: Who comes and goes

    private func beginDue(at now: UInt64) {
        // In the order of all threads' sessions, so that they do not all begin at the same moments.
        let due = Int(Double(now &- beginning) / 1e9 * plan.rate) + 1
        while begun < sessions.count, begun * plan.threads + thread < due {
            sessions[begun].begin(at: now)
            begun += 1
        }
    }

    private func churn(at now: UInt64) {
        guard plan.churn > 0 else { return }
        let due = Int(Double(now &- windowBeginning) / 1e9 * plan.churn / Double(plan.threads))
        while churned < due {
            churned += 1
            guard let session = nextPlaying() else { continue }
            session.leave(at: now, returning: true)
        }
    }

    private func nextPlaying() -> LoadSession? {
        for _ in sessions {
            let session = sessions[churnCursor]
            churnCursor = (churnCursor + 1) % sessions.count
            if session.phase == .playing { return session }
        }
        return nil
    }

    // MARK: Serving

    private func sweep(at now: UInt64) {
        guard now >= nextSweep else { return }
        nextSweep = now &+ Self.sweepInterval
        for session in sessions { session.tick(at: now) }
        report()
        guard now >= nextControlDrain else { return }
        nextControlDrain = now &+ Self.controlDrainInterval
        for session in sessions { session.drainControl(with: datagrams) }
    }

    private func report() {
        var progress = LoadProgress()
        progress.established = context.counts.established
        progress.failed = context.counts.failed
        progress.closed = context.counts.closed
        progress.packets = context.counts.packets
        progress.bytes = context.counts.bytes
        control.report(progress, thread: thread)
    }

    private func serve() {
        let interval = UInt64(max(0, plan.drain.nanoseconds))
        let isHurried = context.joining > 0 || begun < sessions.count || phase == .leaving
        let sleep = isHurried ? min(interval, Self.longestSleepWhileJoining) : interval
        if sleep > 0 { MonotonicClock.sleep(nanoseconds: sleep) }
        watch.serve(waiting: sleep > 0 ? 0 : isHurried ? 1 : Self.longestWait) { session, track in
            if let track {
                session.readDatagrams(of: track, with: datagrams)
            } else if session.phase == .connecting {
                session.connectEnded(at: MonotonicClock.now())
            } else {
                session.readConnection()
            }
        }
    }
}
