import Logging
import Media
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import Reflector
import TestSupport
import Testing

@testable import Ingest

@Suite("A playlist that plays")
struct PlaylistSourceTests {
    private static let video = TrackDescription.packetized(
        .h264,
        configuration: .h264(
            sequenceParameterSets: [SyntheticH264.sequenceParameterSet],
            pictureParameterSets: [SyntheticH264.pictureParameterSet]))
    private static let sound = TrackDescription.packetized(.pcma, clockRate: 8000, channels: 1)
    private static let otherSound = TrackDescription.packetized(.pcmu, clockRate: 8000, channels: 1)

    /// A stream on a loop whose time stands still until it is told to go on, and what it plays.
    private final class Bench {
        let loop = EmbeddedEventLoop()
        let input = ReadAhead()
        let stream: Reflector.Stream
        let source: PlaylistSource
        let record = Locked(ViewerRecord())
        let log = LogRecord()

        init(onDemand: Bool = false) throws {
            loop.advanceTime(by: .seconds(10))
            let loop = self.loop
            let bound = NIOLoopBound(loop, eventLoop: loop)
            let numbers = Locked<UInt32>(7)
            stream = Reflector.Stream(
                path: try #require(StreamPath("channel")), homeLoop: loop, policy: StreamPolicy(onDemand: onDemand),
                clock: StreamClock(
                    now: { bound.value.now }, wallClock: { 1_790_000_000_000_000_000 },
                    random: {
                        numbers.change {
                            $0 &+= 1_000_003; return $0
                        }
                    }), logger: log.logger)
            source = PlaylistSource(
                stream: stream, playing: input, wallClock: { 1_790_000_000 }, logger: log.logger)
        }

        /// Plays a movie of these tracks, whose first picture has gone out, and somebody watches.
        static func watched(playing path: String = "a.mp4", _ tracks: [TrackDescription]) throws -> Bench {
            let bench = try Bench()
            bench.source.begin()
            bench.movie(path, tracks)
            bench.picture(0, key: true)
            bench.loop.run()
            bench.watch()
            return bench
        }

        func watch() { stream.subscribe(RecordingViewer(record: record), on: loop) }

        func movie(_ path: String, _ tracks: [TrackDescription]) {
            var progress = PlaylistProgress(order: .looped)
            progress.begin([PlaylistEntry(path: path)])
            let position = PlaylistPosition(entry: PlaylistEntry(path: path), progress: progress, movieTime: nil)
            #expect(input.append(.movie(position, tracks: tracks)))
        }

        func picture(_ time: Int64, key: Bool = false) {
            let slice = key ? SyntheticH264.keyPicture(identifier: 0) : SyntheticH264.skippedPicture(frameNumber: 1)
            let sets = key ? [SyntheticH264.sequenceParameterSet, SyntheticH264.pictureParameterSet] : []
            append(0, time, sets + [slice])
        }

        func sound(_ time: Int64, track: Int = 1) { append(track, time, [[UInt8](repeating: 0x55, count: 160)]) }

        private func append(_ track: Int, _ time: Int64, _ parts: [[UInt8]]) {
            let unit = PlaylistUnit(
                track: track, presentationTime: time, decodingTime: time, movieTime: time % 90_000,
                parts: parts.map { ByteBuffer(bytes: $0) })
            #expect(input.append(.unit(unit)))
        }

        func packets(_ track: Int) -> [ViewerRecord.Packet] { record.value.packets.filter { $0.track == track } }

        deinit {
            source.stop()
            _ = stream.close()
            try? loop.syncShutdownGracefully()
        }
    }

    @Test("Pictures and sounds go out when they are due, in order of time whatever the order of the file")
    func pacing() throws {
        let bench = try Bench()
        bench.movie("a.mp4", [Self.video, Self.sound])
        for index in 0..<10 { bench.picture(Int64(index) * 3600, key: index == 0) }
        for index in 0..<20 { bench.sound(Int64(index) * 1800) }
        bench.source.begin()
        bench.watch()
        bench.loop.run()
        for step in 1..<20 {
            bench.loop.advanceTime(by: .milliseconds(20))
            #expect(bench.packets(1).count == step, "at \(step * 20) ms")
        }
        #expect(bench.packets(1).map(\.timestamp).steps == Array(repeating: 160, count: 18))
        #expect(bench.packets(0).filter(\.marker).count == 9)
        #expect(bench.input.take(dueBy: nil).isEmpty)
    }

