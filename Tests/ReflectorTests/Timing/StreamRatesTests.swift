import Media
import NIOCore
import RTP
import Testing

@testable import Reflector

@Suite("What a stream sends in a second")
struct StreamRatesTests {
    /// Frames of 1000 octets, 40 ms apart, from zero on.
    private static func sent(_ seconds: Double, first: StreamRates.Counts = .init(octets: 0, frames: 0)) -> (
        rates: StreamRates, counts: StreamRates.Counts, last: NIODeadline
    ) {
        var rates = StreamRates()
        var counts = first
        var last = NIODeadline.uptimeNanoseconds(0)
        for index in 0..<Int(seconds * 25) {
            counts.octets &+= 1000
            counts.frames &+= 1
            last = .uptimeNanoseconds(UInt64(index) * 40_000_000)
            if rates.burstSent(at: last, frames: counts.frames) { rates.mark(counts, at: last) }
        }
        return (rates, counts, last)
    }

    @Test("Both rates are those of the last seconds, also where counters wrap", arguments: [0, UInt32.max - 20_000])
    func steady(octets: UInt32) throws {
        let sent = Self.sent(11, first: .init(octets: octets, frames: .max - 60))
        let rate = try #require(sent.rates.reading(sent.counts, at: sent.last + .milliseconds(30)))
        #expect(abs(rate.framesPerSecond - 25) < 0.01 && abs(rate.bitsPerSecond - 200_000) < 1)
        #expect(sent.rates.lastFrame == sent.last)
    }

    @Test("Nothing is told before a second has passed, and of a source that is silent less and less")
    func ends() throws {
        let young = Self.sent(0.8)
        #expect(young.rates.reading(young.counts, at: young.last) == nil)
        let silent = Self.sent(10)
        let after = [1, 3, 10, 100].map {
            silent.rates.reading(silent.counts, at: silent.last + .seconds($0))?.framesPerSecond ?? -1
        }
        #expect(after == after.sorted(by: >) && after[0] > 24 && after[1] < 20 && (0..<1).contains(after[3]))
    }

    @Test("A source that begins tells nothing of the one before")
    func restart() {
        var sent = Self.sent(10)
        sent.rates.restart()
        #expect(sent.rates.reading(sent.counts, at: sent.last) == nil)
        #expect(sent.rates.lastFrame == sent.last)
    }
}

@Suite struct StreamStatusTests {
    @Test("A stream that sends tells its tracks, viewers, rate and age; one that has lost its source tells why")
    func live() throws {
        let camera = try PublishedStream()
        #expect(try camera.status().source == .awaited)
        camera.stream.isDown(because: "no route to host")
        #expect(try camera.status().setback == "no route to host" && camera.status().source == .down)
        try camera.publish()
        camera.now = .uptimeNanoseconds(1_000_000_000)
        // Of two packets each; the clock of the status stands at five seconds.
        for index in 0..<98 {
            camera.add(
                track: 0, payload: [NALUnit.slice, 0x88] + [UInt8](repeating: 1, count: 98),
                timestamp: UInt32(index) * 3600, marker: false)
            camera.sendVideo(index == 0 ? NALUnit.idr : NALUnit.slice, timestamp: UInt32(index) * 3600)
        }
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        let status = try camera.status()
        #expect(status.source == .live && status.setback == nil && status.viewers == 1)
        #expect(status.tracks.map(\.description.primary.codec) == [.h264, .pcmu])
        let rate = try #require(status.rate)
        #expect(abs(rate.framesPerSecond - 25) < 1 && abs(rate.bitsPerSecond - 40_000) < 2000)
        #expect(status.age == .milliseconds(80))
        camera.endPublication()
        camera.stream.isDown(because: "the camera closed the connection")
        let lost = try camera.status()
        #expect(lost.source == .down && lost.setback == "the camera closed the connection")
        #expect(lost.rate == nil && lost.age == .milliseconds(80) && lost.tracks.count == 2)
    }

    @Test("A stream on demand that nobody wants says so")
    func asleep() throws {
        let camera = try PublishedStream(policy: StreamPolicy(onDemand: true))
        #expect(try camera.status() == StreamStatus(source: .unwanted))
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        #expect(try camera.status().source == .awaited)
    }

    @Test("One of several sources that is down is told of, as long as no other has the air")
    func candidates() throws {
        let camera = try PublishedStream()
        let places = camera.stream.candidates(2)
        places[1].isDown(because: "refused")
        #expect(try camera.status().setback == "refused")
    }
}

extension PublishedStream {
    /// As it is now.
    fileprivate func status() throws -> StreamStatus {
        let status = stream.status()
        loop.run()
        return try status.wait()
    }
}
