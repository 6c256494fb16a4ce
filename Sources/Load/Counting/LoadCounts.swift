/// What the sessions of one thread counted, or of all of them.
struct LoadCounts: Sendable {
    /// Sessions that answered PLAY, and that did not; those that come again are counted by `joins`.
    var established = 0
    var failed = 0
    /// Established sessions that the server ended.
    var closed = 0
    /// Sessions that left and came again.
    var joins = 0
    var failedJoins = 0

    /// Inside the window.
    var packets = 0
    /// Whole RTP packets, inside the window.
    var bytes = 0
    /// From the first packet of each session to the end of the window.
    var lost = 0
    var reordered = 0
    var duplicates = 0
    var lossySessions = 0

    /// From the moment PLAY was sent.
    var firstPacket = DurationHistogram()
    var firstRandomAccess = DurationHistogram()
    /// One figure for each session that played all through the window.
    var jitter = DurationHistogram()
    /// From the stamps in the packets to our read.
    var delay = DurationHistogram()
    /// Of each session that played all through the window, by target.
    var sessionPackets: [[Int]]
    var failures = FailureReasons()

    init(targets: Int) {
        sessionPackets = Array(repeating: [], count: targets)
    }

    /// Counts one packet of the window by its length in bytes.
    mutating func count(packetOf length: Int) {
        packets += 1
        bytes += length
    }

    /// Adds what another thread counted.
    mutating func add(_ other: LoadCounts) {
        established += other.established
        failed += other.failed
        closed += other.closed
        joins += other.joins
        failedJoins += other.failedJoins
        packets += other.packets
        bytes += other.bytes
        lost += other.lost
        reordered += other.reordered
        duplicates += other.duplicates
        lossySessions += other.lossySessions
        firstPacket.add(other.firstPacket)
        firstRandomAccess.add(other.firstRandomAccess)
        jitter.add(other.jitter)
        delay.add(other.delay)
        for index in sessionPackets.indices { sessionPackets[index] += other.sessionPackets[index] }
        failures.add(other.failures)
    }

    /// Sessions that got less than 98 % of what the median of their stream got.
    var stalledSessions: Int {
        sessionPackets.reduce(into: 0) { stalled, packets in
            guard !packets.isEmpty else { return }
            let median = packets.sorted()[packets.count / 2]
            stalled += packets.count { Double($0) < Double(median) * 0.98 }
        }
    }
}
