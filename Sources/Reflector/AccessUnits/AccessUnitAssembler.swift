import Media
import NIOCore
import RTP

/// Turns the bursts of one stream into access units, with all tracks on one timeline.
///
/// It begins with a random access point of the first video track, and so it does after anything that breaks the timeline. Where packets of the
/// picture are missing, sound goes on; sound that is out of step with itself has gaps, and never stops the picture.
struct AccessUnitAssembler {
    /// Where the first unit is placed on the timeline, in seconds: what is decoded ahead of it shall not be before 0.
    private static let beginning = 10.0
    /// A picture's timestamp that goes back by no more is moved behind the one before, in seconds.
    private static let tolerance = 0.5

    private var tracks: [AssembledTrack]
    /// The first video track, whose random access points are what others begin with.
    private let lead: Int?
    /// The wall clock of the reports at 0 of the timeline, in nanoseconds since 1970; `nil` before the first sender report.
    private var zero: Int64?
    /// What the wall clock is ahead of that, in nanoseconds, as the burst in hand tells.
    private var reportLag: Int64 = 0
    private var hasBegun = false
    private var awaitsStart: Bool
    private var owesDiscontinuity = false
    /// When the picture is shown that decoding began with: leading pictures before it refer to what nobody has.
    private var start = Int64.min
    private var events: [AccessUnitFeed.Event] = []
    private var units: [AccessUnit] = []

    init(_ tracks: [StreamTrack]) {
        self.tracks = tracks.map { AssembledTrack($0) }
        lead = self.tracks.firstIndex { $0.isVideo }
        awaitsStart = lead != nil
    }

    /// As they are known by now.
    var description: [StreamTrack] { tracks.map(\.track) }

    /// The group that is under way when a reader comes: its first burst has the newest reports, and those in the others are older.
    mutating func begin(_ start: StreamStart) -> [AccessUnitFeed.Event] {
        for (place, burst) in start.bursts.enumerated() { take(burst, followsReports: place == 0) }
        return takeEvents()
    }

    mutating func receive(_ burst: Burst) -> [AccessUnitFeed.Event] {
        take(burst, followsReports: true)
        return takeEvents()
    }

    /// Bursts are missing before the next, which begins a group.
    mutating func interrupted() {
        for index in tracks.indices { tracks[index].interrupted() }
        awaitsStart = lead != nil
        owesDiscontinuity = hasBegun
    }

    /// The source is gone: what it left unfinished is forgotten.
    mutating func sourceLost() -> [AccessUnitFeed.Event] {
        guard hasBegun else { return [] }
        interrupted()
        owesDiscontinuity = false
        events.append(.discontinuity)
        return takeEvents()
    }

    private mutating func take(_ burst: Burst, followsReports: Bool) {
        reportLag = burst.reportLag
        var beginsGroup = burst.startsGroup
        for entry in burst.entries where tracks.indices.contains(entry.track) {
            if entry.isControl {
                if followsReports { follow(burst.packet(entry), of: entry.track) }
                continue
            }
            guard let packet = try? RTPPacket(validating: burst.packet(entry)) else { continue }
            let isFirst = beginsGroup && entry.track == lead
            if isFirst { beginsGroup = false }
            for unit in tracks[entry.track].receive(packet, beginsGroup: isFirst) { place(unit, of: entry.track) }
        }
    }

    private mutating func takeEvents() -> [AccessUnitFeed.Event] {
        flush()
        defer { events = [] }
        return events
    }

    private mutating func flush() {
        guard !units.isEmpty else { return }
        events.append(.units(units))
        units = []
    }

    // MARK: Time

    /// A sender report of the stream's own.
    private mutating func follow(_ packet: ByteBuffer, of index: Int) {
        for case .senderReport(let report) in RTCPPacket.parseCompound(packet) {
            let told = report.ntp.unixNanoseconds
            let zero = zero ?? told
            self.zero = zero
            let seconds = Double(told &- zero) / 1e9
            guard let step = tracks[index].line?.reported(report.rtpTimestamp, at: seconds), step != 0 else { continue }
            guard index == lead || lead == nil else { continue }
            if step < 0 { shift(by: -step) }
            interrupted()
        }
    }

    /// Everything that follows is later by so many seconds.
    private mutating func shift(by seconds: Double) {
        zero = zero.map { $0 &- Int64(min(max(seconds * 1e9, -9e18), 9e18)) }
        for index in tracks.indices { tracks[index].line?.shift(by: seconds) }
    }

    // MARK: Units

    private mutating func place(_ unit: DepacketizedUnit, of index: Int) {
        if let configuration = unit.configuration { tracks[index].learn(configuration) }
        guard var time = tracks[index].line?.time(of: unit.timestamp) else { return }
        if !hasBegun, index == lead || lead == nil, let seconds = tracks[index].line?.seconds(ofTicks: time) {
            // Once, before anything is given out.
            shift(by: Self.beginning - seconds)
            guard let shifted = tracks[index].line?.time(of: unit.timestamp) else { return }
            time = shifted
        }
        if tracks[index].track.description.kind == .video {
            placePicture(unit, at: time, of: index)
        } else if !awaitsStart {
            give(unit, at: time + unit.later, of: index)
        }
    }

    private mutating func placePicture(_ unit: DepacketizedUnit, at time: Int64, of index: Int) {
        if index == lead {
            if awaitsStart || unit.followsLoss {
                guard unit.isRandomAccess else { return }
                start = time
                tracks[index].order.restart()
                if hasBegun { owesDiscontinuity = true }
                awaitsStart = false
            } else if time < start, unit.isLeading || unit.isBidirectional {
                return
            }
        } else if awaitsStart {
            return
        }
        give(unit, at: time, of: index)
    }

    private mutating func give(_ unit: DepacketizedUnit, at time: Int64, of index: Int) {
        let tolerance = tracks[index].line?.ticks(ofSeconds: Self.tolerance) ?? 0
        let placement = tracks[index].order.place(
            time, frame: tracks[index].frame, tolerance: tolerance, isReordered: unit.isBidirectional)
        switch placement {
        case .learnt: interrupted()
        case .wentBack(let ticks):
            // Sound that was heard already is left out.
            guard index == lead || lead == nil else { return }
            shift(by: tracks[index].line?.seconds(ofTicks: ticks) ?? 0)
            interrupted()
        case .placed(let decodeTime, let presentationTime):
            tellChanges()
            hasBegun = true
            units.append(
                AccessUnit(
                    track: tracks[index].track.index, decodeTime: decodeTime, presentationTime: presentationTime,
                    duration: unit.duration, wallClock: wallClock(of: presentationTime, index),
                    isRandomAccess: unit.isRandomAccess, payload: unit.payload))
        }
    }

    /// What is to be known before the next unit.
    private mutating func tellChanges() {
        if owesDiscontinuity {
            flush()
            events.append(.discontinuity)
            owesDiscontinuity = false
        }
        guard tracks.contains(where: { $0.hasChanged }) else { return }
        flush()
        for index in tracks.indices { tracks[index].changeTold() }
        events.append(.tracks(description))
    }

    private func wallClock(of time: Int64, _ index: Int) -> Int64 {
        let seconds = tracks[index].line?.seconds(ofTicks: time) ?? 0
        return (zero ?? 0) &+ reportLag &+ Int64(min(max(seconds * 1e9, -9e18), 9e18))
    }
}
