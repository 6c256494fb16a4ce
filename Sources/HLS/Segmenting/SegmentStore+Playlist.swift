import NIOCore

extension SegmentStore {
    /// Where the playlist ends: the number of its last segment, or of the one under way, and how many parts of that are listed.
    package struct Position: Sendable, Hashable, Comparable {
        package var sequence: Int64
        package var parts: Int

        package static func < (one: Position, other: Position) -> Bool {
            (one.sequence, one.parts) < (other.sequence, other.parts)
        }
    }

    /// Behind the last segment, with the parts of the next one; `nil` before anything is published.
    package var position: Position? {
        listed.last.map { Position(sequence: $0.number + 1, parts: shownUnderWay?.parts.count ?? 0) }
    }

    /// The name of the part that comes next; `nil` without parts, and where no more of this segment are shown.
    var hintedPart: String? {
        guard partTarget != nil, case .fragments = form, mostPartsShown == nil, let last = listed.last else {
            return nil
        }
        if let underWay { return "\(underWay.number)-\(underWay.parts.count).\(form.fileExtension)" }
        return "\(last.number + 1)-0.\(form.fileExtension)"
    }

    /// The segment under way as far as the playlist may tell of it.
    private var shownUnderWay: Segment? {
        guard partTarget != nil, isPublished, var segment = underWay else { return nil }
        if let mostPartsShown { segment.parts = Array(segment.parts.prefix(mostPartsShown)) }
        return segment
    }

    /// The playlist as it is now, `nil` before there is a segment. `skips`: without the segments that a client who asks for a
    /// delta update knows (§6.2.5.1).
    package func playlist(skips: Bool = false, reports: [MediaPlaylist.RenditionReport] = []) -> MediaPlaylist? {
        guard let first = listed.first, let targetDuration else { return nil }
        let target = TimeAmount.seconds(Int64(targetDuration))
        // Six target durations are never left out (§4.4.3.8): a playlist of six segments has nothing else.
        let skipUntil = partTarget != nil && rules.playlistLength > 6 ? target * 6 : nil
        let skipped = skips ? skipUntil.map(skippable) ?? 0 : 0
        var segments: [MediaPlaylist.Segment] = []
        var map: String?
        var remaining = listedDuration
        for (index, segment) in listed.enumerated() {
            remaining = remaining - segment.duration
            if index >= skipped {
                var written = segment.listed(as: "\(segment.number).\(fileExtension(of: segment))", after: map)
                // Nobody who plays parts is further behind.
                if partTarget == nil || remaining >= target * 3 { written.parts = [] }
                segments.append(written)
            }
            map = segment.map
        }
        if let underWay = shownUnderWay, !underWay.parts.isEmpty {
            segments.append(underWay.listed(as: nil, after: map))
        }
        var playlist = MediaPlaylist(
            version: version(skipped: skipped), targetDuration: targetDuration, mediaSequence: first.number,
            discontinuitySequence: discontinuitySequence, partTarget: partTarget, segments: segments)
        playlist.skipped = skipped
        playlist.isIndependent = isIndependent && shownUnderWay?.isIndependent != false
        if let partTarget {
            playlist.control = MediaPlaylist.ServerControl(
                holdBack: target * 3, partHoldBack: .nanoseconds(partTarget.nanoseconds * 3), canSkipUntil: skipUntil)
            playlist.preloadHint = hintedPart
            playlist.reports = reports
        }
        return playlist
    }

    /// Whether the playlist has a segment, or a part of it. Parts that a whole segment does not have are those of the next one
    /// (§6.2.5.2).
    package func has(_ sequence: Int64, part: Int?) -> Bool {
        guard let position, let last = listed.last else { return false }
        guard let part else { return sequence <= last.number }
        if sequence == last.number, part >= last.parts.count { return position.parts > 0 }
        return sequence < position.sequence || sequence == position.sequence && part < position.parts
    }

    /// Whether a client asks for what is too far ahead to be waited for (§6.2.5.2).
    package func isTooFarAhead(_ sequence: Int64, part: Int?) -> Bool {
        guard let position else { return false }
        if sequence > position.sequence + 1 { return true }
        guard let part, let partTarget, sequence >= position.sequence else { return false }
        let seconds = partTarget.asSeconds
        let limit = seconds < 1 && seconds > 0 ? Int((3 / seconds).rounded(.up)) : 3
        // The segment under way may have no more parts than it has: those of the next one count from there.
        return part >= limit + (sequence == position.sequence ? position.parts : 0)
    }

    /// Whether a file is one that is made next, and worth waiting for.
    package func isComing(_ name: String) -> Bool {
        name == hintedPart
    }

    private func skippable(until boundary: TimeAmount) -> Int {
        var remaining = listedDuration
        return listed.prefix { segment in
            remaining = remaining - segment.duration
            return remaining >= boundary
        }.count
    }

    /// The least that has what is used (§8).
    private func version(skipped: Int) -> Int {
        if partTarget != nil { return 9 }
        return listed.contains { $0.map != nil } ? 6 : 3
    }

    private func fileExtension(of segment: Segment) -> String {
        (segment.map == nil ? SegmentForm.transportStream : .fragments(hasVideo: true)).fileExtension
    }
}

extension SegmentStore.Segment {
    fileprivate func listed(as uri: String?, after previous: String?) -> MediaPlaylist.Segment {
        MediaPlaylist.Segment(
            uri: uri, duration: duration, isDiscontinuity: isDiscontinuity, map: map == previous ? nil : map,
            date: date,
            parts: parts.map {
                MediaPlaylist.Part(uri: $0.name, duration: $0.duration, isIndependent: $0.isIndependent)
            })
    }
}

extension TimeAmount {
    fileprivate static func * (time: TimeAmount, factor: Int64) -> TimeAmount {
        .nanoseconds(time.nanoseconds * factor)
    }
}

extension SegmentStore {
    /// The last of what is listed: a segment, or a part of the one under way.
    struct End: Sendable, Hashable {
        var sequence: Int64
        var part: Int?
    }

    /// `nil` before anything is published.
    var end: End? {
        guard let last = listed.last, let position else { return nil }
        if position.parts > 0 { return End(sequence: position.sequence, part: position.parts - 1) }
        return End(sequence: last.number, part: last.parts.isEmpty ? nil : last.parts.count - 1)
    }
}
