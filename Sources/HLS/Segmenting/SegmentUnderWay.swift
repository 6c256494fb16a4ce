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
    /// It begins with a random access point.
    let isIndependent: Bool
    private let role: SegmentRole
    private let clock: MediaClock
    /// In ticks.
    let start: Int64
    private(set) var end: Int64
    private(set) var bytes = 0
    private(set) var soundFrames = 0
    private var pictures = PictureDurations()
    private var partStart: Int64
    private var partIsEmpty = true
    private var partIsIndependent = false
    /// In ticks.
    private let mostOfPart: Int64?

    /// `start` in ticks of `clock`, that of the leading track, which has `role`.
    init(
        from start: Int64, role: SegmentRole, clock: MediaClock, withSound: Bool, soundFrom: TimeAmount,
        partTarget: TimeAmount?, isIndependent: Bool = true
    ) {
        self.isIndependent = isIndependent
        self.withSound = withSound
        self.partTarget = partTarget
        mostOfPart = partTarget.map { clock.ticks($0) }
        self.soundFrom = soundFrom
        self.role = role
        self.clock = clock
        self.start = start
        end = start
        partStart = start
    }

    /// The next one, which goes on in the midst of a group.
    func followed() -> SegmentUnderWay {
        SegmentUnderWay(
            from: end, role: role, clock: clock, withSound: withSound, soundFrom: soundFrom, partTarget: partTarget,
            isIndependent: false)
    }

    var duration: TimeAmount { clock.time(end &- start) }

    /// What one picture, or frame of the leading track, lasts; one that came late says nothing of that.
    var interval: TimeAmount { clock.time(pictures.usual) }

    /// Adds a unit of the leading track, which lasts `whole`, and the sound before it; `duration` of it is in this segment.
    mutating func append(
        _ unit: AccessUnit, duration: Int64, of whole: Int64, sound: inout HeldSound?,
        to actions: inout [Segmenter.Action]
    ) {
        if let mostOfPart, !partIsEmpty, unit.decodeTime &+ duration &- partStart > mostOfPart,
            isFull(at: unit.decodeTime, of: mostOfPart)
        {
            endPart(at: unit.decodeTime, to: &actions)
        }
        appendSound(before: unit.decodeTime, of: &sound, to: &actions)
        actions.append(.write(unit, role, duration: whole))
        bytes += unit.cost
        pictures.append(duration)
        end = unit.decodeTime &+ duration
        partIsEmpty = false
        partIsIndependent = partIsIndependent || unit.isRandomAccess
        guard let mostOfPart else { return }
        if end &- partStart > mostOfPart {
            endWithin(mostOfPart, to: &actions)
        } else if end &- partStart &+ duration * 9 / 10 > mostOfPart, isFull(at: end, of: mostOfPart) {
            // One more like it would be too many: there is nothing to wait for. A tenth less, as pictures come unevenly.
            endPart(at: end, to: &actions)
        }
    }

    /// No part may last longer than the target, nor much less (RFC 8216bis §4.4.4.9), and nobody can cut a picture in two: the part
    /// that a longer one begins in is told to last as long as the target, and the rest of the picture counts for the part behind. The
    /// media has no gap: nothing is left out, and times are as they came. A rest that would fill a part of its own with nothing in it
    /// is in no part; the duration of the segment has it.
    private mutating func endWithin(_ most: Int64, to actions: inout [Segmenter.Action]) {
        endPart(at: partStart &+ most, to: &actions)
        if isFull(at: end, of: most) { partStart = end }
    }

    /// Enough for a part that is not the last of its segment.
    private func isFull(at time: Int64, of most: Int64) -> Bool {
        (time &- partStart) * 100 >= most * 85
    }

    /// Nothing more is added.
    mutating func finish(sound: inout HeldSound?, to actions: inout [Segmenter.Action]) {
        appendSound(before: end, of: &sound, to: &actions)
        if partTarget != nil, !partIsEmpty { endPart(at: end, to: &actions) }
    }

    private mutating func appendSound(
        before ticks: Int64, of sound: inout HeldSound?, to actions: inout [Segmenter.Action]
    ) {
        guard withSound, let taken = sound?.take(from: soundFrom, before: clock.time(ticks)) else { return }
        for frame in taken {
            actions.append(.write(frame.unit, .sound, duration: frame.duration))
            bytes += frame.unit.cost
            soundFrames += 1
        }
    }

    private mutating func endPart(at time: Int64, to actions: inout [Segmenter.Action]) {
        actions.append(
            .endPart(duration: clock.time(time &- partStart).inMicroseconds, isIndependent: partIsIndependent))
        partStart = time
        partIsEmpty = true
        partIsIndependent = false
    }
}

extension AccessUnit {
    /// Bytes that it takes while it waits and in the tables of a muxer, or about that: units without bytes are not free.
    var cost: Int { payload.readableBytes + 256 }
}
