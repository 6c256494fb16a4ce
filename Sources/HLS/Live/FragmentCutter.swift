import Media
import NIOCore

/// Cuts access units into fragments of one picture each, with the sound that came before it: units go in, in decoding order of each track;
/// what is to be muxed, and where it is cut, comes out at once.
///
/// Times count on whatever happens: what comes after a pause is put right behind what came before, for a player would wait through the pause.
struct FragmentCutter: ~Copyable {
    enum Action: Sendable, Hashable {
        /// A new muxer, of pictures and sound or of what there is.
        case open(withSound: Bool)
        /// `duration` in ticks of the track's clock.
        case write(AccessUnit, SegmentRole, duration: Int64)
        case cut(startsGroup: Bool)
    }

    private enum State {
        /// For a random access point. To gathering, running.
        case waiting
        /// Not known yet whether sound comes at all: a track that is announced and stays empty stalls players. To running, waiting.
        case gathering([(unit: AccessUnit, role: SegmentRole)], from: TimeAmount)
        /// Units go on as they come. To waiting.
        case running(withSound: Bool)
    }

    /// Pictures that are kept until sound has come.
    private static let patience = TimeAmount.milliseconds(700)
    /// Sound that stays away for longer is left out at the next key frame.
    private static let longestSilence = TimeAmount.seconds(2)
    /// Sound does not wait longer for a picture.
    private static let soundAlone = TimeAmount.milliseconds(250)
    /// A pause, and times that go back: what follows is placed anew.
    private static let pause = TimeAmount.seconds(1)
    private static let stepBack = TimeAmount.milliseconds(-200)
    /// Without a word: the source has lost its clock.
    private static let nonsense = TimeAmount.seconds(10)
    private static let mostGathered = 1024
    /// Seconds; no stream is as old.
    private static let latest: Int64 = 1 << 28

    private var state = State.waiting
    private var clocks = SegmentClocks(video: nil, sound: nil)
    private var video: TrackTimes?
    private var sound: TrackTimes?
    /// What all times are moved by.
    private var shift = TimeAmount.zero
    /// From where on nothing was written, in all lives of the tracks.
    private var end: TimeAmount?
    /// The muxer there is has sound; `nil` where there is none.
    private var opened: Bool?
    /// Sound came since the last key frame.
    private var hasHeardSound = false
    /// Where sound was heard last, and where the fragment under way, or the group, began.
    private var lastSound: TimeAmount?
    private var fragmentBegan: TimeAmount?
    private var groupBegan: TimeAmount?

    private var lead: SegmentRole { clocks.video == nil ? .sound : .video }

    /// What follows is of these tracks; `frameRate` is what is told of the video.
    mutating func tracksChanged(_ clocks: SegmentClocks, frameRate: Double?) {
        timelineBroke()
        self.clocks = clocks
        opened = nil
        video = clocks.video.map { rate in
            let clock = MediaClock(rate: rate)
            return TrackTimes(
                clock: clock, expecting: Int64(Double(clock.rate) / min(max(frameRate ?? 25, 1), 240)))
        }
        // A frame of AAC.
        sound = clocks.sound.map { TrackTimes(clock: MediaClock(rate: $0), expecting: 1024) }
    }

    /// What follows does not go on where the last unit ended, and begins with a random access point.
    mutating func timelineBroke() {
        for end in [video?.end, sound?.end].compactMap(\.self) { self.end = max(self.end ?? end, end) }
        state = .waiting
        fragmentBegan = nil
        groupBegan = nil
    }

    /// The next unit of a track.
    mutating func unitArrived(_ unit: AccessUnit, _ role: SegmentRole) -> [Action] {
        guard let clock = (role == .video ? video : sound)?.clock,
            [unit.decodeTime, unit.presentationTime].allSatisfy({ $0 >= 0 && $0 / clock.rate < Self.latest })
        else { return [] }
        var actions: [Action] = []
        if case .waiting = state {
            guard role == lead, unit.isRandomAccess else { return [] }
            begin(at: unit)
            if let opened { state = .running(withSound: opened) }
        }
        switch state {
        case .waiting: break
        case .gathering(var units, let start):
            state = .waiting
            units.append((unit, role))
            let time = clock.time(unit.decodeTime)
            let hasSound = units.contains { $0.role == .sound }
            if hasSound || sound == nil || time - start >= Self.patience || units.count >= Self.mostGathered {
                open(withSound: hasSound, &actions)
                for (unit, role) in units { take(unit, role, &actions) }
            } else {
                state = .gathering(units, from: start)
            }
        case .running: take(unit, role, &actions)
        }
        return actions
    }

