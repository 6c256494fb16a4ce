/// A live media playlist as a strict client reads it (RFC 8216bis §4): made of its text alone, and refused for anything that is not
/// known or not in its place.
package struct ReadPlaylist: Sendable, Hashable {
    package struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        package var description: String
    }

    package struct Part: Sendable, Hashable {
        package var uri: String
        /// Microseconds.
        package var duration: Int
        package var isIndependent: Bool
    }

    package struct Segment: Sendable, Hashable {
        /// `nil` for the one under way.
        package var uri: String?
        /// Microseconds.
        package var duration = 0
        package var isDiscontinuity = false
        /// The initialization section that holds for it.
        package var map: String?
        /// The date as written.
        package var date: String?
        package var parts: [Part] = []
    }

    package private(set) var version = 1
    package private(set) var target: Int?
    package private(set) var mediaSequence = 0
    package private(set) var discontinuitySequence = 0
    package private(set) var isIndependent = false
    /// Microseconds.
    package private(set) var partTarget: Int?
    package private(set) var control: [String: String]?
    package private(set) var skipped = 0
    package private(set) var preloadHint: String?
    package private(set) var reports: [[String: String]] = []
    package private(set) var segments: [Segment] = []

    /// Those that are whole.
    package var whole: [Segment] { segments.filter { $0.uri != nil } }

    /// The sequence number of the last whole segment.
    package var lastSequence: Int { mediaSequence + skipped + whole.count - 1 }

    package init(parsing text: String) throws {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.first == "#EXTM3U" else { throw Failure(description: "no #EXTM3U") }
        guard lines.last == "" else { throw Failure(description: "the last line has no end") }
        lines = Array(lines.dropFirst().dropLast())
        var next = Segment()
        var map: String?
        var seen: Set<String> = []
        for line in lines {
            guard line.hasPrefix("#EXT") else {
                guard !line.hasPrefix("#"), !line.isEmpty, next.duration > 0 else {
                    throw Failure(description: "\"\(line)\" stands where it must not")
                }
                next.uri = line
                next.map = map
                segments.append(next)
                next = Segment()
                continue
            }
            let colon = line.firstIndex(of: ":")
            let tag = colon.map { String(line[..<$0]) } ?? line
            let value = colon.map { String(line[line.index(after: $0)...]) } ?? ""
            if Self.onceOnly.contains(tag), !seen.insert(tag).inserted {
                throw Failure(description: "\(tag) stands there twice")
            }
            if !segments.isEmpty || next != Segment(), Self.atTheTop.contains(tag) {
                throw Failure(description: "\(tag) stands behind segments")
            }
            try read(tag, value, &next, &map)
        }
        if !next.parts.isEmpty {
            next.map = map
            segments.append(next)
        } else if next != Segment() {
            throw Failure(description: "tags at the end belong to no segment")
        }
        guard target != nil else { throw Failure(description: "no target duration") }
    }

    private static let onceOnly: Set<String> = [
        "#EXT-X-VERSION", "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE",
        "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-SERVER-CONTROL", "#EXT-X-PART-INF", "#EXT-X-SKIP", "#EXT-X-PRELOAD-HINT",
    ]
    private static let atTheTop: Set<String> = [
        "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE", "#EXT-X-TARGETDURATION", "#EXT-X-SKIP",
        "#EXT-X-PART-INF",
    ]

    private mutating func read(_ tag: String, _ value: String, _ next: inout Segment, _ map: inout String?) throws {
        switch tag {
        case "#EXT-X-VERSION": version = try Self.number(value)
        case "#EXT-X-TARGETDURATION": target = try Self.number(value)
        case "#EXT-X-MEDIA-SEQUENCE": mediaSequence = try Self.number(value)
        case "#EXT-X-DISCONTINUITY-SEQUENCE": discontinuitySequence = try Self.number(value)
        case "#EXT-X-INDEPENDENT-SEGMENTS": isIndependent = true
        case "#EXT-X-SERVER-CONTROL": control = try Self.attributes(value)
        case "#EXT-X-PART-INF": partTarget = try Self.microseconds(Self.attributes(value)["PART-TARGET"] ?? "")
        case "#EXT-X-SKIP": skipped = try Self.number(Self.attributes(value)["SKIPPED-SEGMENTS"] ?? "")
        case "#EXT-X-DISCONTINUITY": next.isDiscontinuity = true
        case "#EXT-X-MAP": map = try Self.attributes(value)["URI"]
        case "#EXT-X-PROGRAM-DATE-TIME": next.date = value
        case "#EXT-X-RENDITION-REPORT": reports.append(try Self.attributes(value))
        case "#EXT-X-PRELOAD-HINT":
            let attributes = try Self.attributes(value)
            guard attributes["TYPE"] == "PART" else { throw Failure(description: "a hint at no part") }
            preloadHint = attributes["URI"]
        case "#EXT-X-PART":
            let attributes = try Self.attributes(value)
            guard let uri = attributes["URI"], let duration = attributes["DURATION"] else {
                throw Failure(description: "a part without URI or DURATION")
            }
            next.parts.append(
                Part(
                    uri: uri, duration: try Self.microseconds(duration),
                    isIndependent: attributes["INDEPENDENT"] == "YES"))
        case "#EXTINF":
            guard value.hasSuffix(",") else { throw Failure(description: "EXTINF without a comma") }
            next.duration = try Self.microseconds(String(value.dropLast()))
        default: throw Failure(description: "the tag \(tag) is not known")
        }
    }

    private static func number(_ text: String) throws -> Int {
        guard !text.isEmpty, text.allSatisfy({ ("0"..."9").contains($0) }), let number = Int(text) else {
            throw Failure(description: "\"\(text)\" is no number")
        }
        return number
    }

    /// A decimal number of seconds with six digits behind the point at the most.
    private static func microseconds(_ text: String) throws -> Int {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let whole = parts.first else {
            throw Failure(description: "\"\(text)\" is no duration")
        }
        let fraction = parts.count == 2 ? parts[1] : "0"
        guard fraction.count <= 6 else { throw Failure(description: "\"\(text)\" is too exact") }
        return try number(whole) * 1_000_000 + number(fraction + String(repeating: "0", count: 6 - fraction.count))
    }

    /// `NAME=value,NAME="value"` (§4.2).
    private static func attributes(_ text: String) throws -> [String: String] {
        var attributes: [String: String] = [:]
        var rest = Substring(text)
        while !rest.isEmpty {
            guard let equals = rest.firstIndex(of: "=") else {
                throw Failure(description: "\"\(rest)\" is no attribute")
            }
            let name = String(rest[..<equals])
            guard !name.isEmpty, name.allSatisfy({ $0.isUppercase || $0 == "-" || $0.isNumber }) else {
                throw Failure(description: "\"\(name)\" is no name of an attribute")
            }
            rest = rest[rest.index(after: equals)...]
            let value: Substring
            if rest.first == "\"" {
                rest = rest.dropFirst()
                guard let end = rest.firstIndex(of: "\"") else { throw Failure(description: "a quote is not closed") }
                value = rest[..<end]
                rest = rest[rest.index(after: end)...]
            } else {
                value = rest.prefix { $0 != "," }
                rest = rest[value.endIndex...]
            }
            guard !value.isEmpty, attributes.updateValue(String(value), forKey: name) == nil else {
                throw Failure(description: "\(name) is empty, or stands there twice")
            }
            guard rest.isEmpty || rest.first == "," else { throw Failure(description: "no comma behind \(name)") }
            rest = rest.dropFirst()
        }
        return attributes
    }
}

extension ReadPlaylist {
    /// What holds for the segments that a delta update leaves out holds for those behind them, until they have one of their own.
    package mutating func inherit(map: String?) {
        for index in segments.indices {
            guard segments[index].map == nil else { return }
            segments[index].map = map
        }
    }

    /// A duration of `#EXT-X-SERVER-CONTROL` in microseconds; `nil` where it is not told.
    package func controlled(_ name: String) -> Int? {
        control?[name].flatMap { try? Self.microseconds($0) }
    }
}
