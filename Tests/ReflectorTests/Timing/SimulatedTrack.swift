@testable import Reflector

/// A track as a camera sends it over a network, frame by frame, and what its pace makes of it.
struct SimulatedTrack {
    struct Frame {
        /// Seconds.
        var arrival: Double
        /// As viewers see it.
        var timestamp: UInt32
    }

    let clockRate: Double
    var pace: TrackPace
    /// The camera's.
    var timestamp: UInt32 = 4_000_000_000
    private(set) var frames: [Frame] = []
    private(set) var findings: [TrackPace.Finding] = []
    /// When the next frame is taken, and the last one arrived.
    private(set) var time = 100.0
    private var lastArrival = 0.0
    /// The time by the outgoing timestamps, since the first frame.
    private(set) var seconds = 0.0
    private var random: UInt64 = 42

    init(clockRate: Int = 90_000) {
        self.clockRate = Double(clockRate)
        pace = TrackPace(clockRate: clockRate)
    }

    /// So many seconds of frames, `each` seconds apart, each stamped `step` ticks after the one before. One is late by up to
    /// `jitter` seconds, evenly spread, and by what `delay` says of its moment; none overtakes another.
    mutating func send(
        seconds length: Double, each: Double, step: UInt32, jitter: Double = 0, delay: (Double) -> Double = { _ in 0 }
    ) {
        let end = time + length
        let start = time
        while time < end {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let chance = Double(random >> 40) / Double(1 << 24)
            lastArrival = max(lastArrival, time + jitter * chance + delay(time - start))
            arrive(at: lastArrival)
            timestamp &+= step
            time += each
        }
    }

    /// The camera says nothing for so long.
    mutating func pause(seconds: Double) { time += seconds }

    private mutating func arrive(at arrival: Double) {
        _ = pace.received(timestamp, at: arrival)
        let outgoing = pace.outgoing(timestamp)
        if let last = frames.last { seconds += Double(Int32(bitPattern: outgoing &- last.timestamp)) / clockRate }
        frames.append(Frame(arrival: arrival, timestamp: outgoing))
        if let finding = pace.finding {
            findings.append(finding)
            pace.findingTold()
        }
    }

    /// How late the frames are by the timestamps that viewers see, against the first one that came `since` seconds ago or later.
    func lateness(since: Double) -> [Double] {
        let recent = frames.filter { $0.arrival >= time - since }
        guard let first = recent.first else { return [] }
        return recent.map {
            $0.arrival - first.arrival - Double(Int32(bitPattern: $0.timestamp &- first.timestamp)) / clockRate
        }
    }

    /// Of the timestamps that viewers see, in seconds, frame by frame.
    var steps: [Double] {
        zip(frames, frames.dropFirst()).map { Double(Int32(bitPattern: $1.timestamp &- $0.timestamp)) / clockRate }
    }
}
