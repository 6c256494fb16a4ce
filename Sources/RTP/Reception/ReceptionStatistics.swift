import NIOCore

/// What arrived of one track, counted as RFC 3550 appendices A.1, A.3 and A.8 have it, across restarts of the source.
package struct ReceptionStatistics: Sendable {
    package private(set) var packetsReceived: UInt64 = 0
    /// Payload bytes, without headers and padding.
    package private(set) var bytesReceived: UInt64 = 0
    /// Times the source began anew: another SSRC, or numbers far from those before.
    package private(set) var restarts: UInt64 = 0

    private var source: UInt32?
    private var lostBefore: UInt64 = 0
    private var numbers = ReceivedNumbers(first: SequenceNumber(0))
    private var jitterEstimate = JitterEstimate()
    private var expectedAtReport: UInt64 = 0
    private var receivedAtReport: UInt64 = 0
    private var lastSenderReport: (middle32: UInt32, arrival: NIODeadline)?

    package init() {}

    /// Packets that never came, since the beginning; duplicates do not make up for them below zero.
    package var packetsLost: UInt64 {
        lostBefore &+ UInt64(max(0, numbers.lost))
    }

    /// Interarrival jitter in units of the media clock (RFC 3550 §6.4.1).
    package var jitter: UInt32 {
        jitterEstimate.value
    }

    /// Counts one packet; without a clock rate (quirk C15) or with one of zero jitter stands still.
    package mutating func receive(packet: RTPPacket, arrival: NIODeadline, clockRate: Int?) {
        packetsReceived &+= 1
        bytesReceived &+= UInt64(packet.payload.readableBytes)
        if source != packet.ssrc || numbers.receive(packet.sequenceNumber) == .restarted {
            beginSource(with: packet)
        }
        if let clockRate {
            jitterEstimate.receive(timestamp: packet.timestamp, arrival: arrival, clockRate: clockRate)
        }
    }

    /// Notes a sender report, so that report blocks can echo it (LSR, DLSR); one of another source is ignored.
    package mutating func receive(senderReport: SenderReport, arrival: NIODeadline) {
        guard source == nil || source == senderReport.ssrc else { return }
        lastSenderReport = (senderReport.ntp.middle32, arrival)
    }

    /// The block for the next receiver report, `nil` before the first packet; its fraction lost is of the
    /// time since the block before.
    package mutating func reportBlock(at now: NIODeadline) -> ReportBlock? {
        guard let source else { return nil }
        let expected = numbers.expected &- expectedAtReport
        let received = numbers.received &- receivedAtReport
        expectedAtReport = numbers.expected
        receivedAtReport = numbers.received
        let fraction = expected > received ? min(255, (expected - received) * 256 / expected) : 0
        var delay: UInt32 = 0
        if let lastSenderReport {
            let nanoseconds = UInt64(max(0, min((now - lastSenderReport.arrival).nanoseconds, 3_600_000_000_000)))
            delay = UInt32(nanoseconds * 65_536 / 1_000_000_000)
        }
        return ReportBlock(
            ssrc: source,
            fractionLost: UInt8(fraction),
            cumulativeLost: Int32(max(-0x80_0000, min(numbers.lost, 0x7F_FFFF))),
            extendedHighestSequenceNumber: numbers.extendedHighest,
            jitter: jitter,
            lastSenderReport: lastSenderReport?.middle32 ?? 0,
            delaySinceLastSenderReport: delay
        )
    }

    private mutating func beginSource(with packet: RTPPacket) {
        lostBefore = packetsLost
        if source != nil { restarts &+= 1 }
        if source != packet.ssrc { lastSenderReport = nil }
        source = packet.ssrc
        numbers = ReceivedNumbers(first: packet.sequenceNumber)
        jitterEstimate.restart()
        expectedAtReport = 0
        receivedAtReport = 0
    }
}

/// Sequence numbers of one source (RFC 3550 §A.1), with signed distances: a number that repeats is
/// a duplicate and not 65 535 lost ones (quirk G7).
struct ReceivedNumbers: Sendable {
    enum Reception {
        case counted
        case restarted
    }

    /// Numbers ahead, and behind, that still belong to the same run.
    private static let maximumDropout = 3000
    private static let maximumMisorder = 1000

    private let base: Int64
    private var highest: Int64
    /// The number that, coming next, proves that the source jumped.
    private var afterJump: SequenceNumber?
    private(set) var received: UInt64

    init(first: SequenceNumber) {
        base = Int64(first.rawValue)
        highest = base
        received = 1
    }

    var extendedHighest: UInt32 { UInt32(truncatingIfNeeded: highest) }
    var expected: UInt64 { UInt64(highest - base + 1) }
    /// Below zero where duplicates came.
    var lost: Int64 { Int64(expected) - Int64(received) }

    mutating func receive(_ number: SequenceNumber) -> Reception {
        let distance = number.distance(from: SequenceNumber(UInt16(truncatingIfNeeded: highest)))
        if distance > Self.maximumDropout || distance < -Self.maximumMisorder {
            if number == afterJump { return .restarted }
            afterJump = number.advanced(by: 1)
            return .counted
        }
        if distance > 0 { highest += Int64(distance) }
        afterJump = nil
        received += 1
        return .counted
    }
}

/// The smoothed difference of spacing at the sender and here (RFC 3550 §A.8).
struct JitterEstimate: Sendable {
    /// Clock units times 16.
    private var scaled: Int64 = 0
    private var transit: UInt32?

    var value: UInt32 { UInt32(truncatingIfNeeded: scaled >> 4) }

    mutating func restart() {
        transit = nil
    }

    mutating func receive(timestamp: UInt32, arrival: NIODeadline, clockRate: Int) {
        guard clockRate > 0, let rate = UInt64(exactly: clockRate), rate <= 1 << 31 else { return }
        let (seconds, rest) = arrival.uptimeNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let units = seconds &* rate &+ rest * rate / 1_000_000_000
        let transit = UInt32(truncatingIfNeeded: units) &- timestamp
        defer { self.transit = transit }
        guard let before = self.transit else { return }
        let difference = Int64(Int32(bitPattern: transit &- before).magnitude)
        // A clock that jumped is no jitter (quirk K1).
        guard difference <= Int64(rate) * 5 else { return }
        scaled += difference - (scaled + 8) >> 4
    }
}
