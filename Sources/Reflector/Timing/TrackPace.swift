import Media

/// Keeps the timestamps of one track in step with the clock where its source stamps faster or slower than it sends: a camera that
/// stamps 25 pictures a second and sends 21 (K3), one that tells a wrong sample rate (K8).
///
/// Where a `RateMeter` finds them within 3 % of the clock, nothing is touched: quartzes are off by less than 0.1 %. Else they
/// are stretched or drawn together by what was measured, and from there kept by their arrival, so that nothing adds up over hours. The
/// line has corners and no steps: timestamps advance a little faster or slower, and never run back.
struct TrackPace: Sendable {
    /// What was found wrong with a track, to be told once.
    struct Finding: Sendable, Hashable {
        /// Ticks a second, as the description has them.
        var clockRate: Int
        /// What was measured.
        var reading: RateMeter.Reading
        /// Not where the rate is beyond belief, as of a file that is sent as fast as the network takes it.
        var isCorrected: Bool
    }

    private struct Correction: Sendable {
        /// Of the source's timestamps, as measured.
        var rate: Double
        /// How late a punctual frame is by the timestamps that viewers see; `nil` until a whole span has told.
        var reference: Double?
        /// What the track is behind the others, and shall catch up.
        var owed = 0.0
        /// Of the span under way.
        var least = Double.infinity
        /// The spans since the source began, as long as they matter.
        var age = 0
    }

    /// A few spans are enough where they differ by much and agree well; a difference that a slow network can make needs more.
    private static let quick = RateMeter.Quorum(spans: 8, agreeing: 7)
    private static let patient = RateMeter.Quorum(spans: RateMeter.memory, agreeing: 12)
    private static let quickBound = 0.1
    /// Rates beyond these are no clock's.
    private static let credible = 0.25...4.0
    /// For a track that is corrected: what it does now, and whether it is well again.
    private static let latest = RateMeter.Quorum(spans: 5, agreeing: 4)
    private static let wellAgain = 0.015
    /// A source that came back may be another one: two spans that say so end the correction.
    private static let probation = RateMeter.Quorum(spans: 2, agreeing: 2)
    /// Seconds in which what is too late or too early is made good, and by what part of the rate at most.
    private static let settling = 10.0
    private static let strongest = 0.05
    /// What is further off than this is a pause or a jump of the source, and not made good: the clock that sender reports tell jumps for it.
    private static let reach = 0.5

    private let clockRate: Int
    private var meter: RateMeter
    private var correction: Correction?
    /// `outgoing` of `incoming` is where the line has its last corner.
    private var incoming: UInt32 = 0
    private var outgoing: UInt32 = 0
    private var factor = 1.0
    /// What the outgoing timestamps have advanced since the correction began, and the newest of them.
    private var seconds = 0.0
    private var newest: UInt32 = 0
    /// What there is to tell; `nil` where there is nothing new.
    private(set) var finding: Finding?
    private var told: Double?

    /// `clockRate` in Hz, at least 1.
    init(clockRate: Int) {
        self.clockRate = max(clockRate, 1)
        meter = RateMeter(clockRate: clockRate)
    }

    /// The timestamps are other than the source's own.
    var isCorrecting: Bool { correction != nil }

    /// The timestamp that viewers see in place of `timestamp`.
    func outgoing(_ timestamp: UInt32) -> UInt32 {
        let ahead = timestamp &- incoming
        guard factor != 1 else { return outgoing &+ ahead }
        let stretched = (Double(Int32(bitPattern: ahead)) * factor).rounded()
        return outgoing &+ UInt32(truncatingIfNeeded: Int64(stretched))
    }

    /// A frame with a timestamp of its own came at `time`, in seconds of stream time; `true` where a correction begins with it.
    mutating func received(_ timestamp: UInt32, at time: Double) -> Bool {
        let spanEnded = meter.received(timestamp, at: time)
        guard correction != nil else { return spanEnded && judge(from: timestamp) }
        if spanEnded { follow(from: timestamp) }
        let now = outgoing(timestamp)
        seconds += Double(Int32(bitPattern: now &- newest)) / Double(clockRate)
        newest = now
        if let least = correction?.least { correction?.least = min(least, time - seconds) }
        return false
    }

