import NIOCore

/// The segments of a stream: those in its playlist, and those that have left it and are fetched still.
///
/// A segment that was listed can be had for as long again as it and the longest playlist it was in last (RFC 8216bis §6.2.2),
/// within the bound on memory. Nothing is copied for who fetches it.
package struct SegmentStore: Sendable {
    package struct Rules: Sendable, Hashable {
        package var segmentDuration: TimeAmount
        /// Segments in the playlist.
        package var playlistLength: Int
        /// Most bytes of all segments together.
        package var memory: Int
        /// The target duration stands when there are so many: nobody has been told before.
        package var firstSegments = 1
    }

    /// What outlives the stream, so that the next life goes on from it.
    package struct Heritage: Sendable, Hashable {
        /// The number of the last segment that was begun.
        package var lastNumber: Int64
    }

    /// A file that can be fetched.
    package struct File: Sendable, Hashable {
        package var bytes: ByteBuffer
        package var contentType: String
    }

    struct Segment: Sendable {
        var number: Int64
        var duration = TimeAmount.zero
        var isDiscontinuity: Bool
        /// It begins with a random access point.
        var isIndependent: Bool
        /// The name of its initialization section.
        var map: String?
        /// Of its first unit, nanoseconds since 1970.
        var date: Int64
        var parts: [Part] = []
        var bytes = 0
        /// The names of all that can be fetched of it.
        var files: [String] = []
    }

    struct Part: Sendable {
        var name: String
        var duration: TimeAmount
        var isIndependent: Bool
        var bytes: ByteBuffer
    }

    private struct Kept: Sendable {
        var segment: Segment
        var until: NIODeadline
    }

    let rules: Rules
    /// How segments are called; the same as long as no decoder begins anew.
    private(set) var form = SegmentForm.transportStream
    private var map: String?
    private(set) var partTarget: TimeAmount?
    private var openPartTarget: TimeAmount?
    /// `nil` until there is a segment; does not change once it stands.
    private(set) var targetDuration: Int?
    private var targetStands = false
    /// All segments that were told of begin with a random access point.
    private(set) var isIndependent = true
    /// In order; published once there is one.
    private(set) var listed: [Segment] = []
    /// The one that is being made.
    private(set) var underWay: Segment?
    /// It has grown longer than can be told in this playlist, so no more than so many of its parts are.
    private(set) var mostPartsShown: Int?
    /// The next segment does not go on from the last one that is listed.
    private var isInterrupted = false
    private var kept: [Kept] = []
    private var files: [String: File] = [:]
    private var longestPlaylist = TimeAmount.zero
    private var nextNumber: Int64
    private(set) var discontinuitySequence: Int64
    /// When the last segment ended, by the dates that were told.
    private var dateAfterLast: Int64?
    private(set) var bytes = 0

    /// `number` of the first segment, larger than that of any before.
    package init(_ rules: Rules, from number: Int64) {
        self.rules = rules
        nextNumber = number
        // Discontinuities are fewer than segments: what goes up with the numbers of those never goes back either.
        discontinuitySequence = number
    }

    /// No segment may last as long, or longer; `nil` before the target duration stands.
    var untellable: TimeAmount? {
        targetDuration.flatMap { targetStands ? .seconds(Int64($0)) + .milliseconds(500) : nil }
    }

    /// There is a segment.
    package var isPublished: Bool { !listed.isEmpty }

    /// There are so many segments for a player to begin with, or a whole playlist.
    package func isPlayable(from count: Int) -> Bool { listed.count >= min(count, rules.playlistLength) }

    /// Segments are made of parts.
    var isMakingParts: Bool { openPartTarget != nil }

    package var heritage: Heritage {
        Heritage(lastNumber: nextNumber - 1)
    }

    /// A file by its name; `nil` for one that is not there, or no longer.
    package func file(_ name: String) -> File? {
        files[name]
    }

    // MARK: What is made

    /// Decoders begin anew with the next segment; `initialization` is what fragments of MP4 need.
    package mutating func opened(_ form: SegmentForm, initialization: ByteBuffer?, partTarget: TimeAmount?) {
        self.form = form
        openPartTarget = partTarget
        if let map, let initialization, files[map]?.bytes == initialization { return }
        let old = map
        map = nil
        defer { forget(map: old) }
        guard let initialization else { return }
        let name = "init-\(nextNumber).mp4"
        files[name] = File(bytes: initialization, contentType: form.contentType)
        bytes += initialization.readableBytes
        map = name
    }

    /// A segment begins, captured at `wallClock`, nanoseconds since 1970.
    package mutating func segmentBegan(
        wallClock: Int64, isDiscontinuity: Bool, isIndependent: Bool = true, at now: NIODeadline
    ) {
        if isPublished, openPartTarget != partTarget { beginPlaylistAnew(at: now) }
        if !isPublished { partTarget = openPartTarget }
        if let broken = underWay { abandon(broken, at: now) }
        let isDiscontinuity = isDiscontinuity || isInterrupted
        isInterrupted = false
        let date = date(of: max(wallClock, 0), isDiscontinuity: isDiscontinuity)
        underWay = Segment(
            number: nextNumber, isDiscontinuity: isDiscontinuity, isIndependent: isIndependent, map: map, date: date)
        nextNumber += 1
        mostPartsShown = nil
    }

    /// A part of the segment under way is whole. One that makes it longer than the playlist may tell is not shown.
    package mutating func partEnded(_ bytes: ByteBuffer, duration: TimeAmount, isIndependent: Bool) {
        guard var segment = underWay, bytes.readableBytes > 0 else { return }
        underWay = nil
        let name = "\(segment.number)-\(segment.parts.count).\(form.fileExtension)"
        segment.parts.append(Part(name: name, duration: duration, isIndependent: isIndependent, bytes: bytes))
        segment.duration = segment.duration + duration
        if let targetDuration, segment.duration.nearestSecond > targetDuration {
            mostPartsShown = mostPartsShown ?? segment.parts.count - 1
        }
        add(bytes, named: name, to: &segment)
        underWay = segment
    }

    /// The segment under way is whole: `bytes` of it, or its parts.
    package mutating func segmentEnded(
        _ bytes: ByteBuffer?, duration: TimeAmount, longestGroup: TimeAmount, at now: NIODeadline
    ) {
        guard var segment = underWay else { return }
        underWay = nil
        segment.duration = duration
        let name = "\(segment.number).\(form.fileExtension)"
        if let bytes { add(bytes, named: name, to: &segment) } else { join(&segment, as: name) }
        guard segment.bytes > 0 else { return abandon(segment, at: now) }
        dateAfterLast = segment.date &+ duration.nanoseconds
        // Playlists begin with one, so that nobody goes on from a life before this one.
        if listed.isEmpty { segment.isDiscontinuity = true }
        if !segment.isIndependent { isIndependent = false }
        listed.append(segment)
        chooseTarget(group: longestGroup)
        mostPartsShown = nil
        shorten(at: now)
    }

    private mutating func chooseTarget(group: TimeAmount) {
        guard !targetStands else { return }
        let longest = listed.map(\.duration).max() ?? .zero
        targetDuration = TargetDuration.of(segment: rules.segmentDuration, group: group, first: longest)
        targetStands = isPlayable(from: rules.firstSegments)
    }

    /// Nothing came of the segment. Its number is given again where nobody has seen it: numbers in a playlist have no gaps.
    private mutating func abandon(_ segment: Segment, at now: NIODeadline) {
        underWay = nil
        isInterrupted = true
        if segment.parts.isEmpty { nextNumber = segment.number } else { beginPlaylistAnew(at: now) }
        forget(segment)
    }

    /// Whole segments are one piece of memory, and their parts lie in it.
    private mutating func join(_ segment: inout Segment, as name: String) {
        var whole = ByteBuffer()
        whole.reserveCapacity(segment.bytes)
        for part in segment.parts { whole.writeImmutableBuffer(part.bytes) }
        var start = whole.readerIndex
        for index in segment.parts.indices {
            let length = segment.parts[index].bytes.readableBytes
            guard let slice = whole.getSlice(at: start, length: length) else { continue }
            segment.parts[index].bytes = slice
            files[segment.parts[index].name]?.bytes = slice
            start += length
        }
        files[name] = File(bytes: whole, contentType: form.contentType)
        segment.files.append(name)
    }

    private mutating func add(_ bytes: ByteBuffer, named name: String, to segment: inout Segment) {
        files[name] = File(bytes: bytes, contentType: form.contentType)
        segment.files.append(name)
        segment.bytes += bytes.readableBytes
        self.bytes += bytes.readableBytes
    }

    /// Dates go on by the durations, and are drawn towards the clock by a hundredth at most: players place segments by both.
    private func date(of wallClock: Int64, isDiscontinuity: Bool) -> Int64 {
        guard let expected = dateAfterLast else { return wallClock }
        let error = wallClock &- expected
        if isDiscontinuity { return (-10_000_000_000..<0).contains(error) ? expected : wallClock }
        let most = (listed.last?.duration.nanoseconds ?? 0) / 100
        return expected &+ min(max(error, -most), most)
    }
}

