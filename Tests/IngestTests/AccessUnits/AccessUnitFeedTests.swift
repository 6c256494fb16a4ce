import LibAV
import Media
import NIOCore
import Reflector
import Testing

@Suite("AccessUnitFeed")
struct AccessUnitFeedTests {
    private static let picture = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=4"]
    private static let tone = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=4"]

    /// What comes of a feed until there are as many units as that, or nothing comes any more.
    private func read(_ feed: AccessUnitFeed, units count: Int) async -> (
        units: [AccessUnit], other: [AccessUnitFeed.Event]
    ) {
        var units: [AccessUnit] = []
        var other: [AccessUnitFeed.Event] = []
        for await event in feed.events {
            if case .units(let new) = event { units += new } else { other.append(event) }
            if units.count >= count { break }
        }
        return (units, other)
    }

    @Test(
        "I19 what ffmpeg encoded comes out byte for byte and tick for tick, with its times of decoding, and sound in step",
        arguments: [
            ("x264 with B pictures, AAC", ["-c:v", "libx264", "-g", "25", "-bf", "3", "-c:a", "aac"], "a.mp4"),
            (
                "x264 without, G.711",
                ["-c:v", "libx264", "-tune", "zerolatency", "-g", "25", "-c:a", "pcm_mulaw", "-ar", "8000"], "a.mov"
            ),
            (
                "x265 with B pictures, AAC",
                ["-c:v", "libx265", "-x265-params", "log-level=error:keyint=25", "-tag:v", "hvc1", "-c:a", "aac"],
                "a.mp4"
            ),
        ])
    func truth(name: String, encoding: [String], file: String) async throws {
        let run = try await MovieRun(Self.picture + Self.tone + encoding, name: file)
        try await run.publish()
        let feed = AccessUnitFeed(run.stream, knowing: try await snapshot(run))
        #expect(try await run.stream.viewerCount().get() == 1)
        #expect(try await run.stream.status().get().viewers == 0, "whom it serves is counted elsewhere")
        try await run.send(run.units.indices)
        try await run.endPublication()

        // Sound before the first picture, and what is cut off at the end, are nothing to be compared.
        let begin = try #require(run.places(of: 0).first)
        let wanted = run.units.indices.filter { $0 >= begin }
        let (units, other) = await read(feed, units: wanted.count - 2)
        #expect(other.count == 1, "tracks, and nothing else")
        for track in 0..<2 {
            let places = wanted.filter { run.units[$0].track == track }
            let made = units.filter { $0.track == track }
            #expect(made.count >= places.count - 2 && made.count > 90)
            let areEqual = zip(made, places).allSatisfy { $0.payload == run.payload($1) }
            #expect(areEqual)
            let (first, firstPlace) = (try #require(made.first), try #require(places.first))
            let zero = run.ticks(run.units[firstPlace].presentationTime, of: track) - first.presentationTime
            for (unit, place) in zip(made, places) {
                let meant = run.units[place]
                #expect(abs(run.ticks(meant.presentationTime, of: track) - zero - unit.presentationTime) <= 1)
                if track == 0 {
                    #expect(unit.decodeTime == run.ticks(meant.decodingTime, of: 0) - zero)
                    #expect(unit.isRandomAccess == meant.isKeyFrame)
                }
            }
        }
        let difference = try offset(units) - offset(run, wanted)
        #expect(abs(difference) < 0.001)
    }

    /// Seconds from the first picture to the first sound.
    private func offset(_ units: [AccessUnit]) throws -> Double {
        let (video, audio) = (units.first { $0.track == 0 }, units.first { $0.track == 1 })
        return Double(try #require(audio).wallClock - (try #require(video).wallClock)) / 1e9
    }

    private func offset(_ run: MovieRun, _ places: [Int]) throws -> Double {
        let video = try #require(places.first { run.units[$0].track == 0 })
        let audio = try #require(places.first { run.units[$0].track == 1 })
        return Double(run.units[audio].presentationTime - run.units[video].presentationTime) / 90_000
    }

    /// Whoever leaves does so on the loop, and is counted there behind that.
    private func viewersLeft(_ run: MovieRun) async throws -> Int {
        _ = try await run.stream.viewerCount().get()
        return try await run.stream.viewerCount().get()
    }

    private func snapshot(_ run: MovieRun) async throws -> StreamSnapshot {
        try await run.stream.describe(on: run.stream.homeLoop).get()
    }

    @Test(
        "Who comes late begins with the key picture of the group under way, at its own times, and goes on without a gap"
    )
    func late() async throws {
        let encoding = ["-c:v", "libx264", "-g", "50", "-bf", "3", "-c:a", "aac"]
        let run = try await MovieRun(Self.picture + Self.tone + encoding, name: "a.mp4")
        try await run.publish()
        let pictures = run.places(of: 0)
        try await run.send(0..<pictures[90])
        let feed = AccessUnitFeed(run.stream, knowing: try await snapshot(run))
        let count = try await run.stream.viewerCount().get()
        #expect(count == 1)
        try await run.send(pictures[90]..<pictures[99])
        let (units, _) = await read(feed, units: pictures[98] - pictures[50])
        let made = units.filter { $0.track == 0 }
        #expect(made.first?.isRandomAccess == true && made.first?.payload == run.payload(pictures[50]))
        #expect(made.count >= 48)
        let first = try #require(made.first)
        for (unit, place) in zip(made, pictures[50...]) {
            let meant = run.units[place].presentationTime - run.units[pictures[50]].presentationTime
            #expect(unit.presentationTime - first.presentationTime == meant)
        }
        // Sound of the whole group, too.
        #expect(units.filter { $0.track == 1 }.count > 80)
    }

    @Test("A picture that lost a packet, and those up to the next key picture, are left out behind a discontinuity")
    func losses() async throws {
        let encoding = ["-c:v", "libx264", "-g", "25", "-bf", "3", "-b:v", "2M", "-c:a", "aac"]
        let run = try await MovieRun(Self.picture + Self.tone + encoding, name: "a.mp4")
        try await run.publish()
        let feed = AccessUnitFeed(run.stream, knowing: try await snapshot(run))
        _ = try await run.stream.viewerCount().get()
        let pictures = run.places(of: 0)
        let lost = pictures[30]
        try await run.send(run.units.indices) { $0 == lost }
        try await run.endPublication()
        let (units, other) = await read(feed, units: run.units.count - 20 - 4)
        let made = units.filter { $0.track == 0 }
        let expected = (pictures[..<30] + pictures[50...]).map { run.payload($0) }
        #expect(made.count > 75)
        let areEqual = zip(made, expected).allSatisfy { $0.payload == $1 }
        #expect(areEqual)
        #expect(other.count == 2)
        guard case .discontinuity? = other.last else {
            Issue.record("no discontinuity")
            return
        }
    }

    @Test(
        "A feed counts as a viewer of a camera on demand; its end, and its release, give the camera back",
        arguments: [true, false])
    func onDemand(isReleased: Bool) async throws {
        let run = try await MovieRun(
            Self.picture + ["-c:v", "libx264", "-frames:v", "10"], name: "a.mp4",
            policy: StreamPolicy(onDemand: true, startTimeout: .minutes(5)))
        var demand = run.stream.demand.makeAsyncIterator()
        let described = run.stream.describe(on: run.stream.homeLoop)
        #expect(await demand.next() == true)
        try await run.publish()
        let snapshot = try await described.get()
        var feed: AccessUnitFeed? = AccessUnitFeed(run.stream, knowing: snapshot)
        var count = try await run.stream.viewerCount().get()
        #expect(count == 1)
        try await run.send(run.units.indices)
        let events = try #require(feed?.events)
        if isReleased { feed = nil } else { feed?.end() }
        count = try await viewersLeft(run)
        #expect(count == 0)
        // Nothing comes behind what was told first.
        var left = 0
        for await _ in events { left += 1 }
        #expect(left <= 1)
    }

    @Test("What is sent before the stream ends is read, and then the end, with its reason")
    func ended() async throws {
        let run = try await MovieRun(Self.picture + ["-c:v", "libx264", "-frames:v", "10"], name: "a.mp4")
        try await run.publish()
        let snapshot = try await snapshot(run)
        let feed = AccessUnitFeed(run.stream, knowing: snapshot)
        _ = try await run.stream.viewerCount().get()
        try await run.send(run.units.indices)
        try await run.stream.close().get()
        let (units, other) = await read(feed, units: .max)
        #expect(units.count >= 9)
        guard case .ended(let reason)? = other.last else {
            Issue.record("no end")
            return
        }
        #expect(!reason.isEmpty)
        // Who comes too late is told at once.
        let late = AccessUnitFeed(run.stream, knowing: snapshot)
        let (none, last) = await read(late, units: .max)
        #expect(none.isEmpty && last.count == 2)
    }

    @Test("A reader whose task is cancelled gives the subscription back")
    func cancelled() async throws {
        let run = try await MovieRun(Self.picture + ["-c:v", "libx264", "-frames:v", "10"], name: "a.mp4")
        try await run.publish()
        let feed = AccessUnitFeed(run.stream, knowing: try await snapshot(run))
        var count = try await run.stream.viewerCount().get()
        #expect(count == 1)
        let reader = Task { for await _ in feed.events {} }
        reader.cancel()
        await reader.value
        count = try await viewersLeft(run)
        #expect(count == 0)
    }
}
