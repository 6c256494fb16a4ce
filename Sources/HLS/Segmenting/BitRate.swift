import NIOCore

/// What the segments of a playlist take, for `BANDWIDTH` and `AVERAGE-BANDWIDTH` (RFC 8216bis §4.4.6.2).
struct BitRate: Sendable, Hashable {
    private var bits = 0.0
    private var seconds = 0.0
    private var peakOfAll = 0.0
    private var peakOfLong = 0.0

    /// Bits a second of the segment that took most; those of less than half a second count only where there are no others.
    var peak: Int { Int((peakOfLong > 0 ? peakOfLong : peakOfAll).rounded(.up)) }

    /// Bits a second of all together.
    var average: Int { seconds > 0 ? Int((bits / seconds).rounded(.up)) : 0 }

    mutating func add(bytes: Int, duration: TimeAmount) {
        let length = duration.asSeconds
        guard length > 0 else { return }
        let bits = Double(bytes) * 8
        self.bits += bits
        seconds += length
        peakOfAll = max(peakOfAll, bits / length)
        if length >= 0.5 { peakOfLong = max(peakOfLong, bits / length) }
    }
}
