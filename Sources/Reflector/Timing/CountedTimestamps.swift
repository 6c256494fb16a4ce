import Media
import NIOCore
import RTP

/// Timestamps of AAC, made anew from the number of its frames where the camera's are wrong (quirk J3): standing still, running
/// back, jumping to and fro, or in the ticks of another clock.
///
/// They are left alone while they advance by what a frame lasts. They are replaced when a quarter of them did not for a while, and the
/// count of frames keeps time with arrival, which it does not where the description tells the wrong length of a frame. From there
/// the count is guarded by arrival: frames that are missing without a trace leave a gap, and not sound that runs ahead.
struct CountedTimestamps: Sendable {
    /// The packet before.
    private struct Packet: Sendable {
        var ssrc: UInt32
        var sequenceNumber: SequenceNumber
        /// As the camera stamped it.
        var timestamp: UInt32
        /// What its frames last.
        var ticks: UInt32
    }

    /// What a stretch of packets showed.
    private struct Window: Sendable {
        var start: Double
        var packets = 0
        /// Those whose timestamp is off by more than half a frame.
        var wrong = 0
        /// What all frames last.
        var ticks = 0.0
    }

    private static let windowPackets = 64
    /// Seconds; jitter of arrival weighs little in so many.
    private static let windowLength = 4.0
    /// How far the count of frames may be off the clock to be believed.
    private static let agreement = 0.15
    /// More packets than this are not lost, the source has jumped.
    private static let largestGap = 3000
    /// Seconds in which the least late packet tells whether frames are missing, and how late it has to be.
    private static let guardSpan = 2.0
    private static let guardReach = 0.25

    private let clockRate: Double
    private let frameTicks: UInt32
    private var last: Packet?
    private var window: Window?
    private(set) var isCounting = false
    /// The last window's timestamps were wrong; else the source is believed when it comes again.
    private var isWrong = false
    /// What was given out last.
    private var timestamp: UInt32 = 0
    /// Seconds of what was given out since counting began, and the guard's span.
    private var seconds = 0.0
    private var spanStart: Double?
    private var least = Double.infinity
    private var floor: Double?

    /// `nil` where frames cannot be counted, or nobody knows how long one is.
    init?(_ format: TrackFormat) {
        guard format.codec == .aac, AACHeaderLengths(format.parameters) == .highBitRate,
            let clockRate = format.clockRate, clockRate > 0
        else { return nil }
        self.clockRate = Double(clockRate)
        var samples = 1024.0
        if case .aac(let bytes) = format.configuration, let parsed = AudioSpecificConfig(parsing: bytes),
            parsed.sampleRate > 0
        {
            // With spectral band replication the clock may run twice as fast as the frames are long.
            samples *= Double(clockRate) / Double(parsed.sampleRate)
        }
        guard samples >= 1, samples <= 1e6 else { return nil }
        frameTicks = UInt32(samples.rounded())
    }

    /// The timestamp to go on with in place of the packet's own; `time` is its arrival in seconds of stream time.
    mutating func timestamp(of packet: RTPPacket, at time: Double) -> UInt32 {
        let ticks = frameTicks &* UInt32(AACFrameCount.frames(in: packet.payload, marker: packet.marker))
        let expected = expectedStep(to: packet)
        if let expected, let last {
            look(packet.timestamp &- last.timestamp, expected: expected, at: time)
        } else {
            window = nil
        }
        last = Packet(
            ssrc: packet.ssrc, sequenceNumber: packet.sequenceNumber, timestamp: packet.timestamp, ticks: ticks)
        guard isCounting else {
            timestamp = packet.timestamp
            return timestamp
        }
        advance(by: expected ?? 0, at: time)
        return timestamp
    }

    /// The source is away. One whose timestamps are well by now is believed when it comes again.
    mutating func sourceEnded() {
        last = nil
        window = nil
        isCounting = isCounting && isWrong
        restartGuard()
    }

    /// What the frames from the packet before up to this one last; `nil` for the first of a source.
    private func expectedStep(to packet: RTPPacket) -> UInt32? {
        guard let last, last.ssrc == packet.ssrc else { return nil }
        let distance = packet.sequenceNumber.distance(from: last.sequenceNumber)
        guard (1...Self.largestGap).contains(distance) else { return nil }
        // What was lost is taken to be like what came.
        return last.ticks &* UInt32(distance)
    }

    private mutating func look(_ step: UInt32, expected: UInt32, at time: Double) {
        var current = window ?? Window(start: time)
        current.packets += 1
        current.ticks += Double(expected)
        if abs(Int64(Int32(bitPattern: step)) - Int64(expected)) > Int64(frameTicks) / 2 { current.wrong += 1 }
        let elapsed = time - current.start
        guard current.packets >= Self.windowPackets, elapsed >= Self.windowLength else {
            window = current
            return
        }
        window = nil
        isWrong = current.wrong * 4 >= current.packets
        let keepsTime = abs(current.ticks / clockRate - elapsed) <= elapsed * Self.agreement
        if isWrong, keepsTime, !isCounting {
            isCounting = true
            restartGuard()
        }
    }

    // MARK: Counting

    private mutating func restartGuard() {
        seconds = 0
        spanStart = nil
        least = .infinity
        floor = nil
    }

    private mutating func advance(by step: UInt32, at time: Double) {
        timestamp &+= step
        seconds += Double(step) / clockRate
        let start = spanStart ?? time
        spanStart = start
        if time - start >= Self.guardSpan {
            spanStart = time
            let late = least - (floor ?? least)
            floor = min(floor ?? least, least)
            least = .infinity
            if late > Self.guardReach {
                timestamp &+= UInt32(min(late, 3600) * clockRate)
                seconds += late
            }
        }
        least = min(least, time - seconds)
    }
}
