import NIOCore

/// One run, from the first session to the report.
package struct LoadRun: Sendable {
    private static let look: UInt64 = 20_000_000
    private static let progressInterval: UInt64 = 1_000_000_000
    /// From the last session's end to the server's memory `after`.
    private static let aftermath: UInt64 = 1_000_000_000

    private let plan: LoadPlan
    private let control: LoadControl
    private let server: ServerProcess?

    package init(_ plan: LoadPlan) {
        self.plan = plan
        control = LoadControl(threads: plan.threads)
        server = plan.serverProcess.map { ServerProcess(identifier: $0) }
    }

    /// Blocks until the run is over, or soon after `isStopped`; `progress` is told once a second.
    package func run(
        isStopped: (LoadProgress) -> Bool = { _ in false },
        progress: (LoadProgress) -> Void = { _ in }
    ) throws(LoadRunError) -> LoadReport {
        try Self.requireOpenFiles(OwnResources.raiseOpenFileLimit(), for: plan)
        let before = try readServer()
        let threads = try startThreads()
        var watch = ProgressWatch(next: MonotonicClock.now() &+ Self.progressInterval)

        wait(&watch, isStopped, progress) { control.progress.established + control.progress.failed >= plan.viewers }
        control.phase = .settling
        let settled = MonotonicClock.now() &+ UInt64(max(0, plan.settle.nanoseconds))
        if control.progress.established > 0 { wait(&watch, isStopped, progress) { MonotonicClock.now() >= settled } }

        let opened = Snapshot(server: server)
        let isEmpty = control.progress.established == 0 || isStopped(control.progress)
        if !isEmpty {
            control.phase = .measuring
            let end = MonotonicClock.now() &+ UInt64(max(0, plan.window.nanoseconds))
            wait(&watch, isStopped, progress) { MonotonicClock.now() >= end }
        }
        let closed = Snapshot(server: server)
        control.phase = .leaving
        for thread in threads { thread.join() }

        var after: ServerProcess.Reading?
        if server != nil {
            MonotonicClock.sleep(nanoseconds: Self.aftermath)
            after = try? readServer()
        }
        return report(before: before, opened: opened, closed: closed, after: after)
    }

    /// Throws where not even the fewest files can be open that the plan needs.
    static func requireOpenFiles(_ limit: Int, for plan: LoadPlan) throws(LoadRunError) {
        guard plan.openFiles <= limit else {
            throw .openFiles(needed: plan.openFiles, limit: limit, viewers: plan.viewers)
        }
    }

    private func startThreads() throws(LoadRunError) -> [LoadThread] {
        var threads: [LoadThread] = []
        for number in 0..<plan.threads {
            let thread = LoadThread { [plan, control] in
                guard let loop = LoadLoop(plan, control: control, thread: number) else {
                    return Self.giveUp(plan, control: control, thread: number)
                }
                loop.run()
            }
            guard let thread else {
                control.phase = .leaving
                for thread in threads { thread.join() }
                throw .noThread
            }
            threads.append(thread)
        }
        return threads
    }

    /// A thread that cannot begin fails its sessions, so that nobody waits for them.
    private static func giveUp(_ plan: LoadPlan, control: LoadControl, thread: Int) {
        var counts = LoadCounts(targets: plan.targets.count)
        counts.failed = stride(from: thread, to: plan.viewers, by: plan.threads).underestimatedCount
        counts.failures.note("no memory", sessions: counts.failed)
        var progress = LoadProgress()
        progress.failed = counts.failed
        control.report(progress, thread: thread)
        control.finished(with: counts)
    }

    private func readServer() throws(LoadRunError) -> ServerProcess.Reading? {
        do {
            return try server?.reading()
        } catch {
            throw .server(error)
        }
    }

    // MARK: Waiting

    private struct ProgressWatch {
        var next: UInt64
    }

    private func wait(
        _ watch: inout ProgressWatch,
        _ isStopped: (LoadProgress) -> Bool,
        _ progress: (LoadProgress) -> Void,
        until isOver: () -> Bool
    ) {
        while !isOver(), !isStopped(control.progress) {
            MonotonicClock.sleep(nanoseconds: Self.look)
            let now = MonotonicClock.now()
            guard now >= watch.next else { continue }
            watch.next = now &+ Self.progressInterval
            progress(control.progress)
        }
    }

    // MARK: The report

    /// One end of the window.
    private struct Snapshot {
        let time: UInt64
        let ownSeconds: Double
        let server: ServerProcess.Reading?

        init(server process: ServerProcess?) {
            server = try? process?.reading()
            ownSeconds = OwnResources.processorSeconds()
            time = MonotonicClock.now()
        }
    }

    private func report(
        before: ServerProcess.Reading?, opened: Snapshot, closed: Snapshot, after: ServerProcess.Reading?
    ) -> LoadReport {
        var counts = control.counts(targets: plan.targets.count)
        if server != nil, opened.server == nil || closed.server == nil || after == nil {
            counts.failures.note("the server's process went away during the run")
        }
        let seconds = Double(closed.time &- opened.time) / 1e9
        var report = LoadReport(counts, plan: plan, windowSeconds: seconds)
        report.loadProcessorSeconds = (closed.ownSeconds - opened.ownSeconds).rounded(places: 4)
        if let before, let begin = opened.server, let end = closed.server, let after {
            report.server = LoadReport.Server(
                before: before, begin: begin, end: end, after: after, counts: counts, viewers: plan.viewers)
        }
        return report
    }
}

/// Why there was no run.
package enum LoadRunError: Error, Sendable, CustomStringConvertible {
    case server(ServerProcessError)
    case noThread
    case openFiles(needed: Int, limit: Int, viewers: Int)

    /// The cause and what to do.
    package var description: String {
        switch self {
        case .server(let error): error.description
        case .noThread: "the system gives no thread; ask for fewer with --threads"
        case .openFiles(let needed, let limit, let viewers):
            "\(viewers) viewers need at least \(needed) open files, and this process may have \(limit); "
                + "raise the limit (ulimit -n \(needed)) or ask for fewer viewers"
        }
    }
}
