import Logging
import Media
import NIOCore
import Reflector
import TestSupport
import Testing

@testable import HLS

@Suite struct HLSServiceTests {
    @Test("The first request is held until there is a segment: a playlist without one ends Chromium's player")
    func firstRequest() async throws {
        let relay = FakeRelay()
        async let playlist = relay.playlist()
        let source = try await relay.source()
        var camera = SimulatedCamera()
        source.play(&camera, for: 0.9, isNew: true)
        source.play(&camera, for: 1.3)
        let read = try await playlist
        #expect(read.whole.count == 1)
        #expect(read.whole.first?.uri?.hasSuffix(".ts") == true)
        let uri = try #require(read.whole.first?.uri)
        let bytes = try await relay.get(uri).media
        // 50 pictures of which one is a key frame, and the sound of their time.
        #expect(bytes.readableBytes == 54 * 4000 + 100 * 160)
        await relay.service.close()
    }

    @Test("Those are viewers who ask for the playlist and can be told apart, until they do not ask for a while")
    func viewers() async throws {
        let relay = FakeRelay()
        async let playlist = relay.get("video.m3u8", HLSQuery(viewer: 1))
        let source = try await relay.source()
        var camera = SimulatedCamera()
        source.play(&camera, for: 3, isNew: true)
        _ = try await ReadPlaylist(parsing: await playlist.text)
        for viewer in [1, 2, nil] { _ = await relay.get("index.m3u8", HLSQuery(viewer: viewer)) }
        for viewer in [1, 2, nil] { _ = await relay.get("video.m3u8", HLSQuery(viewer: viewer)) }
        #expect(await relay.service.viewers(of: FakeRelay.gate) == 2)
        relay.pass(4)
        _ = await relay.get("video.m3u8", HLSQuery(viewer: 2))
        relay.pass(4)
        try await eventually { await relay.service.viewers(of: FakeRelay.gate) == 1 ? true : nil }
        await relay.service.close()
        #expect(await relay.service.viewers(of: FakeRelay.gate) == 0)
    }

    @Test("The first request is held until there are three segments: with fewer Chromium ends its player too")
    func threeSegments() async throws {
        let relay = FakeRelay(firstSegments: 3)
        async let playlist = relay.playlist()
        let source = try await relay.source()
        var camera = SimulatedCamera()
        source.play(&camera, for: 6.5, isNew: true)
        #expect(try await playlist.whole.count >= 3)
        await relay.service.close()
    }

    @Test("A camera that does not come in time is 503, and asked for again and again")
    func absent() async throws {
        let relay = FakeRelay()
        relay.state.change { $0.absent = [FakeRelay.gate] }
        async let answer = relay.get("index.m3u8")
        _ = try await eventually { relay.state.value.opened[FakeRelay.gate] ?? 0 > 1 ? true : nil }
        let passing = relay.letTimePass(by: 21)
        #expect(await answer.kind == "unavailable")
        passing.cancel()
        await relay.service.close()
    }

    @Test(
        "What there is not is not there, and wakes nothing", arguments: ["1.ts", "init-1.mp4", "5-1.m4s", "../x", ""])
    func notThere(file: String) async throws {
        let relay = FakeRelay()
        #expect(await relay.get(file).kind == "notFound")
        #expect(await relay.get("index.m3u8", of: StreamPath("yard")!).kind == "notFound")
        #expect(relay.state.value.opened.isEmpty)
    }

