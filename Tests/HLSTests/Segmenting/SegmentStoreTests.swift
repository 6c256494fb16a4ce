import NIOCore
import TestSupport
import Testing

@testable import HLS

@Suite struct SegmentStoreTests {
    private static func store(length: Int = 3, memory: Int = 1_000_000, parts: Bool = false) -> SegmentStore {
        var store = SegmentStore(
            SegmentStore.Rules(segmentDuration: .seconds(2), playlistLength: length, memory: memory), from: 1000)
        store.opened(
            parts ? .fragments(hasVideo: true) : .transportStream,
            initialization: parts ? ByteBuffer(string: "i") : nil,
            partTarget: parts ? .milliseconds(520) : nil)
        return store
    }

    private static func time(_ seconds: Double) -> NIODeadline {
        .uptimeNanoseconds(UInt64(seconds * 1e9))
    }

    private static func add(
        to store: inout SegmentStore, at seconds: Double, lasting duration: TimeAmount = .seconds(2), size: Int = 1000,
        wallClock: Int64? = nil
    ) {
        store.segmentBegan(
            wallClock: wallClock ?? Int64(seconds * 1e9), isDiscontinuity: false, at: time(seconds))
        store.segmentEnded(
            ByteBuffer(repeating: 7, count: size), duration: duration, longestGroup: duration, at: time(seconds))
    }

    @Test("A segment can be had as long again as it and its playlist last, and then no more")
    func leaving() throws {
        var store = Self.store()
        for second in stride(from: 0.0, to: 8, by: 2) { Self.add(to: &store, at: second) }
        #expect(store.playlist()?.mediaSequence == 1001)
        #expect(store.file("1000.ts") != nil)
        // It left at 6 s; it and the playlist, which was eight seconds long for that moment, last 10 s.
        store.timePassed(at: Self.time(15.9))
        #expect(store.file("1000.ts") != nil)
        store.timePassed(at: Self.time(16))
        #expect(store.file("1000.ts") == nil)
        #expect(store.file("1001.ts") != nil)
    }

    @Test("A playlist is never shorter than three target durations by what leaves it")
    func shortest() throws {
        var store = Self.store()
        for index in 0..<20 {
            Self.add(to: &store, at: Double(index), lasting: .milliseconds(index == 0 ? 2000 : 1000))
            let playlist = try #require(store.playlist())
            if playlist.mediaSequence > 1000 { #expect(store.listedDuration >= .seconds(6)) }
        }
    }

    @Test("The target holds whole groups, and a segment above it begins the playlist anew")
    func targets() throws {
        var checker = PlaylistChecker()
        var store = Self.store()
        for index in 0..<5 { Self.add(to: &store, at: Double(index) * 2) }
        let first = try #require(store.playlist()).text
        #expect(checker.check(first) == [])
        #expect(store.targetDuration == 2)
        Self.add(to: &store, at: 10, lasting: .milliseconds(2600))
        let anew = try #require(store.playlist())
        #expect(checker.check(anew.text) == [])
        #expect(anew.targetDuration == 4)
        #expect(anew.segments.map(\.uri) == ["1005.ts"])
        #expect(anew.segments[0].isDiscontinuity)
        #expect(checker.lives == 2)
        #expect(store.file("1004.ts") != nil, "who is behind gets what it was told of")
    }

    @Test(
        "The target is chosen for the groups to come, from the first of them",
        arguments: [
            (2000, 1000, 1000, 2), (2000, 1500, 1500, 3), (2000, 10_000, 10_000, 10), (2000, 0, 917, 2),
            (500, 200, 1000, 1),
            (2000, 1920, 1920, 2), (6000, 4000, 4000, 8),
        ])
    func choice(segment: Int64, group: Int64, first: Int64, target: Int) {
        #expect(
            TargetDuration.of(
                segment: .milliseconds(segment), group: .milliseconds(group), first: .milliseconds(first)) == target)
    }

    @Test("Dates are drawn towards the clock slowly, and set by it after a break")
    func dates() throws {
        var store = Self.store(length: 10)
        Self.add(to: &store, at: 0, wallClock: 0)
        Self.add(to: &store, at: 2, wallClock: 2_500_000_000)
        #expect(store.playlist()?.segments.map(\.date) == [0, 2_020_000_000])
        store.segmentBegan(wallClock: 9_000_000_000, isDiscontinuity: true, at: Self.time(9))
        store.segmentEnded(ByteBuffer(string: "x"), duration: .seconds(2), longestGroup: .zero, at: Self.time(11))
        #expect(store.playlist()?.segments.last?.date == 9_000_000_000)
    }

