import Media
import NIOCore

/// What a unit is in a segment.
package enum SegmentRole: Sendable, Hashable {
    case video
    case sound
}

/// The clocks of what goes into segments, in Hz; `nil` where there is no such track.
package struct SegmentClocks: Sendable, Hashable {
    package var video: Int?
    package var sound: Int?

    package init(video: Int?, sound: Int?) {
        self.video = video
        self.sound = sound
    }
}

/// Cuts access units into segments and parts: units go in, in decoding order of each track; what is to be muxed, and where it
/// is to be cut, comes out.
///
/// Video leads where there is some: a segment begins with a random access point, and sound goes along. Where the next one is too
/// far away a segment ends in the midst of a group, and the next goes on from there: nothing is lost to who plays, but nobody can
/// begin with that one. Sound alone is cut anywhere. What comes first after a break is kept until its segment is whole, for only
/// then is known whether sound comes at all, and how long a picture lasts: a track that is announced and stays empty stalls players.
package struct Segmenter: ~Copyable {
    package struct Rules: Sendable, Hashable {
        /// A segment is cut at the first random access point after this, less a tenth.
        package var segmentDuration: TimeAmount
        /// About the length of a part; `nil` makes none.
        package var partDuration: TimeAmount?
        /// A segment of more bytes is ended wherever it is; each unit counts 256 beyond its own.
        package var mostBytes: Int
        /// No segment lasts longer before the target duration stands: whoever came first waits for the third one.
        package var longestAtFirst: TimeAmount

        package init(
            segmentDuration: TimeAmount, partDuration: TimeAmount? = nil, mostBytes: Int = 16 * 1024 * 1024,
            longestAtFirst: TimeAmount = TargetDuration.longest
        ) {
            self.segmentDuration = segmentDuration
            self.partDuration = partDuration
            self.mostBytes = mostBytes
            self.longestAtFirst = longestAtFirst
        }
    }

    package enum Action: Sendable, Hashable {
        /// Decoders begin anew: a new muxer, of video and sound or of what there is. No part will be longer than `partTarget`.
        case open(withSound: Bool, partTarget: TimeAmount?)
        /// `wallClock` of its first unit, nanoseconds since 1970. `isIndependent`: it begins with a random access point.
        case beginSegment(wallClock: Int64, isDiscontinuity: Bool, isIndependent: Bool)
        /// `duration` in ticks of the track's clock.
        case write(AccessUnit, SegmentRole, duration: Int64)
        case endPart(duration: TimeAmount, isIndependent: Bool)
        case endSegment(SegmentEnd)
    }

    /// How a segment was when it was whole.
    package struct SegmentEnd: Sendable, Hashable {
        package var duration: TimeAmount
        /// The longest group of pictures so far, the one under way as far as it has come.
        package var longestGroup: TimeAmount
        /// What one picture lasts.
        package var interval: TimeAmount
    }

    private enum State {
        /// For a random access point. To gathering.
        case waiting
        /// The first segment after a break. To running, waiting.
        case gathering([(unit: AccessUnit, duration: Int64)], bytes: Int)
        /// Units go on as they come. To waiting.
        case running(SegmentUnderWay)
    }

    private let rules: Rules
    private var state = State.waiting
    private var clocks = SegmentClocks(video: nil, sound: nil)
    private var sound: HeldSound?
    /// Sound has come since the segment began.
    private var hasHeardSound = false
    /// The last unit of the leading track, whose duration the next one tells.
    private var pending: AccessUnit?
    private var lastInterval: Int64?
    private var lastRandomAccess: Int64?
    private var longestGroup = TimeAmount.zero
    private var lastGroup: Int64 = 0
    private var partTarget: TimeAmount?
    /// What the playlist can tell of a segment, if its target duration stands: one that lasts as long is too long.
    package var untellable: TimeAmount?

    package init(_ rules: Rules) {
        self.rules = rules
    }

    private var role: SegmentRole { clocks.video == nil ? .sound : .video }
    private var clock: MediaClock { MediaClock(rate: clocks.video ?? clocks.sound ?? 90_000) }

    /// What follows is of these tracks, and begins anew.
    package mutating func tracksChanged(_ clocks: SegmentClocks) -> [Action] {
        let actions = timelineBroke()
        self.clocks = clocks
        sound = clocks.video == nil ? nil : clocks.sound.map { HeldSound(clock: MediaClock(rate: $0)) }
        lastInterval = nil
        return actions
    }

    /// What follows does not go on where the last unit ended: times jumped, units are missing, or nothing comes any more.
    package mutating func timelineBroke() -> [Action] {
        var actions: [Action] = []
        if let pending {
            let duration = lastInterval ?? clock.rate / 25
            self.pending = nil
            append(pending, duration: duration, to: &actions)
            end(to: &actions)
        }
        state = .waiting
        sound?.removeAll()
        hasHeardSound = false
        lastRandomAccess = nil
        return actions
    }

    /// The next unit of a track.
    package mutating func unitArrived(_ unit: AccessUnit, _ role: SegmentRole) -> [Action] {
        guard role == self.role else {
            switch state {
            case .waiting: break
            case .gathering: sound?.append(unit)
            case .running(let segment) where segment.withSound: sound?.append(unit)
            case .running: hasHeardSound = true
            }
            return []
        }
        var unit = unit
        var actions: [Action] = []
        if let pending {
            let step = unit.decodeTime &- pending.decodeTime
            // Timestamps that stand still or tremble are pushed on by a tick; anything else that does not go on is a break.
            if step <= 0, clock.time(step) > .seconds(-1) { unit.decodeTime = pending.decodeTime &+ 1 }
            let duration = unit.decodeTime &- pending.decodeTime
            if duration > 0, clock.time(duration) <= longestStep {
                self.pending = nil
                append(pending, duration: duration, before: unit, to: &actions)
                lastInterval = duration
            } else {
                actions = timelineBroke()
            }
        }
        arrived(unit, &actions)
        return actions
    }

    /// Where the leading track is silent for longer, it is taken for broken; cameras that send a picture every few seconds are not.
    private var longestStep: TimeAmount {
        lastInterval.map { max(.seconds(2), clock.time($0) * 4) } ?? .seconds(10)
    }
}

