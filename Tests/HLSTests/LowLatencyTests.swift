import Media
import NIOCore
import Reflector
import TestSupport
import Testing

@testable import HLS

@Suite struct LowLatencyTests {
    private static let configuration = HLSConfiguration(
        partDuration: .milliseconds(500), playlistLength: 10, linger: .hours(24))

    private func begun(_ camera: inout SimulatedCamera, for seconds: Double = 8.1) async throws -> (
        FakeRelay, FakeSource, ReadPlaylist
    ) {
        let relay = FakeRelay(Self.configuration)
        async let first = relay.playlist()
        let source = try await relay.source()
        source.play(&camera, for: seconds, isNew: true)
        _ = try await first
        let read = try await eventually { [relay] in
            let read = try await relay.playlist()
            return read.whole.count == Int(seconds / 2) ? read : nil
        }
        return (relay, source, read)
    }

    @Test("A reload waits for the part that it asks for, and a request for the part that was hinted at waits with it")
    func blocking() async throws {
        var camera = SimulatedCamera()
        let (relay, source, before) = try await begun(&camera)
        #expect(before.version == 9)
        let hint = try #require(before.preloadHint)
        let next = before.lastSequence + 1
        #expect(hint == "\(next)-0.m4s")
        async let reload = relay.playlist(FakeRelay.gate, HLSQuery(mediaSequence: Int64(next), part: 0))
        async let part = relay.get(hint)
        source.play(&camera, for: 0.7)
        let after = try await reload
        #expect(after.segments.last?.uri == nil)
        #expect(after.segments.last?.parts.first?.uri == hint)
        #expect(after.segments.last?.parts.first?.isIndependent == true)
        #expect(try await part.media.readableBytes > 12 * 4000)
        async let whole = relay.playlist(FakeRelay.gate, HLSQuery(mediaSequence: Int64(next)))
        source.play(&camera, for: 2)
        #expect(try await whole.lastSequence == next)
        let segment = try await relay.get("\(next).m4s").media
        #expect(segment.readableBytes == 54 * 4000 + 100 * 160)
        await relay.service.close()
    }

    @Test("What is too far ahead, or makes no sense, is refused at once")
    func refused() async throws {
        var camera = SimulatedCamera()
        let (relay, _, read) = try await begun(&camera)
        let last = Int64(read.lastSequence)
        for query in [
            HLSQuery(mediaSequence: last + 3), HLSQuery(part: 1), HLSQuery(mediaSequence: -1),
            HLSQuery(mediaSequence: last + 1, part: 6), HLSQuery(mediaSequence: .max, part: .max),
        ] {
            #expect(await relay.get("video.m3u8", of: FakeRelay.gate, query).kind == "badRequest", "\(query)")
        }
        #expect(await relay.get("\(last + 1)-1.m4s").kind == "notFound")
        #expect(try await relay.playlist(FakeRelay.gate, HLSQuery(mediaSequence: 0)).lastSequence == Int(last))
        await relay.service.close()
    }

    @Test("A reload is given up after three target durations, and a part that never comes is not there")
    func patience() async throws {
        var camera = SimulatedCamera()
        let (relay, source, read) = try await begun(&camera)
        async let reload = relay.get(
            "video.m3u8", of: FakeRelay.gate, HLSQuery(mediaSequence: Int64(read.lastSequence) + 1))
        let waiting = Task {
            await relay.get("video.m3u8", of: FakeRelay.gate, HLSQuery(mediaSequence: Int64(read.lastSequence) + 2))
        }
        waiting.cancel()
        #expect(await waiting.value.kind == "unavailable", "who is gone is not waited for")
        let hint = try #require(read.preloadHint)
        async let part = relay.get(hint)
        let passing = relay.letTimePass(by: 6.1)
        #expect(await reload.kind == "unavailable")
        #expect(await part.kind == "unavailable")
        passing.cancel()
        source.play(&camera, for: 2)
        _ = try await eventually { [relay] in
            try await relay.playlist().lastSequence > read.lastSequence ? true : nil
        }
        await relay.service.close()
    }

    @Test("Each of two renditions tells how far the other is, once both are watched")
    func reports() async throws {
        let relay = FakeRelay(Self.configuration, paths: [FakeRelay.gate, FakeRelay.sub])
        var camera = SimulatedCamera()
        async let main = relay.playlist()
        try await relay.source().play(&camera, for: 6.1, isNew: true)
        #expect(try await main.reports.isEmpty)
        async let sub = relay.playlist(FakeRelay.sub)
        var other = SimulatedCamera()
        try await relay.source(FakeRelay.sub).play(&other, for: 6.1, isNew: true)
        let reports = try await sub.reports
        let report = try #require(reports.first)
        #expect(report["URI"] == "../video.m3u8")
        let known = try #require(Int(report["LAST-MSN"] ?? ""))
        #expect(known >= (try await main.mediaSequence))
        #expect(report["LAST-PART"] != nil)
        await relay.service.close()
    }
}
