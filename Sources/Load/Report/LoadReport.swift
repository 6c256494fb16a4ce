/// What a run found, with the names and units of its JSON.
package struct LoadReport: Sendable, Encodable {
    /// Milliseconds; `nil` where nothing was measured.
    package struct Percentiles: Sendable {
        package var p50: Double?
        package var p95: Double?
        /// Told of delays only.
        package var p99: Double?
        package var max: Double?
        var tellsP99 = false
    }

    /// What the run cost the server.
    package struct Server: Sendable {
        /// Inside the window.
        package var processorSeconds: Double
        package var userSeconds: Double
        package var systemSeconds: Double
        /// `nil` where nothing was delivered, as the next.
        package var secondsPerGigabit: Double?
        package var millisecondsPer1000Packets: Double?
        package var runQueueWaitSeconds: Double
        package var resident: Resident
    }

    /// The server's resident memory in KiB.
    package struct Resident: Sendable, Encodable {
        /// Before the first session.
        package var before: Int
        /// At the end of the window.
        package var during: Int
        /// A second after the last session left.
        package var after: Int
        /// What came on top, by viewer.
        package var perViewer: Double

        enum CodingKeys: String, CodingKey {
            case before, during, after
            case perViewer = "per_viewer"
        }
    }

    /// Sessions asked for.
    package var viewers: Int
    /// `tcp` or `udp`.
    package var transport: String
    /// The sessions were asked to pause; not in the JSON.
    var isPaused = false
    /// Sessions that answered PLAY.
    package var established: Int
    /// Sessions that did not.
    package var failed: Int
    /// Established sessions that the server ended.
    package var closed: Int
    /// Length of the window.
    package var windowSeconds: Double
    /// Inside the window, as the next two.
    package var packets: Int
    /// Whole RTP packets.
    package var bytes: Int
    package var megabitsPerSecond: Double
    /// From the first packet of each session to the end of the window, as the next three.
    package var lost: Int
    package var reordered: Int
    package var duplicates: Int
    package var lossySessions: Int
    /// Less than 98 % of the median of their stream.
    package var stalledSessions: Int
    /// Sessions that left and came again.
    package var joins: Int
    package var failedJoins: Int
    package var firstPacket: Percentiles
    package var firstRandomAccess: Percentiles
    package var jitter: Percentiles
    /// `nil` unless the packets are stamped.
    package var delay: Percentiles?
    /// Processor seconds of this process inside the window.
    package var loadProcessorSeconds: Double
    /// The first few distinct reasons, and how many sessions had each.
    package var failures: [String]
    /// `nil` unless the server's process was named.
    package var server: Server?

    /// Every session played to the end, and nothing was lost. Nothing delivered is no proof of that, unless the sessions
    /// paused.
    package var isFlawless: Bool {
        failed == 0 && closed == 0 && failedJoins == 0 && lost == 0 && (packets > 0 || isPaused)
    }

    /// At least one session played.
    package var isMeaningful: Bool { established > 0 }
}

extension LoadReport.Percentiles {
    /// Of a histogram of nanoseconds.
    init(_ histogram: DurationHistogram, tellsP99: Bool = false) {
        let milliseconds = { (nanoseconds: UInt64?) in nanoseconds.map { (Double($0) / 1e6).rounded(places: 3) } }
        p50 = milliseconds(histogram.percentile(0.5))
        p95 = milliseconds(histogram.percentile(0.95))
        p99 = milliseconds(histogram.percentile(0.99))
        max = histogram.count > 0 ? milliseconds(histogram.largest) : nil
        self.tellsP99 = tellsP99
    }
}

extension Double {
    /// Told with so many decimals.
    func rounded(places: Int) -> Double {
        var factor = 1.0
        for _ in 0..<places { factor *= 10 }
        return (self * factor).rounded() / factor
    }
}