extension Segmenter {
    /// A unit of the leading track, after the one before it has its duration.
    private mutating func arrived(_ unit: AccessUnit, _ actions: inout [Action]) {
        if case .waiting = state {
            guard unit.isRandomAccess else { return }
            state = .gathering([], bytes: 0)
        } else if unit.isRandomAccess {
            if let lastRandomAccess, role == .video {
                lastGroup = unit.decodeTime &- lastRandomAccess
                longestGroup = max(longestGroup, clock.time(lastGroup))
            }
            if isDue(at: unit) {
                end(to: &actions)
                beginNext(at: unit, &actions)
            }
        } else if bytes > rules.mostBytes || isSplitDue(at: unit) {
            goOn(at: unit, &actions)
            guard isUnderWay else { return }
        }
        if unit.isRandomAccess { lastRandomAccess = unit.decodeTime }
        pending = unit
    }

    /// Ends the segment wherever it is; what comes up to the next key frame is lost.
    private mutating func breakOff(to actions: inout [Action]) {
        end(to: &actions)
        state = .waiting
        sound?.removeAll()
    }

    /// Ends the segment in the midst of a group, and begins the next with what follows: the target duration never changes (RFC 8216bis
    /// §6.2.1), and no picture is lost for it.
    private mutating func goOn(at unit: AccessUnit, _ actions: inout [Action]) {
        end(to: &actions)
        guard case .running(let last) = state else { return breakOff(to: &actions) }
        actions.append(.beginSegment(wallClock: unit.wallClock, isDiscontinuity: false, isIndependent: false))
        state = .running(last.followed())
    }

    private var isUnderWay: Bool {
        if case .waiting = state { false } else { true }
    }

    /// How long a unit of the leading track may last, in ticks.
    private func room(for unit: AccessUnit) -> Int64 {
        start.map { most &- (unit.decodeTime &- $0) } ?? .max
    }

    /// Where the segment begins, in ticks; `nil` where there is none.
    private var start: Int64? {
        switch state {
        case .waiting: nil
        case .gathering(let units, _): units.first?.unit.decodeTime
        case .running(let segment): segment.start
        }
    }

    /// How long a segment may last, in ticks.
    private var most: Int64 { clock.ticks(untellable.map { $0 - .milliseconds(1) } ?? rules.longestAtFirst) }

    /// A segment ends before its time where another unit would be too much; in even pieces, where groups are known to be longer.
    private func isSplitDue(at unit: AccessUnit) -> Bool {
        guard let lastInterval, let start else { return false }
        if room(for: unit) < lastInterval { return true }
        guard lastGroup > most else { return false }
        return (unit.decodeTime &- start) >= lastGroup / ((lastGroup &+ most &- 1) / most)
    }

    private var bytes: Int {
        switch state {
        case .waiting: 0
        case .gathering(_, let bytes): bytes
        case .running(let segment): segment.bytes
        }
    }

    /// The first one is cut sooner, so that there is something to show.
    private func isDue(at unit: AccessUnit) -> Bool {
        let elapsed: TimeAmount
        var wanted = rules.segmentDuration
        switch state {
        case .waiting: return false
        case .gathering(let units, _):
            guard let first = units.first else { return false }
            elapsed = clock.time(unit.decodeTime &- first.unit.decodeTime)
            wanted = min(wanted, .seconds(1))
        case .running(let segment):
            // Players can begin with the next one.
            guard segment.isIndependent else { return true }
            elapsed = segment.duration
        }
        // Another group like the last one would be too much.
        if elapsed >= .milliseconds(500), room(for: unit) < lastGroup { return true }
        return elapsed >= .nanoseconds(wanted.nanoseconds / 10 * 9)
    }

