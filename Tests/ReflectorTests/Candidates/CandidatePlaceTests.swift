import Media
import NIOCore
import NIOEmbedded
import RTP
import Testing

@testable import Reflector

/// Two sources of one stream on an embedded loop, H.264 both.
private final class TwoSources {
    let loop = EmbeddedEventLoop()
    let stream: Stream
    let places: [CandidatePlace]
    var publications: [Publication?] = [nil, nil]
    var changes: [[CandidateChange]] = [[], []]
    let viewer = RecordingSubscriber()
    private var now = NIODeadline.uptimeNanoseconds(5_000_000_000)
    private var sequenceNumbers: [UInt16] = [10, 40_000]

    init() throws {
        stream = try Stream.embedded(on: loop)
        places = stream.candidates(2)
        for index in places.indices {
            places[index].onChange { [weak self] in self?.changes[index].append($0) }
        }
    }

    /// The first is on the air with a key frame, and somebody watches.
    static func watched() throws -> TwoSources {
        let two = try TwoSources()
        two.places[0].permission = .rescue
        try two.publish(0)
        two.send(0, NALUnit.idr)
        two.watch()
        return two
    }

    func publish(_ source: Int, _ tracks: [TrackDescription] = [PublishedStream.video]) throws {
        publications[source] = try places[source].publish(tracks: tracks, by: "test")
    }

    func end(_ source: Int) {
        publications[source]?.end()
        publications[source] = nil
    }

    func watch() {
        stream.subscribe(viewer, on: loop)
        loop.run()
    }

    /// One picture of a source; both have their own clock.
    func send(_ source: Int, _ unit: UInt8, after: TimeAmount = .milliseconds(40)) {
        now = now + after
        let ticks = UInt32(truncatingIfNeeded: (now.uptimeNanoseconds / 1000) * 9 / 100)
        publications[source]?.receive(
            RTPPacket(
                marker: true, payloadType: 96, sequenceNumber: SequenceNumber(sequenceNumbers[source]),
                timestamp: ticks &+ (source == 0 ? 0 : 3_000_000_000), ssrc: source == 0 ? 7 : 8,
                payload: ByteBuffer(bytes: [unit, 0x80 | UInt8(source)] + [UInt8](repeating: 0x55, count: 40))
            ),
            track: 0, at: now
        )
        sequenceNumbers[source] &+= 1
        publications[source]?.readEnded(at: now)
    }

    /// One packet of sound, of the second track.
    func sendSound(_ source: Int, after: TimeAmount = .milliseconds(20)) {
        now = now + after
        publications[source]?.receive(
            RTPPacket(
                marker: false, payloadType: 0, sequenceNumber: SequenceNumber(sequenceNumbers[source]),
                timestamp: UInt32(truncatingIfNeeded: now.uptimeNanoseconds / 125_000), ssrc: 9,
                payload: ByteBuffer(repeating: 0x7F, count: 160)),
            track: 1, at: now)
        sequenceNumbers[source] &+= 1
        publications[source]?.readEnded(at: now)
    }

    /// Which source each packet of the viewer came from.
    var origins: [UInt8] {
        viewer.packets(of: 0).map {
            $0.payload.getInteger(at: $0.payload.readerIndex + 1, as: UInt8.self).map { $0 & 0xF } ?? 9
        }
    }

    /// One SSRC, each packet right behind the one before, never more than `seconds` later.
    func expectOneLine(within seconds: Double) {
        let packets = viewer.packets(of: 0)
        #expect(Set(packets.map(\.ssrc)).count == 1)
        for (before, after) in zip(packets, packets.dropFirst()) {
            #expect(after.sequenceNumber.rawValue == before.sequenceNumber.rawValue &+ 1)
            let step = Int32(bitPattern: after.timestamp &- before.timestamp)
            #expect(step > 0 && Double(step) / 90_000 <= seconds, "\(step)")
        }
    }
}

@Suite("Several sources of one stream")
struct CandidatePlaceTests {
    @Test("The first packet of the first source is on the air, as with a single source")
    func begins() throws {
        let two = try TwoSources()
        two.places[0].permission = .rescue
        try two.publish(0)
        #expect(two.places[0].lastArrival == nil)
        two.send(0, NALUnit.slice)
        #expect(two.changes[0] == [.tookAir] && two.places[0].lastArrival != nil)
        #expect(two.places.map(\.hasAir) == [true, false])
    }

    @Test("A source without permission is looked at and not heard")
    func waits() throws {
        let two = try TwoSources()
        two.places[0].permission = .rescue
        try two.publish(0)
        try two.publish(1)
        two.send(0, NALUnit.idr)
        two.watch()
        two.send(1, NALUnit.slice)
        #expect(two.places[1].lastArrival != nil && !two.places[1].hasShownStart)
        two.send(1, NALUnit.idr)
        two.send(0, NALUnit.slice)
        #expect(two.places[1].hasShownStart && two.changes[1] == [])
        #expect(two.origins == [0, 0])
    }

    @Test("Another one takes the air at its key frame, with the SSRC and behind the timestamps of the one before")
    func takesOver() throws {
        let two = try TwoSources.watched()
        two.send(0, NALUnit.slice)
        try two.publish(1)
        two.places[1].permission = .relieve
        two.send(1, NALUnit.slice)
        two.send(0, NALUnit.slice, after: .zero)
        two.send(1, NALUnit.idr)
        two.send(0, NALUnit.slice, after: .zero)
        two.send(1, NALUnit.slice)
        #expect(two.origins == [0, 0, 0, 1, 1])
        #expect(!two.viewer.hasEnded)
        two.expectOneLine(within: 0.05)
        #expect(two.places[0].hasShownStart == false, "the old one has to show a key frame before it may return")
        two.places[0].permission = .relieve
        two.send(0, NALUnit.slice)
        two.send(0, NALUnit.idr)
        #expect(two.origins.suffix(2) == [1, 0])
        #expect(two.changes == [[.tookAir, .tookAir], [.tookAir]])
        two.expectOneLine(within: 0.05)
    }