    @Test("Pictures that players of HLS do not know are refused with the reason")
    func unsupported() async throws {
        let relay = FakeRelay()
        async let answer = relay.get("index.m3u8")
        let track = TrackDescription.packetized(.mjpeg)
        try await relay.source().send([.tracks([StreamTrack(index: 0, description: track, ssrc: 1)])])
        guard case .unsupported(let reason) = await answer else { return #expect(Bool(false)) }
        #expect(reason.contains("MJPEG"))
        await relay.service.close()
    }

    @Test("Nobody asks any more: the stream is let go, and its numbers go on from there when it comes back")
    func linger() async throws {
        let relay = FakeRelay(HLSConfiguration(linger: .seconds(30)))
        var camera = SimulatedCamera()
        async let first = relay.playlist()
        try await relay.source().play(&camera, for: 30, isNew: true)
        // Fifteen segments, of which the last one waits for the next key frame.
        let start = SequenceNumbers.first(at: SimulatedCamera.start + 1_000_000_000_000, after: nil)
        let last = try await eventually { [relay] in
            let last = try await relay.playlist().lastSequence
            return last == Int(start) + 13 ? last : nil
        }
        _ = try await first
        relay.pass(29)
        #expect(try await relay.playlist().lastSequence == last)
        relay.pass(31)
        let source = try await relay.source()
        _ = try await eventually { source.isEnded ? true : nil }
        // The clock has gone back: numbers do not.
        relay.pass(-900)
        async let second = relay.playlist()
        try await relay.source(number: 2).play(&camera, for: 6, isNew: true)
        let back = try await second
        #expect(back.mediaSequence > last)
        #expect(back.whole.first?.isDiscontinuity == true)
        await relay.service.close()
    }

    @Test(
        "A source that is lost and comes back goes on in the same playlist, behind a discontinuity",
        arguments: [false, true])
    func lostAndBack(endsEvents: Bool) async throws {
        let relay = FakeRelay(HLSConfiguration(playlistLength: 20))
        var camera = SimulatedCamera()
        async let first = relay.playlist()
        let source = try await relay.source()
        source.play(&camera, for: 6.2, isNew: true)
        let before = try await first
        if endsEvents { source.end() } else { source.send(camera.restart(after: 20)) }
        let after = endsEvents ? try await relay.source(number: 2) : source
        if endsEvents { _ = camera.restart(after: 20) }
        after.play(&camera, for: 6.2, isNew: endsEvents)
        let read = try await eventually { [relay] in
            let read = try await relay.playlist()
            return read.whole.filter(\.isDiscontinuity).count == 2 ? read : nil
        }
        #expect(read.mediaSequence == before.mediaSequence)
        await relay.service.close()
    }

    @Test("What was whole when the camera was lost is published then, and not when it comes back")
    func lastPiece() async throws {
        let relay = FakeRelay(HLSConfiguration(playlistLength: 20))
        var camera = SimulatedCamera()
        async let first = relay.playlist()
        let source = try await relay.source()
        source.play(&camera, for: 7.2, isNew: true)
        _ = try await first
        source.send([.discontinuity])
        let read = try await eventually { [relay] in
            let read = try await relay.playlist()
            return read.whole.count == 4 ? read : nil
        }
        #expect(read.whole.last.map { (1_100_000...1_300_000).contains($0.duration) } == true)
        await relay.service.close()
    }

    @Test("A life ends at once, also where its camera does not answer: the next one need not wait for it")
    func unanswered() async throws {
        let unanswered = Locked<CheckedContinuation<Void, Never>?>(nil)
        let works = StreamWorks.fake {
            await withCheckedContinuation { continuation in unanswered.change { $0 = continuation } }
            return FakeSource()
        }
        let seconds = Locked(1000)
        let stream = HLSStream(
            path: FakeRelay.gate, configuration: HLSConfiguration(linger: .seconds(30)), heritage: nil,
            clock: StreamClock(
                now: { .uptimeNanoseconds(UInt64(seconds.value) * 1_000_000_000) },
                wallClock: { SimulatedCamera.start }, random: { 4 }),
            works: works, renditions: RenditionBoard(),
            logger: Logger(label: "hls", factory: { _ in SwiftLogNoOpLogHandler() }))
        let life = Task { await stream.run() }
        _ = try await eventually { unanswered.value == nil ? nil : true }
        seconds.change { $0 += 60 }
        _ = await life.value
        #expect(await stream.resource("video.m3u8", HLSQuery()) == nil, "the next life has to be asked")
        unanswered.value?.resume()
    }

    @Test("What one has asked for is at hand for the others until something changes, and they count as viewers")
    func atHand() async throws {
        let relay = FakeRelay(HLSConfiguration(playlistLength: 20))
        func atHand(_ file: String, _ query: HLSQuery = HLSQuery()) -> HLSResource? {
            relay.service.atHand(FakeRelay.gate, file: file, query: query)
        }
        #expect(atHand("video.m3u8") == nil, "it wakes nobody")
        var camera = SimulatedCamera()
        async let first = relay.playlist(FakeRelay.gate, HLSQuery(viewer: 1))
        let source = try await relay.source()
        source.play(&camera, for: 8.2, isNew: true)
        _ = try await first
        let read = try await eventually { [relay] in
            let read = try await relay.playlist(FakeRelay.gate, HLSQuery(viewer: 1))
            return read.whole.count >= 4 ? read : nil
        }
        let last = try #require(read.whole.last?.uri)
        #expect(atHand(last) == nil, "nobody has fetched it")
        let bytes = try await relay.get(last).media
        #expect(try atHand(last).map { try $0.media } == bytes)
        let list = try #require(atHand("video.m3u8", HLSQuery(viewer: 2)))
        #expect(try ReadPlaylist(parsing: list.text).whole.last?.uri == last)
        #expect(await relay.service.viewers(of: FakeRelay.gate) == 2)
        #expect(atHand("video.m3u8", HLSQuery(mediaSequence: 1)) == nil, "it may have to be waited for")
        #expect(atHand("none.ts") == nil)

        source.play(&camera, for: 4)
        try await eventually { atHand("video.m3u8") == nil && atHand(last) == nil ? true : nil }
        #expect(try await relay.playlist().whole.last?.uri != last)
        #expect(atHand("video.m3u8") != nil)
        await relay.service.close()
        #expect(atHand("video.m3u8") == nil)
    }

    @Test("Sound that cannot be transcoded, or muxed, leaves the video alone", arguments: [false, true])
    func brokenSound(atMuxer: Bool) async throws {
        let relay = FakeRelay(breaksAtSound: atMuxer, breaksTranscoding: !atMuxer)
        var camera = SimulatedCamera()
        async let first = relay.get("index.m3u8")
        try await relay.source().play(&camera, for: 10, isNew: true)
        let text = try await first.text
        #expect(text.contains(atMuxer ? "CODECS=\"avc1.64001f,mp4a.40.2\"" : "CODECS=\"avc1.64001f\""))
        let read = try await eventually { [relay] in
            let read = try await relay.playlist()
            return read.whole.count >= 4 ? read : nil
        }
        let uri = try #require(read.whole.first?.uri)
        let bytes = try await relay.get(uri).media
        #expect(bytes.readableBytes == 54 * 4000)
        await relay.service.close()
    }

    @Test("The playlist of variants has the stream as measured and the sub stream as described, without waking it")
    func variants() async throws {
        var small = SimulatedCamera()
        small.configuration = 1
        let relay = FakeRelay(paths: [FakeRelay.gate, FakeRelay.sub], known: small.tracks)
        var camera = SimulatedCamera()
        async let answer = relay.get("index.m3u8")
        try await relay.source().play(&camera, for: 7, isNew: true)
        let lines = try await answer.text.split(separator: "\n").map(String.init)
        let infos = lines.filter { $0.hasPrefix("#EXT-X-STREAM-INF:") }
        #expect(infos.count == 2)
        // 54 × 4000 bytes of pictures and 16000 of sound in two seconds.
        #expect(infos.first?.contains("BANDWIDTH=928000,AVERAGE-BANDWIDTH=928000") == true, "\(lines)")
        #expect(infos.first?.contains("RESOLUTION=1280x720,FRAME-RATE=25.000") == true, "\(lines)")
        #expect(infos.last?.contains("CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=640x360") == true, "\(lines)")
        #expect(lines.filter { !$0.hasPrefix("#") } == ["video.m3u8", "sub/video.m3u8"])
        #expect(relay.state.value.opened[FakeRelay.sub] == nil)
        await relay.service.close()
    }

    @Test("Closing answers whoever waits")
    func closing() async throws {
        let relay = FakeRelay()
        async let answer = relay.get("video.m3u8")
        _ = try await relay.source()
        await relay.service.close()
        #expect(await answer.kind == "unavailable")
        #expect(await relay.get("video.m3u8").kind == "unavailable")
    }

    @Test("With always, segments are there before anybody asks, and stay")
    func always() async throws {
        let relay = FakeRelay(HLSConfiguration(always: true))
        var camera = SimulatedCamera()
        try await relay.source().play(&camera, for: 7, isNew: true)
        relay.pass(3600)
        #expect(try await relay.playlist().whole.count >= 1)
        #expect(relay.state.value.opened[FakeRelay.gate] == 1)
        await relay.service.close()
    }
}