    /// Sound that stays away for a segment is left out of the next, and taken in again when it comes.
    private mutating func beginNext(at unit: AccessUnit, _ actions: inout [Action]) {
        guard case .running(let last) = state else { return state = .gathering([], bytes: 0) }
        var withSound = last.withSound
        if last.withSound, last.soundFrames == 0, last.duration >= .seconds(1) { withSound = false }
        if !last.withSound, hasHeardSound, sound != nil { withSound = true }
        // Pictures that last longer or shorter than before may not fill parts any more.
        if let part = rules.partDuration, let target = partTarget {
            partTarget = PartTarget.of(part, interval: last.interval, longest: last.interval, before: target)
        }
        let isAnew = withSound != last.withSound || partTarget != last.partTarget
        if isAnew {
            actions.append(.open(withSound: withSound, partTarget: partTarget))
            sound?.removeAll()
        }
        hasHeardSound = false
        actions.append(.beginSegment(wallClock: unit.wallClock, isDiscontinuity: isAnew, isIndependent: true))
        state = .running(
            SegmentUnderWay(
                from: unit.decodeTime, role: role, clock: clock, withSound: withSound,
                soundFrom: isAnew ? clock.time(unit.decodeTime) : last.soundFrom, partTarget: partTarget))
    }

    /// One that lasts until long behind the end of its segment is told to end with it. The rest counts for the next one, where that has
    /// room for it: the media has no gap. Otherwise the next one begins anew.
    private mutating func append(
        _ unit: AccessUnit, duration: Int64, before next: AccessUnit, to actions: inout [Action]
    ) {
        let room = max(room(for: unit), 1)
        guard duration > room else { return append(unit, duration: duration, to: &actions) }
        guard case .running = state, !next.isRandomAccess, duration &- room < clock.ticks(rules.segmentDuration) / 2
        else {
            append(unit, duration: room, to: &actions)
            return breakOff(to: &actions)
        }
        append(unit, duration: room, of: duration, to: &actions)
        goOn(at: next, &actions)
    }

    /// `whole`, where that is more than what this segment has of it.
    private mutating func append(
        _ unit: AccessUnit, duration: Int64, of whole: Int64? = nil, to actions: inout [Action]
    ) {
        switch state {
        case .waiting: break
        case .gathering(var units, let bytes):
            state = .waiting
            units.append((unit, duration))
            state = .gathering(units, bytes: bytes + unit.cost)
        case .running(var segment):
            state = .waiting
            segment.append(unit, duration: duration, of: whole ?? duration, sound: &sound, to: &actions)
            state = .running(segment)
        }
    }

    /// Ends the segment under way, if there is enough of one to show.
    private mutating func end(to actions: inout [Action]) {
        switch state {
        case .waiting: return
        case .gathering(let units, _):
            guard let segment = open(units, &actions) else { return }
            state = .running(segment)
        case .running: break
        }
        guard case .running(var segment) = state else { return }
        segment.finish(sound: &sound, to: &actions)
        state = .running(segment)
        guard segment.duration > .zero else { return }
        let group = lastRandomAccess.map { clock.time(segment.end &- $0) } ?? .zero
        actions.append(
            .endSegment(
                SegmentEnd(
                    duration: segment.duration.inMicroseconds, longestGroup: max(longestGroup, group),
                    interval: segment.interval)))
    }

    /// Nobody has seen anything of what was gathered; less than half a second is not worth a segment.
    private mutating func open(
        _ units: [(unit: AccessUnit, duration: Int64)], _ actions: inout [Action]
    ) -> SegmentUnderWay? {
        guard let first = units.first?.unit, let last = units.last else { return nil }
        let start = clock.time(first.decodeTime)
        let end = clock.time(last.unit.decodeTime &+ last.duration)
        guard end - start >= min(.milliseconds(500), rules.segmentDuration) else { return nil }
        let withSound = sound?.hasFrames(from: start, before: end) ?? false
        partTarget = rules.partDuration.map { part in
            let interval = clock.time(PictureDurations(units.map(\.duration)).usual)
            // One that came late is no measure for those to come.
            let longest = min(units.map { clock.time($0.duration) }.max() ?? part, interval * 2)
            return PartTarget.of(part, interval: interval, longest: longest, before: partTarget)
        }
        actions.append(.open(withSound: withSound, partTarget: partTarget))
        actions.append(.beginSegment(wallClock: first.wallClock, isDiscontinuity: true, isIndependent: true))
        var segment = SegmentUnderWay(
            from: first.decodeTime, role: role, clock: clock, withSound: withSound, soundFrom: start,
            partTarget: partTarget)
        for (unit, duration) in units {
            segment.append(unit, duration: duration, of: duration, sound: &sound, to: &actions)
        }
        return segment
    }
}