    @Test("Memory is bounded: first the playlist gets shorter, then those who are behind lose")
    func memory() throws {
        var store = Self.store(length: 30, memory: 100_000)
        for index in 0..<100 {
            Self.add(to: &store, at: Double(index) * 2, size: 10_000)
            #expect(store.bytes <= 100_000)
        }
        #expect(store.listed.count == 5)
        Self.add(to: &store, at: 200, size: 90_000)
        #expect(store.bytes <= 100_000)
        #expect(store.playlist()?.segments.last?.uri == "1100.ts")
    }

    @Test("Parts lie in the memory of their segment, and are waited for by the name that was hinted at")
    func parts() throws {
        var store = Self.store(parts: true)
        for index in 0..<3 {
            store.segmentBegan(wallClock: Int64(index), isDiscontinuity: index == 0, at: Self.time(Double(index * 2)))
            for part in 0..<4 {
                store.partEnded(
                    ByteBuffer(string: "part \(part) of \(index);"), duration: .milliseconds(500),
                    isIndependent: part == 0)
            }
            store.segmentEnded(
                nil, duration: .seconds(2), longestGroup: .seconds(2), at: Self.time(Double(index * 2 + 2)))
        }
        #expect(store.file("1001.m4s")?.bytes == ByteBuffer(string: (0..<4).map { "part \($0) of 1;" }.joined()))
        #expect(store.file("1001-2.m4s")?.bytes == ByteBuffer(string: "part 2 of 1;"))
        #expect(store.hintedPart == "1003-0.m4s")
        #expect(store.isComing("1003-0.m4s") && !store.isComing("1003-1.m4s") && !store.isComing("1002-4.m4s"))
        #expect(store.has(1002, part: nil) && !store.has(1003, part: nil))
        #expect(store.has(1002, part: 3) && !store.has(1002, part: 4), "the fifth of four is the first of the next")
        #expect(!store.isTooFarAhead(1004, part: nil) && store.isTooFarAhead(1005, part: nil))
        #expect(!store.isTooFarAhead(1003, part: 5) && store.isTooFarAhead(1003, part: 6))
        store.segmentBegan(wallClock: 3, isDiscontinuity: false, at: Self.time(6))
        store.partEnded(ByteBuffer(string: "first"), duration: .milliseconds(500), isIndependent: true)
        #expect(store.has(1003, part: 0) && store.has(1002, part: 4) && !store.has(1003, part: 1))
        #expect(store.hintedPart == "1003-1.m4s")
        var checker = PlaylistChecker()
        let listed = try #require(store.playlist()).text
        #expect(checker.check(listed) == [])
    }

    @Test("Delta updates are offered where there is something to skip, and the rates are those of what is listed")
    func window() throws {
        for (length, isOffered) in [(6, false), (7, true), (12, true)] {
            var store = Self.store(length: length, parts: true)
            for index in 0..<20 {
                store.segmentBegan(wallClock: 0, isDiscontinuity: false, at: Self.time(Double(index * 2)))
                // The first one is ten times as large.
                store.partEnded(
                    ByteBuffer(repeating: 1, count: index == 0 ? 10_000 : 1000 + index), duration: .milliseconds(500),
                    isIndependent: true)
                store.segmentEnded(
                    nil, duration: .seconds(2), longestGroup: .seconds(2), at: Self.time(Double(index * 2 + 2)))
            }
            let text = try #require(store.playlist()).text
            #expect(text.contains("CAN-SKIP-UNTIL=12") == isOffered && text.contains("CAN-SKIP") == isOffered)
            #expect(try #require(store.playlist(skips: true)).skipped == length - 6)
            #expect(store.rate.peak == 1019 * 4)
        }
    }

    @Test("A segment of which nothing came leaves no gap in the numbers")
    func empty() throws {
        var store = Self.store()
        var checker = PlaylistChecker()
        Self.add(to: &store, at: 0)
        let before = try #require(store.playlist()).text
        #expect(checker.check(before) == [])
        Self.add(to: &store, at: 2, size: 0)
        Self.add(to: &store, at: 4)
        let playlist = try #require(store.playlist())
        #expect(playlist.segments.map(\.uri) == ["1000.ts", "1001.ts"])
        #expect(playlist.segments[1].isDiscontinuity)
        #expect(checker.check(playlist.text) == [])
    }

    @Test("Numbers follow the clock, and never go back while the process lives")
    func numbers() {
        let now: Int64 = 1_795_304_217_000_000_000
        let first = SequenceNumbers.first(at: now, after: nil)
        #expect(first < Int32.max)
        // A segment is two thirds of a second at the least, on average: a restart finds a larger number.
        #expect(SequenceNumbers.first(at: now + 60_000_000_000, after: nil) == first + 120)
        #expect(SequenceNumbers.first(at: now - 60_000_000_000, after: first + 5) == first + 6)
        #expect(SequenceNumbers.first(at: 0, after: nil) == 1)
    }
}
