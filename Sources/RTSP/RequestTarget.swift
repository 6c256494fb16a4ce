/// What a request URI asks a server for: a path, its query, and the track if the URI names one.
///
/// FFmpeg puts the track behind the query, GStreamer before it (quirk M3):
///
///     rtsp://host/live/door?token=x/trackID=1
///     rtsp://host/live/door/trackID=1?token=x
package struct RequestTarget: Sendable, Hashable {
    /// Percent-decoded, without slashes around it; free of control characters and of `.` and `..` segments.
    package var path: String
    /// As written, without the `?`.
    package var query: String?
    /// 0–65535.
    package var track: Int?
    /// The URI is `*`: the server itself (RFC 2326 §10.1).
    package var isAsterisk: Bool

    /// `nil` for a path that tries to leave the tree or holds control characters: answer 400.
    package init?(_ uri: String) {
        self.init(unchecked: uri)
        guard isSafe else { return nil }
    }

    /// Takes any path, for who answers otherwise than by 400 where it is not safe; `trackNames` are what a track may be called.
    package init(unchecked uri: String, trackNames: [String] = ["trackID"]) {
        let uri = uri[...].trimmed
        isAsterisk = uri == "*"
        if isAsterisk {
            path = ""
            return
        }
        let pathAndQuery = RTSPURL.pathAndQuery(ofAbsolute: uri)?[...] ?? uri
        let mark = pathAndQuery.utf8.firstIndex(of: UInt8(ascii: "?"))
        var path = pathAndQuery[..<(mark ?? pathAndQuery.endIndex)].withoutSlashes
        if let mark {
            var query = pathAndQuery[pathAndQuery.utf8.index(after: mark)...]
            track = Self.takeTrack(from: &query, named: trackNames)
            self.query = query.isEmpty ? nil : String(query)
        }
        if let track = Self.takeTrack(from: &path, named: trackNames) { self.track = track }
        self.path = path.percentDecoded
    }

    /// Cuts `/trackID=1` off the end, and the slashes around it.
    private static func takeTrack(from text: inout Substring, named names: [String]) -> Int? {
        let trimmed = text.withoutTrailingSlashes
        let slash = trimmed.utf8.lastIndex(of: UInt8(ascii: "/"))
        let last = slash.map { trimmed[trimmed.utf8.index(after: $0)...] } ?? trimmed
        let (name, value) = last.nameAndValue
        guard names.contains(where: name.isSameToken), let track = value?.number(UInt16.self) else { return nil }
        text = trimmed[..<(slash ?? trimmed.startIndex)].withoutTrailingSlashes
        return Int(track)
    }

    /// It holds neither control characters nor segments that lead out of the tree.
    package var isSafe: Bool {
        guard !path.utf8.contains(where: \.isControl) else { return false }
        let segments = path.utf8.split { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
        return !segments.contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }
    }
}

extension Substring {
    fileprivate var withoutTrailingSlashes: Substring {
        guard let last = utf8.lastIndex(where: { $0 != UInt8(ascii: "/") }) else { return prefix(0) }
        return self[...last]
    }

    fileprivate var withoutSlashes: Substring {
        let trimmed = withoutTrailingSlashes
        return Substring(trimmed.utf8.drop { $0 == UInt8(ascii: "/") })
    }
}
