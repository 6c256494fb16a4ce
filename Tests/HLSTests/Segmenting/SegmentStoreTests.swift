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

    @Test("The target is chosen by the segments that are there before anybody is told, and does not change")
    func targets() throws {
        var store = SegmentStore(
            SegmentStore.Rules(segmentDuration: .seconds(2), playlistLength: 6, memory: 1_000_000, firstSegments: 3),
            from: 1000)
        store.opened(.transportStream, initialization: nil, partTarget: nil)
        for (length, target, untellable) in [
            (2000, 2, nil), (6000, 6, nil), (4000, 6, 6.5), (6400, 6, 6.5),
        ] as [(Int64, Int, Double?)] {
            Self.add(to: &store, at: 0, lasting: .milliseconds(length))
            #expect(store.targetDuration == target)
            #expect(store.untellable == untellable.map { .milliseconds(Int64($0 * 1000)) })
        }
    }

    @Test("Once a segment goes on in the midst of a group, the playlist does not say any more that none does")
    func dependence() throws {
        var store = Self.store(parts: true)
        var checker = PlaylistChecker()
        func text(_ store: SegmentStore) throws -> String {
            let text = try #require(store.playlist()).text
            #expect(checker.check(text) == [])
            return text
        }
        for index in 0..<8 {
            let isIndependent = index != 2
            store.segmentBegan(
                wallClock: Int64(index) * 2_000_000_000, isDiscontinuity: index == 0, isIndependent: isIndependent,
                at: Self.time(Double(index * 2)))
            for part in 0..<4 {
                store.partEnded(
                    ByteBuffer(string: "part \(part) of \(index);"), duration: .milliseconds(500),
                    isIndependent: part == 0 && isIndependent)
            }
            if index > 0 { #expect(try text(store).contains("INDEPENDENT-SEGMENTS") == (index < 2)) }
            store.segmentEnded(
                nil, duration: .seconds(2), longestGroup: .seconds(4), at: Self.time(Double(index * 2 + 2)))
            #expect(try text(store).contains("INDEPENDENT-SEGMENTS") == (index < 2))
        }
        #expect(checker.dependentVersions > 0)
    }

    @Test("The last segment that players can begin with stays, up to four times as many as are listed else")
    func beginning() throws {
        var store = Self.store()
        for index in 0..<30 {
            store.segmentBegan(
                wallClock: Int64(index) * 2_000_000_000, isDiscontinuity: false,
                isIndependent: index == 0 || index == 9,
                at: Self.time(Double(index * 2)))
            store.segmentEnded(
                ByteBuffer(repeating: 7, count: 10), duration: .seconds(2), longestGroup: .seconds(2),
                at: Self.time(Double(index * 2)))
            if index == 8 { #expect(store.listed.count == 9) }
            if index == 9 { #expect(store.listed.map(\.number) == Array(1007...1009)) }
        }
        #expect(store.listed.count == 3, "there was nothing to keep them for")
    }

    @Test(
        "The target is chosen for the groups to come, from the first of them",
        arguments: [
            (2000, 1000, 1000, 2), (2000, 1500, 1500, 3), (2000, 10_000, 10_000, 10), (2000, 0, 917, 2),
            (500, 200, 1000, 1),
            (2000, 1920, 1920, 2), (6000, 4000, 4000, 8), (2000, 18_000, 6000, 12), (20_000, 18_000, 6000, 20),
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
        #expect(!store.isTooFarAhead(1004, part: 5) && store.isTooFarAhead(1004, part: 6))
        #expect(!store.isTooFarAhead(1002, part: 50), "who is behind is told what there is")
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
