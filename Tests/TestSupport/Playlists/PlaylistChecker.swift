/// Holds the versions of a live playlist, as they follow each other, against the rules of RFC 8216bis: what a client relies on from one
/// reload to the next.
///
/// A playlist may begin anew with another target duration, where nothing it had before is left in it and its first segment is a
/// discontinuity: that is counted in `lives`, not held against it.
package struct PlaylistChecker: Sendable {
    private struct Known: Sendable, Hashable {
        var segment: ReadPlaylist.Segment
        var discontinuityNumber: Int
    }

    /// How often it has begun.
    package private(set) var lives = 0
    /// All whole segments seen so far, and of them those with a discontinuity.
    package private(set) var segmentCount = 0
    package private(set) var discontinuities = 0
    /// Versions that do not say that every segment can be begun with.
    package private(set) var dependentVersions = 0
    private var last: ReadPlaylist?
    private var known: [Int: Known] = [:]
    /// Whose name a URI is: a segment's number, and the part's.
    private var names: [String: [Int]] = [:]
    private var partsUnderWay: (sequence: Int, parts: [ReadPlaylist.Part])?

    package init() {}

    /// What is wrong with the next version; nothing where all is well.
    package mutating func check(_ text: String) -> [String] {
        do {
            var playlist = try ReadPlaylist(parsing: text)
            if playlist.skipped > 0 {
                playlist.inherit(map: known[playlist.mediaSequence + playlist.skipped - 1]?.segment.map)
            }
            var problems = Self.check(alone: playlist)
            problems += check(following: playlist)
            problems += checkSegments(of: playlist)
            if !playlist.isIndependent { dependentVersions += 1 }
            last = playlist
            return problems
        } catch {
            return ["\(error)"]
        }
    }

    // MARK: One version

    private static func check(alone playlist: ReadPlaylist) -> [String] {
        var problems: [String] = []
        let target = playlist.target ?? 0
        if playlist.whole.isEmpty { problems.append("no segment") }
        for segment in playlist.whole where (segment.duration + 500_000) / 1_000_000 > target {
            problems.append("\(segment.uri ?? ""): \(segment.duration) µs are more than \(target) s")
        }
        let isFragmented = playlist.segments.contains { $0.map != nil }
        if playlist.version < (playlist.skipped > 0 ? 9 : isFragmented ? 6 : 3) {
            problems.append("version \(playlist.version) is too low")
        }
        for segment in playlist.whole where segment.uri?.hasSuffix(".m4s") == true && segment.map == nil {
            problems.append("\(segment.uri ?? "") has no initialization section")
        }
        problems += check(datesOf: playlist)
        problems += check(partsOf: playlist, target: target * 1_000_000)
        return problems
    }

    private static func check(datesOf playlist: ReadPlaylist) -> [String] {
        var problems: [String] = []
        for (segment, next) in zip(playlist.segments, playlist.segments.dropFirst()) where !next.isDiscontinuity {
            guard let date = segment.date.flatMap(milliseconds), let after = next.date.flatMap(milliseconds) else {
                problems.append("no date, or none that can be read: \(segment.date ?? ""), \(next.date ?? "")")
                continue
            }
            // A hundredth, for clocks drift; and what is lost to whole milliseconds.
            if abs(after - date - segment.duration / 1000) > segment.duration / 100_000 + 2 {
                problems.append("\(next.date ?? "") is not \(segment.duration) µs after \(segment.date ?? "")")
            }
        }
        return problems
    }

    private static func check(partsOf playlist: ReadPlaylist, target: Int) -> [String] {
        guard let most = playlist.partTarget else {
            let hasParts = playlist.segments.contains { !$0.parts.isEmpty }
            return hasParts ? ["parts without a target"] : []
        }
        var problems: [String] = []
        if playlist.controlled("HOLD-BACK") ?? 0 < 3 * target { problems.append("HOLD-BACK is too short") }
        if playlist.controlled("PART-HOLD-BACK") ?? 0 < 3 * most { problems.append("PART-HOLD-BACK is too short") }
        if playlist.controlled("CAN-SKIP-UNTIL") ?? .max < 6 * target { problems.append("CAN-SKIP-UNTIL is too short") }
        if playlist.control?["CAN-BLOCK-RELOAD"] != "YES" { problems.append("reloads are not blocked") }
        for segment in playlist.segments where !segment.parts.isEmpty {
            if segment.parts.contains(where: { $0.duration > most }) { problems.append("a part is too long") }
            let inner = segment.uri == nil ? segment.parts : segment.parts.dropLast()
            if inner.contains(where: { $0.duration * 100 < most * 85 }) {
                // The last of those under way may be the last of its segment, cut at a key frame.
                let isLastAlone = segment.uri == nil && !inner.dropLast().contains { $0.duration * 100 < most * 85 }
                if !isLastAlone { problems.append("a part is too short: \(segment.parts.map(\.duration)), \(most)") }
            }
            if playlist.isIndependent, segment.parts.first?.isIndependent == false {
                problems.append("a segment begins with a part that does not")
            }
            let sum = segment.parts.reduce(0) { $0 + $1.duration }
            if segment.uri != nil, abs(sum - segment.duration) > 1000 {
                problems.append("the parts of \(segment.uri ?? "") last \(sum) µs, it \(segment.duration)")
            }
        }
        if let hint = playlist.preloadHint, playlist.segments.contains(where: { $0.parts.contains { $0.uri == hint } })
        {
            problems.append("\(hint) is hinted at, and there")
        }
        return problems
    }

    // MARK: One after the other

    private mutating func check(following playlist: ReadPlaylist) -> [String] {
        guard let last else {
            lives = 1
            return []
        }
        var problems: [String] = []
        if playlist.mediaSequence < last.mediaSequence { problems.append("the media sequence goes back") }
        if playlist.lastSequence < last.lastSequence { problems.append("segments at the end are gone") }
        if playlist.discontinuitySequence < last.discontinuitySequence {
            problems.append("the discontinuity sequence goes back")
        }
        if playlist.target != last.target || playlist.partTarget != last.partTarget {
            lives += 1
            if playlist.mediaSequence <= last.lastSequence { problems.append("the target changes among segments") }
            if playlist.segments.first?.isDiscontinuity != true { problems.append("a life begins without a break") }
        } else if playlist.isIndependent, !last.isIndependent, playlist.mediaSequence <= last.lastSequence {
            problems.append("segments are said to be independent again")
        } else if playlist.mediaSequence > last.mediaSequence, playlist.mediaSequence <= last.lastSequence {
            let duration = playlist.whole.reduce(0) { $0 + $1.duration }
            if playlist.skipped == 0, duration < 3_000_000 * (playlist.target ?? 0) {
                problems.append("\(duration) µs are left, less than three target durations")
            }
        }
        return problems
    }

    private mutating func checkSegments(of playlist: ReadPlaylist) -> [String] {
        var problems: [String] = []
        var number = playlist.discontinuitySequence
        if playlist.skipped > 0, let known = known[playlist.mediaSequence + playlist.skipped - 1] {
            number = known.discontinuityNumber
        }
        for (index, segment) in playlist.segments.enumerated() {
            let sequence = playlist.mediaSequence + playlist.skipped + index
            if segment.isDiscontinuity { number += 1 }
            problems += name(segment, sequence)
            if let underWay = partsUnderWay, underWay.sequence == sequence, !segment.parts.isEmpty,
                !segment.parts.starts(with: underWay.parts)
            {
                problems.append("the parts of \(sequence) change")
            }
            guard segment.uri != nil else {
                partsUnderWay = (sequence, segment.parts)
                continue
            }
            var kept = segment
            kept.parts = []
            let now = Known(segment: kept, discontinuityNumber: number)
            if let before = known[sequence] {
                if before.segment != kept {
                    problems.append("segment \(sequence) changes: \(before.segment) \(kept)")
                }
                if before.discontinuityNumber != number {
                    problems.append("segment \(sequence) was discontinuity \(before.discontinuityNumber), is \(number)")
                }
            } else {
                known[sequence] = now
                segmentCount += 1
                if segment.isDiscontinuity { discontinuities += 1 }
            }
        }
        return problems
    }

    /// No name is ever given twice.
    private mutating func name(_ segment: ReadPlaylist.Segment, _ sequence: Int) -> [String] {
        var problems: [String] = []
        var given = segment.parts.enumerated().map { ($0.element.uri, [sequence, $0.offset]) }
        if let uri = segment.uri { given.append((uri, [sequence])) }
        for (uri, owner) in given {
            if let before = names[uri], before != owner { problems.append("\(uri) is the name of two") }
            names[uri] = owner
        }
        return problems
    }

    /// `2026-11-21T23:36:57.123Z` as milliseconds since some day.
    private static func milliseconds(_ date: String) -> Int? {
        let digits = date.split { !$0.isNumber }.compactMap { Int($0) }
        guard digits.count == 7, date.hasSuffix("Z"), date.count == 24 else { return nil }
        // Days since the first of March of the year 0.
        let year = digits[1] <= 2 ? digits[0] - 1 : digits[0]
        let month = (digits[1] + 9) % 12
        let day = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + digits[2]
        return (((day * 24 + digits[3]) * 60 + digits[4]) * 60 + digits[5]) * 1000 + digits[6]
    }
}
