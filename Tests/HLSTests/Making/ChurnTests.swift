import Logging
import Media
import NIOCore
import Reflector
import TestSupport
import Testing

@testable import HLS

/// Minutes of a camera to which things happen, in virtual time: each version of the playlist is held against the rules.
@Suite struct ChurnTests {
    struct Run: Sendable, CustomTestStringConvertible {
        var seed: UInt64
        var parts: Bool
        var fragments: Bool
        var testDescription: String { "seed \(seed)\(parts ? ", parts" : fragments ? ", fragments" : "")" }
    }

    static let runs: [Run] = (0..<6).map { Run(seed: $0, parts: $0 % 3 == 0, fragments: $0 % 3 == 1) }

    @Test(
        "Playlists keep the rules through restarts, other resolutions, jumps of time, and sound that comes and goes",
        arguments: runs)
    func churn(run: Run) throws {
        var random = SeededGenerator(seed: run.seed)
        var camera = SimulatedCamera()
        var bench = PlaylistBench(run, at: camera)
        bench.receive([.tracks(camera.tracks)], at: camera.now)
        while camera.seconds < 180 {
            bench.receive(camera.next(trembling: Int64.random(in: -20...20, using: &random)), at: camera.now)
            guard Int.random(in: 0..<150, using: &random) == 0 else { continue }
            switch Int.random(in: 0..<8, using: &random) {
            case 0: bench.receive(camera.restart(after: Double(Int.random(in: 0..<20, using: &random))), at: camera.now)
            case 1: bench.receive(camera.changeResolution(), at: camera.now)
            case 2: camera.jump(by: Double(Int.random(in: -1000...1000, using: &random)))
            case 3: camera.hasSound.toggle()
            case 4: camera.group = [12, 25, 50, 75, 100, 250].randomElement(using: &random) ?? 50
            case 5:
                camera.frameRate = [10, 15, 25, 30].randomElement(using: &random) ?? 25
                bench.receive(camera.restart(after: 0), at: camera.now)
            case 6:
                bench.restartServer(at: camera)
                bench.receive([.tracks(camera.tracks)], at: camera.now)
            default: camera.pictureSize = Int.random(in: 100...20_000, using: &random)
            }
        }
        #expect(bench.problems.prefix(5) == [])
        #expect(bench.checker.segmentCount > 20)
        #expect(bench.checker.discontinuities > 3)
        #expect(bench.mostBytes <= 64 * 1024 * 1024)
    }

    @Test(
        "A camera to which nothing happens has one life, one discontinuity and even segments", arguments: [false, true])
    func calm(parts: Bool) throws {
        var camera = SimulatedCamera()
        var bench = PlaylistBench(Run(seed: 1, parts: parts, fragments: true), at: camera)
        bench.receive([.tracks(camera.tracks)], at: camera.now)
        while camera.seconds < 120 { bench.receive(camera.next(), at: camera.now) }
        #expect(bench.problems.prefix(5) == [])
        #expect(bench.checker.lives == 1)
        #expect(bench.checker.dependentVersions == 0)
        #expect(bench.checker.discontinuities == 1)
        #expect((58...60).contains(bench.checker.segmentCount))
        #expect(bench.skippedMost >= (parts ? 1 : 0))
    }
}

@Suite struct LongGroupTests {
    @Test(
        "A camera with a key frame each so many pictures, or none, has one target duration, one break, and loses nothing",
        arguments: [100, 250, 1500, 100_000], [false, true])
    func steady(group: Int, parts: Bool) throws {
        var camera = SimulatedCamera()
        camera.group = group
        var bench = PlaylistBench(ChurnTests.Run(seed: 1, parts: parts, fragments: true), at: camera)
        bench.receive([.tracks(camera.tracks)], at: camera.now)
        while camera.seconds < 300 { bench.receive(camera.next(), at: camera.now) }
        #expect(bench.problems.prefix(5) == [])
        #expect(bench.checker.lives == 1 && bench.checker.discontinuities == 1)
        #expect(bench.seconds > 280, "\(bench.seconds) s of 300 were shown")
        #expect((bench.checker.dependentVersions == 0) == (group == 100))
    }

