/// A reader of a track that can be told to take one part of its edit list for all of it.
protocol PartedPackets: TrackPackets {
    /// The track whose edit list counts.
    var edited: MovieTrack { get }
    var isPicture: Bool { get }

    /// The same, as if the track's edit list showed nothing but one of its parts.
    func playing(_ part: Int, _ surroundings: EditSurroundings?) -> Self
}

/// A track of which an edit list shows several parts, one after the other: cuts, repetitions, in any order, with gaps between them.
///
/// ```
/// media           0 ═══ K ═════ K ═════ K ═════ K ═════
/// parts           K ══ part 2 ══         K ══ part 1 ══
/// samples here    0 …  (part 1)          first …  (part 2)
/// ```
/// The samples of each part are counted on from those of the part before, from the sync sample that its first picture is decoded with
/// to the last one that is needed. A part is a reader of its own, which knows nothing of the others.
package struct EditedPackets: TrackPackets {
    private struct Part: Sendable {
        /// In the edit list.
        let number: Int
        var packets: any PartedPackets
        /// Its samples, as `packets` counts them.
        let samples: Range<Int>
        /// The number that the first of them has here.
        var first = 0
        /// In microseconds of the presentation; `end` is `nil` for a part that lasts as long as its media.
        let start: Int64
        let end: Int64?
        /// How long before `start` it begins with pictures that are decoded only.
        var before: EditSurroundings.Before?
        /// One picture is held.
        let isHeld: Bool

        /// From here on somebody who seeks finds this part.
        var opening: Int64 { start - (before?.room ?? 0) }
    }

    private var parts: [Part]
    /// The part that was written of last, which has read something ahead.
    private var current = 0

    /// Pictures that are decoded for the sake of the first one of a part: with more, it begins at the next sync sample.
    private static let mostBefore = 1200
    /// What they are apart, in microseconds: some units of an RTP clock, one at least, and all together less than a picture.
    private static let steps: ClosedRange<Int64> = 12...100
    private static let room: Int64 = 10_000
    /// In microseconds.
    private static let coarsest: Int64 = 1000

    /// What plays all that the track's edit list shows: `packets` itself, where that is one part.
    static func whole(_ packets: some PartedPackets) -> any TrackPackets {
        if packets.edited.edits.isSimple { return packets }
        let edited = EditedPackets(packets)
        return edited.sampleCount > 0 ? edited : packets
    }

    private init(_ packets: some PartedPackets) {
        var parts: [Part] = []
        let edits = packets.edited.edits
        let end = packets.edited.shownEnd
        for number in edits.parts.indices {
            let segment = edits.parts[number]
            // Of sound there is nothing to be held.
            if segment.rate == 0, !packets.isPicture { continue }
            guard segment.mediaTime ?? 0 < end else { continue }
            let reader = packets.playing(number, nil)
            let beginning = parts.isEmpty ? (first: 0, before: nil) : Self.beginning(of: reader, at: segment.start)
            guard let beginning, beginning.first < reader.sampleCount else { continue }
            parts.append(
                Part(
                    number: number, packets: reader, samples: beginning.first..<reader.sampleCount,
                    start: segment.start, end: segment.end, before: beginning.before, isHeld: segment.rate == 0))
        }
        self.parts = parts
        tieTogether(packets)
    }

    /// The first sample of a part that is not the first, and the pictures before it that are not to be shown; `nil` where nothing of it
    /// can be decoded.
    private static func beginning(
        of reader: some PartedPackets, at start: Int64
    ) -> (first: Int, before: EditSurroundings.Before?)? {
        var first = reader.syncSample(for: start)
        guard reader.isPicture else {
            // What is heard when it begins has begun before.
            if first < reader.sampleCount, reader.dueTime(ofSample: first) < start { first += 1 }
            return (first, nil)
        }
        var count = decoded(from: first, before: start, reader)
        if count > mostBefore || !reader.isSync(first) {
            guard let next = reader.syncSample(after: first) else { return nil }
            first = next
            count = decoded(from: first, before: start, reader)
        }
        guard count > 0 else { return (first, nil) }
        let lowest = min(reader.dueTime(ofSample: first), reader.presentationTime(ofSample: first))
        let step = min(max(room / Int64(count), steps.lowerBound), steps.upperBound)
        return (first, EditSurroundings.Before(start: start, lowest: min(lowest, start), room: Int64(count) * step))
    }

    private static func decoded(from first: Int, before start: Int64, _ reader: some PartedPackets) -> Int {
        let end = (first..<max(first, reader.sampleCount)).firstIndex { reader.dueTime(ofSample: $0) >= start }
        return end - first
    }

    /// Counts the samples, and tells each part what stands before and behind it.
    private mutating func tieTogether(_ packets: some PartedPackets) {
        var count = 0
        var earliest: Int64?
        for index in parts.indices {
            var surroundings = EditSurroundings(earliest: earliest, before: parts[index].before)
            if index + 1 < parts.count, packets.isPicture,
                let end = packets.edited.edits.part(parts[index].number).shownEnd
            {
                surroundings.behind = EditSurroundings.Behind(end: end, limit: parts[index + 1].opening)
            }
            parts[index].packets = packets.playing(parts[index].number, surroundings)
            parts[index].first = count
            count += parts[index].samples.count
            earliest = parts[index].packets.dueTime(ofSample: parts[index].samples.upperBound - 1)
        }
    }

    package var sampleCount: Int { parts.last.map { $0.first + $0.samples.count } ?? 0 }

    package var leftOut: Int { parts.reduce(0) { $0 + $1.packets.leftOut } }

    /// The part that a sample is of, and its number there; those beyond the ends are of the first and the last part.
    private func place(of index: Int) -> (part: Int, sample: Int) {
        var found = current
        if index < parts[found].first || index >= parts[found].first + parts[found].samples.count {
            found = max(0, (0..<parts.count).firstIndex { parts[$0].first > index } - 1)
        }
        return (found, parts[found].samples.lowerBound + index - parts[found].first)
    }

    private func number(of sample: Int, in part: Int) -> Int {
        parts[part].first + sample - parts[part].samples.lowerBound
    }

    package func dueTime(ofSample index: Int) -> Int64 {
        let (part, sample) = place(of: index)
        return parts[part].packets.dueTime(ofSample: sample)
    }

    package func presentationTime(ofSample index: Int) -> Int64 {
        let (part, sample) = place(of: index)
        return parts[part].packets.presentationTime(ofSample: sample)
    }

    package func rtpTime(at presentationTime: Int64) -> Int64 {
        parts[current].packets.rtpTime(at: presentationTime)
    }

    package func isSync(_ index: Int) -> Bool {
        guard index >= 0, index < sampleCount else { return false }
        let (part, sample) = place(of: index)
        return parts[part].packets.isSync(sample)
    }

    package func syncSample(for time: Int64) -> Int {
        var part = max(0, (0..<parts.count).firstIndex { parts[$0].opening > time } - 1)
        // In a gap nothing is shown: what comes next begins it.
        if let end = parts[part].end, time >= end, part + 1 < parts.count { part += 1 }
        return number(of: sync(for: max(time, parts[part].start), in: part), in: part)
    }

    /// As the part itself counts.
    private func sync(for time: Int64, in part: Int) -> Int {
        let samples = parts[part].samples
        // Clocks of media are coarser than microseconds: what begins with the next part is not to be found.
        let (start, end) = (parts[part].start, parts[part].end ?? .max)
        let last = parts[part].isHeld ? start : max(start, end - Self.coarsest)
        let found = parts[part].packets.syncSample(for: min(time, last))
        return min(max(samples.lowerBound, found), samples.upperBound - 1)
    }

    package func syncSample(after index: Int) -> Int? {
        guard index >= 0 else { return syncSample(from: 0) }
        let (part, sample) = place(of: index)
        if let next = parts[part].packets.syncSample(after: sample), next < parts[part].samples.upperBound {
            return number(of: next, in: part)
        }
        return syncSample(from: part + 1)
    }

    /// The first one of a part, or of a later one.
    private func syncSample(from part: Int) -> Int? {
        for part in part..<max(part, parts.count) {
            let samples = parts[part].samples
            if parts[part].packets.isSync(samples.lowerBound) { return parts[part].first }
            if let next = parts[part].packets.syncSample(after: samples.lowerBound), next < samples.upperBound {
                return number(of: next, in: part)
            }
        }
        return nil
    }

    package func syncSample(before index: Int) -> Int? {
        let (last, sample) = place(of: min(index, sampleCount))
        if let previous = parts[last].packets.syncSample(before: sample), previous >= parts[last].samples.lowerBound {
            return number(of: previous, in: last)
        }
        for part in (0..<last).reversed() {
            let found = sync(for: .max / 4, in: part)
            if parts[part].packets.isSync(found) { return number(of: found, in: part) }
        }
        return nil
    }

    package mutating func write(sample index: Int, to batch: inout PacketBatch) throws(MovieError) {
        guard index >= 0, index < sampleCount else { return }
        let (part, sample) = place(of: index)
        if part != current { parts[current].packets.release() }
        current = part
        try parts[part].packets.write(sample: sample, to: &batch)
    }

    package mutating func release() {
        parts[current].packets.release()
    }
}
