import Media
import NIOCore
import TestSupport
import Testing

@testable import Reflector

@Suite("The wall clock of access units")
struct WallClockTests {
    /// A stream that somebody watches, its units put together as a feed would, and a wall clock that can be set.
    private final class Watched {
        let published: PublishedStream
        let viewer = RecordingSubscriber()
        private let clockStep: Locked<Int64>
        private var assembler: AccessUnitAssembler?
        private var read = 0
        private var timestamp: UInt32 = 0
        private var events: [AccessUnitFeed.Event] = []

        init() throws {
            let step = Locked(Int64(0))
            clockStep = step
            published = try PublishedStream(wallClock: { 1_700_000_000_000_000_000 + step.value })
            try published.publish([PublishedStream.video])
            published.stream.subscribe(viewer, on: published.loop)
        }

        /// Somebody sets the clock of this machine.
        func setClock(ahead seconds: Int64) {
            clockStep.change { $0 += seconds * 1_000_000_000 }
        }

        /// Pictures 40 ms apart, a key picture first; what units come of them.
        func send(_ count: Int) -> [AccessUnit] {
            for number in 0..<count {
                published.sendVideo(number == 0 ? NALUnit.idr : NALUnit.slice, timestamp: timestamp)
                timestamp &+= 3600
            }
            published.loop.run()
            var known =
                assembler
                ?? AccessUnitAssembler([StreamTrack(index: 0, description: PublishedStream.video, ssrc: 1)])
            events = viewer.bursts[read...].flatMap { known.receive($0) }
            assembler = known
            read = viewer.bursts.count
            return events.flatMap { event -> [AccessUnit] in
                if case .units(let units) = event { return units }
                return []
            }
        }

        /// By how many seconds the last unit is told to be older than it is.
        func age(_ units: [AccessUnit]) throws -> Double {
            let arrival = (published.now - .uptimeNanoseconds(5_000_000_000)).nanoseconds
            let truth = 1_700_000_000_000_000_000 + clockStep.value + arrival
            return Double(truth - (try #require(units.last)).wallClock) / 1e9
        }
    }

    @Test("After an outage with somebody watching, what comes is dated now, not earlier by the outage")
    func outage() throws {
        let watched = try Watched()
        #expect(abs(try watched.age(watched.send(50))) < 0.05)
        let before = try #require(watched.viewer.reports.last?.packets)
        watched.published.endPublication()
        watched.published.now = watched.published.now + .seconds(3600)
        try watched.published.publish([PublishedStream.video])
        let after = watched.send(100)
        #expect(after.count > 90)
        #expect(abs(try watched.age(after)) < 0.1)
        // Viewers of RTSP, who record, are told of no hole.
        let told = try #require(watched.viewer.reports.last?.packets)
        for case (.senderReport(let earlier), .senderReport(let later)) in zip(before, told) {
            #expect(later.ntp.unixNanoseconds - earlier.ntp.unixNanoseconds < 10_000_000_000)
        }
    }

    @Test("A clock that is set while the camera sends is followed within the time of a report")
    func set() throws {
        let watched = try Watched()
        #expect(abs(try watched.age(watched.send(50))) < 0.05)
        watched.setClock(ahead: 86_400)
        #expect(abs(try watched.age(watched.send(100))) < 0.1)
    }

    @Test("Of a source that is gone is told at once, and what it left unfinished is forgotten")
    func lost() throws {
        var assembler = AccessUnitAssembler([StreamTrack(index: 0, description: PublishedStream.video, ssrc: 1)])
        #expect(assembler.sourceLost().isEmpty, "nothing was given out")
        let watched = try Watched()
        _ = watched.send(50)
        var events: [AccessUnitFeed.Event] = []
        for burst in watched.viewer.bursts { events += assembler.receive(burst) }
        events = assembler.sourceLost()
        guard events.count == 1, case .discontinuity = events[0] else {
            Issue.record("\(events)")
            return
        }
    }
}
