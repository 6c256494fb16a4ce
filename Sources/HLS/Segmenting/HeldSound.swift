import Media
import NIOCore

/// Frames of sound that wait for the pictures of the same moment, so that a segment has both.
struct HeldSound: Sendable {
    /// More are not held, a minute of frames of AAC and more: pictures are far behind, or have stopped.
    private static let most = 4096

    private let clock: MediaClock
    private var units: [AccessUnit] = []
    private var usualDuration: Int64

    init(clock: MediaClock) {
        self.clock = clock
        // A frame of AAC, until one has told.
        usualDuration = 1024
    }

    mutating func append(_ unit: AccessUnit) {
        if units.count == Self.most { units.removeFirst() }
        units.append(unit)
    }

    mutating func removeAll() {
        units.removeAll()
    }

    /// Whether there is a frame from `start` on and before `end`.
    func hasFrames(from start: TimeAmount, before end: TimeAmount) -> Bool {
        units.contains { (start..<end).contains(clock.time($0.decodeTime)) }
    }

    /// What begins before `end`, each with its duration in ticks; what begins before `start` is left out.
    mutating func take(from start: TimeAmount, before end: TimeAmount) -> [(unit: AccessUnit, duration: Int64)] {
        let count = units.prefix { clock.time($0.decodeTime) < end }.count
        guard count > 0 else { return [] }
        var taken: [(unit: AccessUnit, duration: Int64)] = []
        for index in 0..<count {
            let unit = units[index]
            let next = index + 1 < units.count ? units[index + 1].decodeTime &- unit.decodeTime : nil
            let duration = unit.duration ?? next ?? usualDuration
            usualDuration = duration > 0 && duration <= clock.rate ? duration : usualDuration
            if clock.time(unit.decodeTime) >= start { taken.append((unit, usualDuration)) }
        }
        units.removeFirst(count)
        return taken
    }
}
