import NIOCore
import RTSP

extension LoadReport {
    /// Out of what the sessions counted; the processor's figures are set by whoever read them.
    init(_ counts: LoadCounts, plan: LoadPlan, windowSeconds: Double) {
        viewers = plan.viewers
        transport = plan.transport == .udp ? "udp" : "tcp"
        isPaused = plan.isPaused
        established = counts.established
        failed = counts.failed
        closed = counts.closed
        self.windowSeconds = windowSeconds.rounded(places: 3)
        packets = counts.packets
        bytes = counts.bytes
        megabitsPerSecond = windowSeconds > 0 ? (Double(counts.bytes) * 8 / 1e6 / windowSeconds).rounded(places: 2) : 0
        lost = counts.lost
        reordered = counts.reordered
        duplicates = counts.duplicates
        lossySessions = counts.lossySessions
        stalledSessions = counts.stalledSessions
        joins = counts.joins
        failedJoins = counts.failedJoins
        firstPacket = Percentiles(counts.firstPacket)
        firstRandomAccess = Percentiles(counts.firstRandomAccess)
        jitter = Percentiles(counts.jitter)
        delay = plan.isStamped ? Percentiles(counts.delay, tellsP99: true) : nil
        loadProcessorSeconds = 0
        failures = counts.failures.lines
        server = nil
    }
}

extension LoadReport.Server {
    /// Readings before the sessions, at both ends of the window, and after the sessions.
    init(
        before: ServerProcess.Reading,
        begin: ServerProcess.Reading,
        end: ServerProcess.Reading,
        after: ServerProcess.Reading,
        counts: LoadCounts,
        viewers: Int
    ) {
        let schedule = end.schedule(since: begin)
        let seconds = Double(schedule.running) / 1e9
        processorSeconds = seconds.rounded(places: 4)
        userSeconds = (Double(end.userTicks &- begin.userTicks) / ServerProcess.ticksPerSecond).rounded(places: 2)
        systemSeconds = (Double(end.systemTicks &- begin.systemTicks) / ServerProcess.ticksPerSecond).rounded(places: 2)
        let gigabits = Double(counts.bytes) * 8 / 1e9
        secondsPerGigabit = gigabits > 0 ? (seconds / gigabits).rounded(places: 5) : nil
        millisecondsPer1000Packets =
            counts.packets > 0 ? (seconds * 1e6 / Double(counts.packets)).rounded(places: 4) : nil
        runQueueWaitSeconds = (Double(schedule.waiting) / 1e9).rounded(places: 4)
        resident = LoadReport.Resident(
            before: before.residentKiB,
            during: end.residentKiB,
            after: after.residentKiB,
            perViewer: (Double(end.residentKiB - before.residentKiB) / Double(max(1, viewers))).rounded(places: 2)
        )
    }
}
