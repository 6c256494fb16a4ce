import Foundation
import NIOCore
import TestSupport

/// A player of live HLS without a picture: reloads the playlist as players do, holds each version against the rules, and fetches every file
/// that is named in it.
actor HLSViewer {
    enum Manner: Sendable {
        /// Half a target duration between two reloads.
        case plain
        /// Low latency: reloads wait for the next part, delta updates, and hinted parts are asked for before they are there.
        case blocking
    }

    /// A whole segment as it came.
    struct Segment: Sendable {
        var name: String
        /// Seconds.
        var duration: Double
        var isDiscontinuity: Bool
        /// It is said to begin with a key frame.
        var isIndependent: Bool
        var initialization: [UInt8]
        var bytes: [UInt8]
    }

    /// How far dates may be from the clock, in seconds: ten where times went back, and what it takes to make a segment and fetch it.
    private static let datesAreOff = 15.0
    private static let mostProblems = 20

    private let base: String
    private let manner: Manner
    private let fetcher = WebFetcher()
    private(set) var checker = PlaylistChecker()
    private(set) var problems: [String] = []
    private(set) var segments: [Segment] = []
    private(set) var playlists = 0
    private(set) var deltas = 0
    /// Parts that were fetched, and of them those asked for at a hint.
    private(set) var parts = 0
    private(set) var hinted = 0
    /// Answers that there is nothing at the moment.
    private(set) var refusals = 0
    /// How old the newest segment was at the most when it was seen first, in seconds, by its date.
    private(set) var latest = 0.0
    private var files: [String: [UInt8]] = [:]
    private var last: ReadPlaylist?
    private var isRunning = true

    /// `base` is where the playlist is, with a slash at its end.
    init(_ base: String, _ manner: Manner) {
        self.base = base
        self.manner = manner
    }

    func stop() { isRunning = false }

    /// Until it is stopped, and its task cancelled, for an answer may be long in coming.
    func watch() async {
        while isRunning {
            do {
                try await reload()
            } catch {
                guard isRunning else { return }
                tell("\(error)")
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private func tell(_ problem: String) {
        if problems.count < Self.mostProblems { problems.append(problem) }
    }

    // MARK: Playlists

    private func reload() async throws {
        let isBlocking = manner == .blocking && last?.control != nil
        let hint = isBlocking ? last?.preloadHint : nil
        async let early = fetchHinted(hint)
        let answer = try await fetcher.get(base + "video.m3u8" + (isBlocking ? directives : ""))
        switch answer.status {
        case 200: try await take(answer.text)
        case 503:
            refusals += 1
            last = nil
        default: tell("the playlist was answered \(answer.status): \(answer.text)")
        }
        if let (name, bytes) = await early {
            if let later = files[name], later != bytes { tell("\(name) was something else when it was hinted at") }
            files[name] = bytes
            hinted += 1
        }
        guard !isBlocking || answer.status != 200 else { return }
        // As long as a player waits from one reload to the next.
        try? await Task.sleep(for: .milliseconds(500 * Int64(last?.target ?? 1)))
    }

    /// Asks for the part behind the last one that is known, and for no more than is new.
    private var directives: String {
        guard let last else { return "" }
        let underWay = last.segments.last.flatMap { $0.uri == nil ? $0.parts.count : nil } ?? 0
        return "?_HLS_msn=\(last.lastSequence + 1)&_HLS_part=\(underWay)&_HLS_skip=YES"
    }

    private func take(_ text: String) async throws {
        playlists += 1
        let found = checker.check(text)
        if !found.isEmpty, problems.isEmpty { tell(text) }
        for problem in found { tell(problem) }
        let playlist = try ReadPlaylist(parsing: text)
        if playlist.skipped > 0 { deltas += 1 }
        if let last, playlist.lastSequence > last.lastSequence { checkDate(of: playlist) }
        var map = playlist.skipped > 0 ? segments.last?.initialization ?? [] : []
        for segment in playlist.segments {
            if let name = segment.map { map = try await fetch(name) ?? [] }
            var joined: [UInt8] = []
            for part in segment.parts {
                if files[part.uri] == nil { parts += 1 }
                joined += try await fetch(part.uri) ?? []
            }
            guard let name = segment.uri, files[name] == nil, let bytes = try await fetch(name) else { continue }
            if !segment.parts.isEmpty, joined != bytes { tell("\(name) is not what its parts are") }
            segments.append(
                Segment(
                    name: name, duration: Double(segment.duration) / 1e6, isDiscontinuity: segment.isDiscontinuity,
                    isIndependent: playlist.isIndependent, initialization: map, bytes: bytes))
        }
        last = playlist
    }

    /// What has just come was made just now.
    private func checkDate(of playlist: ReadPlaylist) {
        guard let segment = playlist.whole.last, let text = segment.date,
            let date = try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        else { return tell("no date") }
        let age = Date().timeIntervalSince(date) - Double(segment.duration) / 1e6
        latest = max(latest, age)
        if abs(age) > Self.datesAreOff { tell("\(segment.uri ?? "") is new, and dated \(age) s ago") }
    }

    // MARK: Files

    /// A file that is named in a playlist has to be there.
    private func fetch(_ name: String) async throws -> [UInt8]? {
        if let bytes = files[name] { return bytes }
        let answer = try await fetcher.get(base + name)
        guard answer.status == 200, !answer.body.isEmpty else {
            tell("\(name) was answered \(answer.status) with \(answer.body.count) bytes")
            return nil
        }
        files[name] = answer.body
        return answer.body
    }

    /// One that is hinted at may be there, or never come.
    private func fetchHinted(_ name: String?) async -> (String, [UInt8])? {
        guard let name, files[name] == nil, let answer = try? await fetcher.get(base + name) else { return nil }
        switch answer.status {
        case 200: return (name, answer.body)
        case 404, 503: return nil
        default:
            tell("\(name), which was hinted at, was answered \(answer.status)")
            return nil
        }
    }
}