    @Test("Groups that go to and fro, as smart codecs have them, lose nothing either", arguments: 0..<4)
    func smart(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var camera = SimulatedCamera()
        var bench = PlaylistBench(ChurnTests.Run(seed: 1, parts: seed % 2 == 0, fragments: true), at: camera)
        bench.receive([.tracks(camera.tracks)], at: camera.now)
        while camera.seconds < 300 {
            let trembling = Int64.random(in: -900...900, using: &random)
            bench.receive(camera.next(trembling: trembling), at: camera.now)
            if Int.random(in: 0..<100, using: &random) == 0 {
                camera.group = [25, 50, 100, 250, 500, 1500].randomElement(using: &random) ?? 50
            }
        }
        #expect(bench.problems.prefix(5) == [])
        // The target of parts may change with what pictures last; that of segments never does.
        #expect(bench.targets.count == 1 && (seed % 2 == 0 || bench.checker.lives == 1))
        #expect(bench.seconds > 280, "\(bench.seconds) s of 300 were shown")
    }
}

/// Makes segments of events and looks at every version of the playlist, and at the files it names.
struct PlaylistBench: ~Copyable {
    private let run: ChurnTests.Run
    private(set) var checker = PlaylistChecker()
    private(set) var problems: [String] = []
    private(set) var mostBytes = 0
    private(set) var skippedMost = 0
    /// What the target duration was.
    private(set) var targets: Set<Int> = []
    /// How long all segments together last, that were listed.
    private(set) var seconds = 0.0
    private var making: SegmentMaking
    private var last: ReadPlaylist?

    init(_ run: ChurnTests.Run, at camera: SimulatedCamera) {
        self.run = run
        making = Self.making(run, from: SequenceNumbers.first(at: camera.wallClock, after: nil))
    }

    /// The process is another one: the clock alone tells where numbers go on.
    mutating func restartServer(at camera: SimulatedCamera) {
        making = Self.making(run, from: SequenceNumbers.first(at: camera.wallClock, after: nil))
    }

    private static func making(_ run: ChurnTests.Run, from number: Int64) -> SegmentMaking {
        let configuration = HLSConfiguration(
            partDuration: run.parts ? .milliseconds(500) : nil, playlistLength: run.parts ? 12 : 6,
            container: run.fragments ? .fmp4 : .auto)
        let rules = SegmentStore.Rules(
            segmentDuration: configuration.segmentDuration, playlistLength: configuration.playlistLength,
            memory: configuration.memory)
        return SegmentMaking(
            configuration: configuration, works: .fake(), store: SegmentStore(rules, from: number),
            logger: Logger(label: "churn", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    mutating func receive(_ events: [AccessUnitFeed.Event], at now: NIODeadline) {
        for event in events {
            let before = making.store.position
            making.received(event, at: now)
            making.timePassed(at: now)
            if making.store.position != before { look() }
        }
    }

    private mutating func look() {
        mostBytes = max(mostBytes, making.store.bytes)
        guard let text = making.store.playlist()?.text else { return }
        problems += checker.check(text)
        guard let playlist = try? ReadPlaylist(parsing: text) else { return }
        targets.insert(playlist.target ?? 0)
        for (index, segment) in playlist.whole.enumerated()
        where playlist.mediaSequence + index > last?.lastSequence ?? 0 {
            seconds += Double(segment.duration) / 1e6
        }
        for segment in playlist.segments {
            let names = [segment.uri, segment.map].compactMap { $0 } + segment.parts.map(\.uri)
            problems += names.filter { making.store.file($0) == nil }.map { "\($0) is listed and not there" }
        }
        if let left = last?.whole.first?.uri, last?.lastSequence ?? 0 >= playlist.mediaSequence,
            making.store.file(left) == nil
        {
            problems.append("\(left) is gone as soon as it has left")
        }
        last = playlist
        checkDelta(of: playlist)
    }

    private mutating func checkDelta(of playlist: ReadPlaylist) {
        guard run.parts, let text = making.store.playlist(skips: true)?.text else { return }
        guard let delta = try? ReadPlaylist(parsing: text) else {
            problems.append("the delta update cannot be read")
            return
        }
        skippedMost = max(skippedMost, delta.skipped)
        let known = playlist.segments.dropFirst(delta.skipped)
        guard delta.segments.count == known.count, delta.mediaSequence == playlist.mediaSequence else {
            problems.append("the delta update has other segments")
            return
        }
        for (full, short) in zip(known, delta.segments) where full.uri != short.uri || full.parts != short.parts {
            problems.append("the delta update differs")
        }
    }
}
