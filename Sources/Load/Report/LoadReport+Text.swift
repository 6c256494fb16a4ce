extension LoadReport: CustomStringConvertible {
    /// A summary for people, one fact a line.
    package var description: String {
        var lines = [
            line(
                "sessions",
                "\(established) of \(viewers) over \(transport), \(failed) failed, \(closed) closed by the server"),
            line("window", "\(windowSeconds.rounded(places: 1)) s"),
            line("received", "\(packets) packets, \(bytes) bytes, \(megabitsPerSecond) Mbit/s"),
            line(
                "continuity",
                "\(lost) lost in \(lossySessions) sessions, \(reordered) reordered, \(duplicates) twice, "
                    + "\(stalledSessions) sessions stalled"),
        ]
        if joins + failedJoins > 0 { lines.append(line("joined again", "\(joins), \(failedJoins) failed")) }
        lines.append(line("", "\(column("p50"))\(column("p95"))\(column("p99"))\(column("max"))"))
        lines.append(line("first packet", firstPacket.text))
        lines.append(line("first picture", firstRandomAccess.text))
        lines.append(line("jitter", jitter.text))
        if let delay { lines.append(line("delay", delay.text)) }
        lines.append(line("own processor", "\(loadProcessorSeconds) s"))
        lines += server?.lines ?? []
        lines += failures.enumerated().map { line($0 == 0 ? "failures" : "", $1) }
        return lines.joined(separator: "\n")
    }
}

extension LoadReport.Percentiles {
    /// Milliseconds, in columns.
    fileprivate var text: String {
        [p50, p95, tellsP99 ? p99 : nil, max]
            .map { column($0.map { "\($0.rounded(places: 2))" } ?? "–") }
            .joined() + " ms"
    }
}

extension LoadReport.Server {
    fileprivate var lines: [String] {
        let perGigabit = secondsPerGigabit.map { ", \($0) s a gigabit" } ?? ""
        let perPackets = millisecondsPer1000Packets.map { ", \($0) ms a 1000 packets" } ?? ""
        return [
            line("server processor", "\(processorSeconds) s\(perGigabit)\(perPackets)"),
            line(
                "", "\(userSeconds) s user, \(systemSeconds) s system, \(runQueueWaitSeconds) s waiting for a processor"
            ),
            line(
                "server memory",
                "\(resident.before) KiB before, \(resident.during) during, \(resident.after) after, "
                    + "\(resident.perViewer) a viewer"),
        ]
    }
}

private func line(_ name: String, _ text: String) -> String {
    name + String(repeating: " ", count: max(1, 18 - name.count)) + text
}

private func column(_ text: String) -> String {
    String(repeating: " ", count: max(1, 10 - text.count)) + text
}