    /// The first unit after a break.
    private mutating func begin(at unit: AccessUnit) {
        let clock = (lead == .video ? video : sound)?.clock ?? MediaClock(rate: 90_000)
        let time = clock.time(unit.decodeTime)
        if let end, time + shift - end > Self.pause || time + shift - end < Self.stepBack { shift = end - time }
        video?.restart()
        sound?.restart()
        lastSound = time + shift
        hasHeardSound = false
        state = .gathering([], from: time)
    }

    private mutating func open(withSound: Bool, _ actions: inout [Action]) {
        opened = withSound
        state = .running(withSound: withSound)
        actions.append(.open(withSound: withSound))
    }

    private mutating func take(_ unit: AccessUnit, _ role: SegmentRole, _ actions: inout [Action]) {
        guard case .running(let withSound) = state else { return }
        var unit = unit
        let rate = role == .video ? video?.clock : sound?.clock
        let ticks = rate?.ticks(shift) ?? 0
        unit.decodeTime &+= ticks
        unit.presentationTime &+= ticks
        if role == .sound { takeSound(unit, isMuxed: withSound, &actions) } else { takePicture(unit, &actions) }
    }

    private mutating func takePicture(_ unit: AccessUnit, _ actions: inout [Action]) {
        guard var times = video else { return }
        if let step = times.step(to: unit), step > Self.nonsense || step < .zero - Self.pause {
            timelineBroke()
            guard unit.isRandomAccess else { return }
            var unshifted = unit
            unshifted.decodeTime &-= times.clock.ticks(shift)
            unshifted.presentationTime &-= times.clock.ticks(shift)
            return actions.append(contentsOf: unitArrived(unshifted, .video))
        }
        if unit.isRandomAccess { reconsiderSound(at: times.clock.time(unit.decodeTime), &actions) }
        var unit = unit
        let duration = times.place(&unit)
        video = times
        actions.append(.write(unit, .video, duration: duration))
        actions.append(.cut(startsGroup: unit.isRandomAccess))
        fragmentBegan = nil
    }

    /// Sound that stays away is left out, and taken in again when it comes.
    private mutating func reconsiderSound(at time: TimeAmount, _ actions: inout [Action]) {
        guard case .running(let withSound) = state, sound != nil else { return }
        let isSilent = time - (lastSound ?? time) > Self.longestSilence
        if withSound ? isSilent : hasHeardSound && !isSilent {
            // What is under way is still of the old muxer.
            if fragmentBegan != nil { actions.append(.cut(startsGroup: false)) }
            fragmentBegan = nil
            open(withSound: !withSound, &actions)
        }
        hasHeardSound = false
    }

    private mutating func takeSound(_ unit: AccessUnit, isMuxed: Bool, _ actions: inout [Action]) {
        guard var times = sound else { return }
        let time = times.clock.time(unit.decodeTime)
        hasHeardSound = true
        lastSound = time
        guard isMuxed || lead == .sound else { return }
        // What was heard already: sound that begins anew overlaps what was written before.
        let length = unit.duration ?? 1024
        if let end = times.end, times.clock.time(unit.decodeTime &+ length / 2) <= end { return }
        var unit = unit
        let duration = times.place(&unit)
        sound = times
        actions.append(.write(unit, .sound, duration: duration))
        let began = fragmentBegan ?? time
        fragmentBegan = began
        let isLong = time + times.clock.time(duration) - began >= (lead == .sound ? .milliseconds(60) : Self.soundAlone)
        guard isLong || time < began else { return }
        fragmentBegan = nil
        if lead == .sound, groupBegan.map({ time - $0 >= Self.pause || time < $0 }) ?? true {
            groupBegan = time
            actions.append(.cut(startsGroup: true))
        } else {
            actions.append(.cut(startsGroup: false))
        }
    }
}