    @Test("Over a joint of movies that are alike, SSRC, numbers and times run on, and nobody is ended")
    func joint() throws {
        let bench = try Bench()
        bench.source.begin()
        for film in 0..<3 {
            bench.movie("\(film).mp4", [Self.video])
            for index in 0..<5 { bench.picture(Int64(film * 5 + index) * 3600, key: index == 0) }
        }
        bench.loop.run()
        bench.watch()
        bench.loop.advanceTime(by: .seconds(1))
        let packets = bench.packets(0)
        #expect(packets.filter(\.marker).count == 14, "the first went before the viewer came")
        #expect(Set(packets.map(\.ssrc)).count == 1)
        #expect(zip(packets, packets.dropFirst()).allSatisfy { $1.sequenceNumber == $0.sequenceNumber &+ 1 })
        #expect(packets.filter(\.marker).map(\.timestamp).steps == Array(repeating: 3600, count: 13))
        #expect(bench.record.value.endings == 0 && bench.log.lines.count { $0.hasPrefix("info camera up") } == 1)
        #expect(bench.source.position?.entry.path == "2.mp4" && bench.source.position?.movieTime == 14 * 3600)
    }

    @Test("A movie of other tracks ends the viewers, and plays for those who ask again")
    func change() throws {
        let bench = try Bench()
        bench.source.begin()
        bench.movie("a.mp4", [Self.video, Self.sound])
        bench.picture(0, key: true)
        bench.sound(0)
        bench.loop.run()
        bench.watch()
        bench.movie("b.mp4", [Self.video, Self.otherSound])
        bench.picture(3600, key: true)
        bench.sound(3600)
        bench.loop.advanceTime(by: .milliseconds(100))
        #expect(bench.record.value.endings == 1)
        bench.watch()
        bench.picture(36_000)
        bench.sound(36_000)
        bench.loop.advanceTime(by: .seconds(1))
        #expect(bench.packets(1).map(\.payloadType) == [0])
        let described = bench.stream.describe(on: bench.loop)
        bench.loop.run()
        #expect(try described.wait().tracks.map(\.description.primary.codec) == [.h264, .pcmu])
    }

    @Test("When nothing can be played the stream has no source; the next movie goes on for the viewers who stayed")
    func outage() throws {
        let bench = try Bench.watched([Self.video])
        #expect(bench.input.append(.nothing))
        bench.loop.advanceTime(by: .seconds(30))
        #expect(bench.log.contains("error camera down"))
        bench.movie("a.mp4", [Self.video])
        bench.picture(3600, key: true)
        bench.picture(7200)
        bench.loop.advanceTime(by: .milliseconds(10))
        #expect(bench.packets(0).filter(\.marker).count == 1, "what follows is due 40 ms later, not at once")
        bench.loop.advanceTime(by: .milliseconds(40))
        #expect(bench.packets(0).filter(\.marker).count == 2 && bench.record.value.endings == 0)
    }

    @Test("The end of a list that does not loop ends its viewers, and nobody reads on")
    func over() throws {
        let bench = try Bench.watched([Self.video])
        #expect(bench.input.append(.over))
        bench.loop.run()
        #expect(bench.record.value.endings == 1 && bench.source.position == nil)
        #expect(try bench.source.ended.wait() == .over)
        #expect(!bench.input.append(.over))
    }

    @Test("A day of movies keeps to the clock, to the millisecond, and sound stays beside the picture")
    func day() throws {
        let bench = try Bench()
        bench.source.begin()
        // Little between the pictures, so that a day is quickly over.
        let step: Int64 = 30 * 90_000
        bench.movie("a.mp4", [Self.video, Self.sound])
        let begin = bench.loop.now
        for index in 0..<Int64(2880) {
            bench.picture(index * step, key: true)
            bench.sound(index * step)
            bench.loop.run()
            if index == 0 { bench.watch() }
            if index % 480 == 479 {
                bench.loop.advanceTime(to: begin + .seconds(30 * index) - .milliseconds(1))
                #expect(bench.packets(1).count == Int(index) - 1)
            }
            bench.loop.advanceTime(to: begin + .seconds(30 * index))
        }
        #expect(bench.packets(0).filter(\.marker).count == 2879 && bench.packets(1).count == 2879)
        let pictures = bench.packets(0).filter(\.marker).map(\.timestamp)
        let sounds = bench.packets(1).map(\.timestamp)
        #expect(Int64((pictures.last ?? 0) &- pictures[0]) == 2878 * step & 0xFFFF_FFFF)
        #expect(Int64((sounds.last ?? 0) &- sounds[0]) == 2878 * 30 * 8000)
    }