    @Test("A silent one that was followed does not come back by itself, however much it sends")
    func silentOneReturns() throws {
        let two = try TwoSources.watched()
        try two.publish(1)
        two.places[1].permission = .rescue
        two.send(1, NALUnit.idr, after: .seconds(2))
        two.places[0].permission = .none
        for _ in 0..<5 { two.send(0, NALUnit.idr) }
        #expect(two.origins == [0, 1])
        two.expectOneLine(within: 0.05)
    }

    @Test("The end of the source on the air is told; the end of another one touches nobody")
    func ends() throws {
        let two = try TwoSources.watched()
        try two.publish(1)
        two.end(1)
        two.send(0, NALUnit.slice)
        #expect(two.changes == [[.tookAir], [.ended]] && two.origins == [0, 0])
        two.end(0)
        #expect(two.changes[0] == [.tookAir, .ended] && two.places[0].lastArrival == nil)
        two.places[1].permission = .rescue
        try two.publish(1)
        two.send(1, NALUnit.slice)
        two.send(1, NALUnit.idr)
        #expect(two.origins == [0, 0, 1])
    }

    @Test("A source with other tracks takes the air too, and viewers have to ask again")
    func otherTracks() throws {
        let two = try TwoSources.watched()
        try two.publish(1, [PublishedStream.video, PublishedStream.audio])
        two.places[1].permission = .rescue
        two.send(1, NALUnit.idr)
        #expect(two.viewer.hasEnded && two.changes[1] == [.tookAir])
    }

    @Test("One publication at a time in a place, and none without tracks or in a closed stream")
    func refusals() throws {
        let two = try TwoSources()
        try two.publish(0)
        #expect(throws: StreamError.self) { try two.places[0].publish(tracks: [PublishedStream.video], by: "x") }
        #expect(throws: StreamError.self) { try two.places[1].publish(tracks: [], by: "x") }
        _ = two.stream.close()
        two.loop.run()
        #expect(throws: StreamError.self) { try two.places[1].publish(tracks: [PublishedStream.video], by: "x") }
        two.places[0].permission = .rescue
        two.send(0, NALUnit.idr)
        #expect(two.changes[0] == [])
    }

    @Test("One that never shows a key frame is let through, late where another one is on the air")
    func noKeyFrames() throws {
        let two = try TwoSources.watched()
        try two.publish(1)
        two.places[1].permission = .relieve
        two.send(1, NALUnit.slice)
        two.send(1, NALUnit.slice, after: .seconds(60))
        #expect(two.origins == [0])
        two.places[1].permission = .rescue
        two.send(1, NALUnit.slice)
        two.send(1, NALUnit.slice, after: .seconds(12))
        #expect(two.origins == [0])
        two.send(1, NALUnit.slice)
        #expect(two.origins == [0, 1])
    }

    @Test("One that has shown a key frame shows another: a rescue waits for it")
    func rareKeyFrames() throws {
        let two = try TwoSources.watched()
        try two.publish(1)
        two.send(1, NALUnit.idr)
        two.send(1, NALUnit.slice, after: .seconds(15))
        two.places[1].permission = .rescue
        two.send(1, NALUnit.slice)
        two.send(1, NALUnit.slice, after: .seconds(20))
        #expect(two.origins == [0])
        two.send(1, NALUnit.idr)
        #expect(two.origins == [0, 1])
    }

    @Test("Where nobody watches nobody waits for a key frame, the second time no more than the first")
    func unwatched() throws {
        let two = try TwoSources()
        two.places[0].permission = .rescue
        for times in 1...3 {
            try two.publish(0)
            two.send(0, NALUnit.slice)
            #expect(two.changes[0].count { $0 == .tookAir } == times)
            two.end(0)
        }
        two.watch()
        try two.publish(0)
        two.send(0, NALUnit.slice)
        #expect(!two.places[0].hasAir)
        two.send(0, NALUnit.idr)
        #expect(two.places[0].hasAir)
    }

    @Test("Two that send sound alone, though they describe pictures, do not take the air from each other")
    func soundAlone() throws {
        let two = try TwoSources()
        for source in 0...1 {
            two.places[source].permission = .rescue
            try two.publish(source, [PublishedStream.video, PublishedStream.audio])
        }
        for _ in 0..<20 {
            two.sendSound(0, after: .seconds(10))
            two.sendSound(1)
        }
        #expect(two.changes == [[.tookAir], []])
    }

    @Test("A relay that one source is asked through may have what another one sends, and not what comes through it")
    func relays() throws {
        let two = try TwoSources()
        let other = RelayChain(["heliograph-other"])
        two.places[1].sourceIsAsked(through: other)
        let waits = two.stream.describe(on: two.loop, for: other)
        two.loop.run()
        two.places[0].permission = .rescue
        try two.publish(0)
        two.send(0, NALUnit.idr)
        two.loop.run()
        #expect(try waits.wait().via == .direct)
        two.end(0)

        let publication = try two.places[1].publish(tracks: [PublishedStream.video], by: "test", via: other)
        two.publications[1] = publication
        two.places[1].permission = .rescue
        two.send(1, NALUnit.idr)
        let answer = two.stream.describe(on: two.loop, for: other)
        two.loop.run()
        #expect(throws: StreamError.loop(two.stream.path)) { try answer.wait() }
        two.end(1)
    }
}