// MARK: What goes

extension SegmentStore {
    /// What has been kept long enough goes.
    package mutating func timePassed(at now: NIODeadline) {
        while let first = kept.first, first.until <= now { forget(kept.removeFirst().segment) }
    }

    /// Another target, for segments or parts: all that was listed leaves, and the next segment is a discontinuity.
    private mutating func beginPlaylistAnew(at now: NIODeadline) {
        while !listed.isEmpty { removeFirst(at: now) }
        partTarget = openPartTarget
        longestPlaylist = .zero
    }

    private mutating func removeFirst(at now: NIODeadline) {
        let segment = listed.removeFirst()
        if segment.isDiscontinuity { discontinuitySequence += 1 }
        kept.append(Kept(segment: segment, until: now + segment.duration + longestPlaylist))
    }

    private mutating func shorten(at now: NIODeadline) {
        longestPlaylist = max(longestPlaylist, listedDuration)
        let least = TimeAmount.seconds(3 * Int64(targetDuration ?? 1))
        // Half of the memory is for the playlist, the other for who is behind.
        while let first = listed.first, listed.count > 1, listedDuration - first.duration >= least,
            listed.count > rules.playlistLength && !isLastToBeginWith(first) || listedBytes > rules.memory / 2
        {
            removeFirst(at: now)
        }
        timePassed(at: now)
        while bytes > rules.memory, !kept.isEmpty { forget(kept.removeFirst().segment) }
        while bytes > rules.memory, listed.count > 1 {
            removeFirst(at: now)
            forget(kept.removeLast().segment)
        }
    }

    /// Players look for a picture to begin with, and may go back for it.
    private func isLastToBeginWith(_ segment: Segment) -> Bool {
        segment.isIndependent && listed.count < 4 * rules.playlistLength
            && !listed.dropFirst().contains(where: \.isIndependent)
    }

    /// Of what is listed.
    var rate: BitRate {
        listed.reduce(into: BitRate()) { $0.add(bytes: $1.bytes, duration: $1.duration) }
    }

    var listedDuration: TimeAmount {
        listed.reduce(.zero) { $0 + $1.duration }
    }

    private var listedBytes: Int {
        listed.reduce(0) { $0 + $1.bytes }
    }

    private mutating func forget(_ segment: Segment) {
        for name in segment.files { files[name] = nil }
        bytes -= segment.bytes
        forget(map: segment.map)
    }

    /// An initialization section goes with the last segment that needs it.
    private mutating func forget(map old: String?) {
        guard let old, old != map, underWay?.map != old, !listed.contains(where: { $0.map == old }),
            !kept.contains(where: { $0.segment.map == old })
        else { return }
        bytes -= files.removeValue(forKey: old)?.bytes.readableBytes ?? 0
    }
}
