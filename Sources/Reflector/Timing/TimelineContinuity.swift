import RTP

/// Keeps the sequence numbers and timestamps of one track continuous, whatever its source does (quirks K1, K2, K4, K6, H2, H3).
///
/// Every packet of the source is `admitted` with its own numbers; what the viewers see is `sequenceNumber` and `timestamp`.
/// Losses stay visible as gaps, restarts do not: a new source goes on right behind the last packet of the old one.
package struct TimelineContinuity: Sendable {
    /// What to do with a packet of the source.
    package enum Admission: Sendable, Hashable {
        case admitted
        /// The packet was seen already.
        case duplicate
    }

    /// A step of the timestamp that is further than this from what the clock says is an error of the source (K1).
    private static let tolerance = 5.0
    /// A new source's first packet comes at most this long after the last one on the viewers' timeline, in seconds.
    private static let longestResumption = 1.0
    /// This many stray frames that agree with each other are a new timeline (K1, K2).
    private static let strayFramesOfNewTimeline = 3
    /// More packets than this are not lost, the source has jumped.
    private static let largestGap = 3000

    private struct Source {
        var ssrc: UInt32
        var sequenceNumber: SequenceNumber
        /// Of the last packet that was in line.
        var timestamp: UInt32
    }

    private struct Stray {
        var timestamp: UInt32
        var frames: Int
    }

    /// Ticks a second; 90 000 where the source names no clock.
    private let clockRate: Double
    private var source: Source?
    private var stray: Stray?
    private var hasStarted = false
    /// Stream time of the last admitted packet, in seconds.
    private var lastTime = 0.0
    /// Ticks between the last two frames that were in line.
    private var frameDuration: UInt32

    /// Sequence number of the last packet given out.
    package private(set) var sequenceNumber: UInt16
    /// Timestamp of the packet last admitted, on the viewers' timeline.
    package private(set) var timestamp: UInt32
    /// Viewers' timestamp minus source's timestamp, while a source is in line.
    package private(set) var offset: UInt32 = 0

    /// `firstSequenceNumber` and `firstTimestamp` are random by RFC 3550 §5.1.
    package init(clockRate: Int?, firstSequenceNumber: UInt16, firstTimestamp: UInt32) {
        self.clockRate = Double(max(clockRate ?? 90_000, 1))
        sequenceNumber = firstSequenceNumber &- 1
        timestamp = firstTimestamp
        frameDuration = UInt32(min(max(self.clockRate / 25, 1), 1e6))
    }

    /// The next packet belongs to another source, or to the same one after a pause.
    package mutating func sourceEnded() {
        source = nil
        stray = nil
    }

    /// A packet of the source, in order of its sequence numbers; `time` is stream time in seconds, which stands still while
    /// there is no source.
    package mutating func receive(_ packet: RTPPacket, time: Double) -> Admission {
        receive(
            ssrc: packet.ssrc, sequenceNumber: packet.sequenceNumber, timestamp: packet.timestamp, time: time
        )
    }

    package mutating func receive(
        ssrc: UInt32, sequenceNumber number: SequenceNumber, timestamp incoming: UInt32, time: Double
    ) -> Admission {
        guard let last = source, last.ssrc == ssrc else {
            restart(ssrc: ssrc, sequenceNumber: number, timestamp: incoming, time: time)
            return .admitted
        }
        let distance = number.distance(from: last.sequenceNumber)
        if distance == 0 && (incoming == last.timestamp || incoming == stray?.timestamp) { return .duplicate }
        let isInLine = abs(seconds(incoming, since: last.timestamp)) <= Self.tolerance
        if distance <= 0 && !isInLine {
            restart(ssrc: ssrc, sequenceNumber: number, timestamp: incoming, time: time)
            return .admitted
        }
        if distance > 1 && distance <= Self.largestGap {
            sequenceNumber &+= UInt16(truncatingIfNeeded: distance - 1)
        }
        source?.sequenceNumber = number
        place(incoming, after: last.timestamp, time: time)
        return .admitted
    }

    /// The number of the next packet to send; one admitted packet may become none, one or several.
    package mutating func nextSequenceNumber() -> UInt16 {
        sequenceNumber &+= 1
        return sequenceNumber
    }

    /// A second picture begins under the timestamp of the one before (K4): it gets the next tick.
    package mutating func separateFrame() {
        timestamp &+= 1
        offset &+= 1
    }

    /// The viewers' timestamp of a source timestamp, `nil` while the source is out of line.
    package func outgoing(_ incoming: UInt32) -> UInt32? {
        source == nil || stray != nil ? nil : incoming &+ offset
    }

    private mutating func restart(
        ssrc: UInt32, sequenceNumber number: SequenceNumber, timestamp incoming: UInt32, time: Double
    ) {
        if hasStarted {
            // A packet of several audio frames lasts longer than the step of a new source: the next is not to begin within it.
            let packetDuration = min(frameDuration, ticks(Self.longestResumption))
            timestamp &+= max(1, packetDuration, ticks(min(max(time - lastTime, 0), Self.longestResumption)))
        }
        hasStarted = true
        source = Source(ssrc: ssrc, sequenceNumber: number, timestamp: incoming)
        stray = nil
        offset = timestamp &- incoming
        lastTime = time
    }

    private mutating func place(_ incoming: UInt32, after previous: UInt32, time: Double) {
        let step = seconds(incoming, since: previous)
        let elapsed = time - lastTime
        guard abs(step) > Self.tolerance, abs(step - elapsed) > Self.tolerance else {
            if stray != nil {
                stray = nil
            } else if step > 0 {
                frameDuration = incoming &- previous
            }
            timestamp = incoming &+ offset
            source?.timestamp = incoming
            lastTime = time
            return
        }
        placeStray(incoming, time: time)
    }

    private mutating func placeStray(_ incoming: UInt32, time: Double) {
        if let known = stray {
            if known.timestamp == incoming { return }
            let agrees = abs(seconds(incoming, since: known.timestamp)) <= Self.tolerance
            stray = Stray(timestamp: incoming, frames: agrees ? known.frames + 1 : 1)
        } else {
            stray = Stray(timestamp: incoming, frames: 1)
        }
        timestamp &+= min(frameDuration, ticks(Self.longestResumption))
        guard let known = stray, known.frames >= Self.strayFramesOfNewTimeline else { return }
        stray = nil
        offset = timestamp &- incoming
        source?.timestamp = incoming
        lastTime = time
    }

    private func seconds(_ later: UInt32, since earlier: UInt32) -> Double {
        Double(Int32(bitPattern: later &- earlier)) / clockRate
    }

    private func ticks(_ seconds: Double) -> UInt32 {
        UInt32(min(max((seconds * clockRate).rounded(), 0), Double(Int32.max)))
    }
}
