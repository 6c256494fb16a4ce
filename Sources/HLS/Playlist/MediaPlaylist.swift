import NIOCore

/// A playlist of segments (RFC 8216bis §4.4.3 to §4.4.5): of a stream, which never ends, or of all of a movie.
package struct MediaPlaylist: Sendable, Hashable {
    /// What the server offers to clients that want to be near live (§4.4.3.8).
    package struct ServerControl: Sendable, Hashable {
        /// How far from the end of the playlist a client should play.
        package var holdBack: TimeAmount
        /// The same for one that plays parts.
        package var partHoldBack: TimeAmount
        /// Segments that end longer than this before the end of the playlist may be left out of a delta update.
        /// `nil` where there are no delta updates.
        package var canSkipUntil: TimeAmount?
    }

    /// A part of a segment (§4.4.4.9).
    package struct Part: Sendable, Hashable {
        package var uri: String
        package var duration: TimeAmount
        /// Decoding can begin in it.
        package var isIndependent: Bool
    }

    /// A segment with the tags that apply to it.
    package struct Segment: Sendable, Hashable {
        /// `nil` for the one under way, of which there are parts only.
        package var uri: String?
        package var duration: TimeAmount
        /// Decoders begin anew here.
        package var isDiscontinuity: Bool
        /// The initialization section that holds from here on; `nil` for that of the segment before, or none.
        package var map: String?
        /// Of its first picture, nanoseconds since 1970; `nil` where nobody knows.
        package var date: Int64?
        /// Those near the end of the playlist.
        package var parts: [Part]
    }

    /// Where another rendition of the same is (§4.4.5.4).
    package struct RenditionReport: Sendable, Hashable {
        package var uri: String
        package var lastSequence: Int64
        package var lastPart: Int?
    }

    /// Nothing of it will ever change, or come (§4.4.3.4, §4.4.3.5).
    package var isComplete = false
    /// Every segment begins with a random access point (§4.4.2.1).
    package var isIndependent = true
    /// Where players had better begin, from the first segment's beginning on (§4.4.2.2).
    package var start: TimeAmount?
    package var version: Int
    /// Whole seconds; no segment is longer, to the nearest second. The same as long as the playlist lives.
    package var targetDuration: Int
    /// The number of the first segment.
    package var mediaSequence: Int64
    /// How many discontinuities were before it.
    package var discontinuitySequence: Int64
    package var control: ServerControl?
    /// No part is longer; `nil` where there are none.
    package var partTarget: TimeAmount?
    /// How many segments at the beginning are left out: a delta update (§4.4.5.2).
    package var skipped = 0
    /// In order, without those that are skipped; the last may be under way.
    package var segments: [Segment]
    /// The part that comes next.
    package var preloadHint: String?
    package var reports: [RenditionReport] = []
}

extension MediaPlaylist {
    /// As a file of text.
    package var text: String {
        var lines = ["#EXTM3U", "#EXT-X-VERSION:\(version)", "#EXT-X-TARGETDURATION:\(targetDuration)"]
        if isComplete { lines.append("#EXT-X-PLAYLIST-TYPE:VOD") }
        if let control { lines.append("#EXT-X-SERVER-CONTROL:\(control.attributes)") }
        if let partTarget { lines.append("#EXT-X-PART-INF:PART-TARGET=\(partTarget.decimalSeconds)") }
        lines.append("#EXT-X-MEDIA-SEQUENCE:\(mediaSequence)")
        lines.append("#EXT-X-DISCONTINUITY-SEQUENCE:\(discontinuitySequence)")
        if isIndependent { lines.append("#EXT-X-INDEPENDENT-SEGMENTS") }
        if let start { lines.append("#EXT-X-START:TIME-OFFSET=\(start.decimalSeconds),PRECISE=YES") }
        if skipped > 0 { lines.append("#EXT-X-SKIP:SKIPPED-SEGMENTS=\(skipped)") }
        for segment in segments { segment.write(to: &lines) }
        if let preloadHint { lines.append("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"\(preloadHint)\"") }
        if isComplete { lines.append("#EXT-X-ENDLIST") }
        for report in reports { lines.append("#EXT-X-RENDITION-REPORT:\(report.attributes)") }
        lines.append("")
        return lines.joined(separator: "\n")
    }
}

extension MediaPlaylist.ServerControl {
    fileprivate var attributes: String {
        "CAN-BLOCK-RELOAD=YES,\(canSkipUntil.map { "CAN-SKIP-UNTIL=\($0.decimalSeconds)," } ?? "")"
            + "HOLD-BACK=\(holdBack.decimalSeconds),PART-HOLD-BACK=\(partHoldBack.decimalSeconds)"
    }
}

extension MediaPlaylist.Segment {
    fileprivate func write(to lines: inout [String]) {
        if isDiscontinuity { lines.append("#EXT-X-DISCONTINUITY") }
        if let map { lines.append("#EXT-X-MAP:URI=\"\(map)\"") }
        if let date { lines.append("#EXT-X-PROGRAM-DATE-TIME:\(PlaylistDate(nanoseconds: date))") }
        for part in parts {
            let independent = part.isIndependent ? ",INDEPENDENT=YES" : ""
            lines.append("#EXT-X-PART:DURATION=\(part.duration.decimalSeconds),URI=\"\(part.uri)\"\(independent)")
        }
        guard let uri else { return }
        lines.append("#EXTINF:\(duration.decimalSeconds),")
        lines.append(uri)
    }
}

extension MediaPlaylist.RenditionReport {
    fileprivate var attributes: String {
        "URI=\"\(uri)\",LAST-MSN=\(lastSequence)" + (lastPart.map { ",LAST-PART=\($0)" } ?? "")
    }
}