    @Test("What stops gives the stream back and says where it is")
    func stop() throws {
        let bench = try Bench()
        bench.source.begin()
        bench.movie("a.mp4", [Self.video])
        bench.picture(4500, key: true)
        bench.loop.run()
        bench.source.stop()
        bench.source.stop()
        #expect(bench.source.position?.movieTime == 4500 && bench.input.isClosed)
        #expect(try bench.source.ended.wait() == .stopped)
        #expect(throws: Never.self) { try bench.stream.publish(tracks: [Self.video], by: "another").end() }
    }

    @Test("Sound that a file keeps ten seconds behind its picture is left out, and the picture goes on in time")
    func soundTooLate() throws {
        let bench = try Bench.watched(playing: "a.avi", [Self.video, Self.sound])
        for index in 1...250 {
            bench.picture(Int64(index) * 3600)
            bench.loop.advanceTime(by: .milliseconds(40))
        }
        for index in 0..<250 { bench.sound(Int64(index) * 3600) }
        bench.loop.run()
        #expect((0...20).contains(bench.packets(1).count))
        bench.picture(251 * 3600)
        bench.loop.advanceTime(by: .milliseconds(40))
        #expect(bench.packets(0).filter(\.marker).count == 251)
    }

    @Test("What was stopped does not begin, and is let go")
    func beginAfterStop() throws {
        weak var kept: PlaylistSource?
        do {
            let bench = try Bench()
            kept = bench.source
            bench.source.stop()
            bench.source.begin()
        }
        #expect(kept == nil)
    }

    // MARK: What is read ahead

    private static func unit(_ track: Int, _ time: Int64, size: Int = 10) -> PlaylistEvent {
        let bytes = ByteBuffer(repeating: 1, count: size)
        return .unit(.init(track: track, presentationTime: time, decodingTime: time, movieTime: 0, parts: [bytes]))
    }

    @Test("Two seconds are read ahead, once each track has something; more waits, and who closes lets it go")
    func bounds() async throws {
        let ahead = ReadAhead()
        let position = PlaylistPosition(
            entry: PlaylistEntry(path: "a"), progress: PlaylistProgress(order: .once), movieTime: nil)
        #expect(ahead.append(.movie(position, tracks: [Self.video, Self.sound])))
        // The file has its sound three seconds behind its picture.
        for index in 0..<75 { #expect(ahead.append(Self.unit(0, Int64(index) * 3600))) }
        #expect(ahead.append(Self.unit(1, 0)))
        let written = Locked<[Bool]>([])
        #expect(
            OwnThread.run {
                (0..<3).forEach { index in
                    let isTaken = ahead.append(Self.unit(1, Int64(index + 1) * 1800))
                    written.change { $0.append(isTaken) }
                }
            })
        guard case .event(.movie) = ahead.take(dueBy: 0), case .event(.unit(let first)) = ahead.take(dueBy: 0) else {
            Issue.record("out of order")
            return
        }
        #expect(first.track == 0 && first.decodingTime == 0)
        #expect(ahead.count == 75)
        ahead.close()
        try await eventually("the writer is let go") { written.value.count == 3 }
        #expect(written.value == [false, false, false])
        #expect(ahead.take(dueBy: nil).isEmpty && ahead.isClosed)
    }

    @Test("Eight megabytes are the end of it, whatever is missing")
    func bytes() async throws {
        let ahead = ReadAhead()
        for _ in 0..<8 { #expect(ahead.append(Self.unit(0, 0, size: 1 << 20))) }
        let late = Locked<Bool?>(nil)
        #expect(
            OwnThread.run {
                let isTaken = ahead.append(Self.unit(0, 0))
                late.change { $0 = isTaken }
            })
        guard case .event = ahead.take(dueBy: 0) else {
            Issue.record("nothing")
            return
        }
        try await eventually("there is room") { late.value == true }
        #expect(ahead.count == 8)
        ahead.close()
        ahead.pause(.seconds(100))
    }
}

extension ReadAhead.Finding {
    fileprivate var isEmpty: Bool { if case .empty = self { true } else { false } }
}

extension [UInt32] {
    fileprivate var steps: [UInt32] { zip(self, dropFirst()).map { $1 &- $0 } }
}
