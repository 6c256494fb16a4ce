import Media
import NIOCore

/// The segment that is being made: what was written to it, and where its parts are cut.
struct SegmentUnderWay: Sendable {
    /// Whether frames of sound are among what is muxed.
    let withSound: Bool
    /// No part is longer; `nil` makes none.
    let partTarget: TimeAmount?
    /// Where the tracks in front were cut last: sound from before is not for this.
    let soundFrom: TimeAmount
    private let role: SegmentRole
    private let clock: MediaClock
    private let start: Int64
    private(set) var end: Int64
    private(set) var bytes = 0
    private(set) var soundFrames = 0
    private var pictures: Int64 = 0
    private var partStart: Int64
    private var partIsEmpty = true
    private var partIsIndependent = false

    /// `start` in ticks of `clock`, that of the leading track, which has `role`.
    init(
        from start: Int64, role: SegmentRole, clock: MediaClock, withSound: Bool, soundFrom: TimeAmount,
        partTarget: TimeAmount?
    ) {
        self.withSound = withSound
        self.partTarget = partTarget
        self.soundFrom = soundFrom
        self.role = role
        self.clock = clock
        self.start = start
        end = start
        partStart = start
    }

    var duration: TimeAmount { clock.time(end &- start) }

    /// What one picture, or frame of the leading track, lasts.
    var interval: TimeAmount { clock.time((end &- start) / max(pictures, 1)) }

    /// Adds a unit of the leading track, which lasts `duration`, and the sound before it.
    mutating func append(
        _ unit: AccessUnit, duration: Int64, sound: inout HeldSound?, to actions: inout [Segmenter.Action]
    ) {
        if let partTarget, !partIsEmpty, clock.time(unit.decodeTime &+ duration &- partStart) > partTarget {
            endPart(to: &actions)
        }
        appendSound(before: unit.decodeTime, of: &sound, to: &actions)
        actions.append(.write(unit, role, duration: duration))
        bytes += unit.payload.readableBytes
        pictures += 1
        end = unit.decodeTime &+ duration
        partIsEmpty = false
        partIsIndependent = partIsIndependent || unit.isRandomAccess
        // One more like it would be too many: there is nothing to wait for. A tenth less, as pictures come unevenly.
        if let partTarget, clock.time(end &- partStart &+ duration * 9 / 10) > partTarget { endPart(to: &actions) }
    }

    /// Nothing more is added.
    mutating func finish(sound: inout HeldSound?, to actions: inout [Segmenter.Action]) {
        appendSound(before: end, of: &sound, to: &actions)
        if partTarget != nil, !partIsEmpty { endPart(to: &actions) }
    }

    private mutating func appendSound(
        before ticks: Int64, of sound: inout HeldSound?, to actions: inout [Segmenter.Action]
    ) {
        guard withSound, let taken = sound?.take(from: soundFrom, before: clock.time(ticks)) else { return }
        for frame in taken {
            actions.append(.write(frame.unit, .sound, duration: frame.duration))
            bytes += frame.unit.payload.readableBytes
            soundFrames += 1
        }
    }

    private mutating func endPart(to actions: inout [Segmenter.Action]) {
        actions.append(
            .endPart(duration: clock.time(end &- partStart).inMicroseconds, isIndependent: partIsIndependent))
        partStart = end
        partIsEmpty = true
        partIsIndependent = false
    }
}
