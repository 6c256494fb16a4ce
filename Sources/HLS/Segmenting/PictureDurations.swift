/// How long the pictures of a segment last, in ticks.
struct PictureDurations: Sendable {
    private var durations: [Int64]

    init(_ durations: [Int64] = []) {
        self.durations = durations
    }

    mutating func append(_ duration: Int64) {
        durations.append(duration)
    }

    /// What one lasts: the mean, without those that came late; 0 where there are none.
    var usual: Int64 {
        guard !durations.isEmpty else { return 0 }
        let median = durations.sorted()[durations.count / 2]
        let inTime = durations.filter { $0 <= median &+ median / 2 }
        return inTime.reduce(0, &+) / Int64(max(inTime.count, 1))
    }
}