    /// The next timestamp is one tick later than it would be (K4).
    mutating func separateFrame() {
        if factor != 1 { outgoing &+= 1 }
    }

    /// The track is so many seconds behind the others, and is to make it good.
    mutating func catchUp(_ seconds: Double) {
        correction?.owed = min(max(seconds, 0), Self.reach)
    }

    /// What was measured is over; what was learnt holds for the source's return.
    mutating func sourceEnded() {
        meter.restart()
        correction?.reference = nil
        correction?.owed = 0
        correction?.least = .infinity
        correction?.age = 0
    }

    /// What there is to tell was told.
    mutating func findingTold() {
        finding = nil
    }

    // MARK: Judging

    /// Whether a correction begins with the frame of `timestamp`.
    private mutating func judge(from timestamp: UInt32) -> Bool {
        let quick = meter.reading(Self.quick) { abs($0 - 1) / 4 }.flatMap { $0.isOff(by: Self.quickBound) ? $0 : nil }
        let patient = { [meter] in meter.reading(Self.patient) { abs($0 - 1) / 2 } }
        guard let reading = quick ?? patient(), reading.isOff(by: RateMeter.ordinary) else { return false }
        let isCredible = Self.credible.contains(reading.rate)
        tell(reading, isCorrected: isCredible)
        guard isCredible else { return false }
        correction = Correction(rate: reading.rate)
        bend(at: timestamp, to: 1 / reading.rate)
        seconds = 0
        newest = outgoing(timestamp)
        return true
    }

    /// Once for each rate: one that comes and goes with the light is not news every evening.
    private mutating func tell(_ reading: RateMeter.Reading, isCorrected: Bool) {
        let isKnown = told.map {
            isCorrected ? abs(reading.rate - $0) < reading.rate / 10 : !Self.credible.contains($0)
        }
        guard isKnown != true else { return }
        told = reading.rate
        finding = Finding(clockRate: clockRate, reading: reading, isCorrected: isCorrected)
    }

    // MARK: Correcting

    /// A span is over: the line goes on from the frame of `timestamp` on at the rate of the last spans, and towards the clock.
    private mutating func follow(from timestamp: UInt32) {
        guard var known = correction else { return }
        known.age += 1
        if isWell(known) {
            correction = nil
            return bend(at: timestamp, to: 1)
        }
        let isNear = { (median: Double) in max(median / 20, RateMeter.ordinary) }
        if let reading = meter.reading(Self.patient, within: isNear) ?? meter.reading(Self.latest, within: isNear),
            Self.credible.contains(reading.rate)
        {
            known.rate = reading.rate
        }
        var late = 0.0
        if let reference = known.reference {
            late = known.least - reference
            if abs(late) > Self.reach {
                known.reference = known.least
                late = 0
            }
        } else if known.least.isFinite {
            known.reference = known.least - known.owed
            late = known.owed
        }
        known.least = .infinity
        correction = known
        bend(at: timestamp, to: (1 + min(max(late / Self.settling, -Self.strongest), Self.strongest)) / known.rate)
    }

    private func isWell(_ known: Correction) -> Bool {
        if let reading = meter.reading(Self.latest, within: { _ in Self.wellAgain }) {
            return !reading.isOff(by: Self.wellAgain)
        }
        guard known.age <= Self.latest.spans,
            let reading = meter.reading(Self.probation, within: { _ in RateMeter.ordinary })
        else { return false }
        return !reading.isOff(by: min(RateMeter.ordinary, abs(known.rate - 1) / 2))
    }

    private mutating func bend(at timestamp: UInt32, to factor: Double) {
        outgoing = outgoing(timestamp)
        incoming = timestamp
        self.factor = factor
    }
}

extension RateMeter.Reading {
    fileprivate func isOff(by bound: Double) -> Bool { abs(rate - 1) > bound }
}
