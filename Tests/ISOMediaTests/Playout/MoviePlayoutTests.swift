import NIOCore
import TestSupport
import Testing

@testable import ISOMedia

/// Which packets come next, with which numbers and times.
@Suite struct MoviePlayoutTests {
    private static let second: Int64 = 1_000_000

    private static func playout(seconds: Int = 10, audio: Bool = true) throws -> MoviePlayout {
        let program = try MovieProgram.fake(
            video: .video(seconds: seconds), audio: audio ? .audio(seconds: seconds) : nil,
            duration: Int64(seconds) * second)
        return MoviePlayout(program) { 0xFFFF_FF00 }
    }

    /// Everything up to a time, in as many batches as it takes.
    private static func packets(
        of playout: inout MoviePlayout, until due: Int64 = .max, bytes: Int = 64 * 1024
    ) throws -> [Seen] {
        var seen: [Seen] = []
        while let next = playout.nextDue, next <= due || due == .min {
            var batch = PacketBatch(heading: PacketHeading(channel: 9, ssrc: 9, sequenceNumber: 9, timestampOrigin: 9))
            try playout.fill(&batch, until: due, bytes: bytes)
            seen += batch.entries.map { Seen($0, in: batch) }
        }
        return seen
    }

    @Test("Tracks are merged by the time they are due, and numbered one by one")
    func merging() throws {
        var playout = try Self.playout()
        let start = playout.start(PlayoutCue(position: 0, channels: [0: 0, 1: 2]))
        #expect(start.position == 0 && start.end == 10 * Self.second && start.firstDue == 0)
        let seen = try Self.packets(of: &playout, until: 2 * Self.second)
        #expect(seen.map(\.due) == seen.map(\.due).sorted())
        #expect(seen.filter { $0.track == 0 }.count == 51 * 3)
        #expect(seen.filter { $0.track == 1 }.count == 101)
        for (index, told) in start.tracks.enumerated() {
            let own = seen.filter { $0.track == index }
            #expect(own.first?.sequenceNumber == told.sequenceNumber)
            #expect(own.first?.timestamp == told.timestamp)
            #expect(own.map(\.sequenceNumber) == own.indices.map { told.sequenceNumber &+ UInt16($0) })
            #expect(own.allSatisfy { $0.channel == UInt8(index * 2) && $0.ssrc == playout.sources[index] })
        }
        #expect(playout.sources[0] != playout.sources[1])
    }

    @Test("A batch ends with the sample that makes it full, or is the last one due")
    func bounds() throws {
        var playout = try Self.playout(audio: false)
        _ = playout.start(PlayoutCue(position: 0, channels: [0: 0]))
        var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 0, sequenceNumber: 0, timestampOrigin: 0))
        try playout.fill(&batch, until: .max, bytes: 10_000)
        #expect((10_000..<13_000).contains(batch.bytes.readableBytes))
        #expect(batch.entries.count % 3 == 0)
        batch.removeAll()
        let due = try #require(playout.nextDue)
        try playout.fill(&batch, until: due - 1, bytes: 10_000)
        #expect(batch.entries.isEmpty)
    }

    @Test("A seek goes to the key frame at or before, sound begins there, and the answer tells of it")
    func seeking() throws {
        var playout = try Self.playout()
        let start = playout.start(PlayoutCue(position: 5_500_000, channels: [0: 0, 1: 2]))
        #expect(start.position == 5 * Self.second)
        let seen = try Self.packets(of: &playout, until: 6 * Self.second)
        #expect(seen.first { $0.track == 0 }?.sample == 125)
        #expect(seen.first { $0.track == 1 }?.sample == 250)
        #expect(seen.first { $0.track == 0 }?.timestamp == start.tracks[0].timestamp)
        #expect(seen.first { $0.track == 1 }?.timestamp == start.tracks[1].timestamp)
    }

    @Test("A position that was told, rounded to milliseconds, is found again")
    func roundedPosition() throws {
        let video = FakePackets(samples: 300, interval: 33_367, syncInterval: 30, beginning: 0)
        var playout = MoviePlayout(try .fake(video: video, duration: 10_010_100)) { 1 }
        let told = playout.start(PlayoutCue(position: 4_500_000, channels: [0: 0])).position
        #expect(told == 120 * 33_367)
        #expect(playout.start(PlayoutCue(position: told / 1000 * 1000, channels: [0: 0])).position == told)
    }

    @Test("Numbers run on over seeks and RTP time only grows, for all tracks by the same")
    func continuity() throws {
        var playout = try Self.playout()
        var last: [Int: Seen] = [:]
        for position in [0, 7, 2, 9, 0] as [Int64] {
            let start = playout.start(PlayoutCue(position: position * Self.second, channels: [0: 0, 1: 2]))
            #expect(start.position == position * Self.second)
            let seen = try Self.packets(of: &playout, until: (position + 1) * Self.second - 1)
            for track in 0..<2 {
                let own = seen.filter { $0.track == track }
                let first = try #require(own.first)
                #expect(first.sequenceNumber == start.tracks[track].sequenceNumber)
                if let last = last[track] {
                    #expect(first.sequenceNumber == last.sequenceNumber &+ 1)
                    let step = Double(first.timestamp &- last.timestamp) / (track == 0 ? 90_000 : 8000)
                    #expect((0.02...0.1).contains(step), "\(step) s")
                }
                last[track] = own.last
            }
        }
    }

    @Test("What waits to be sent when somebody seeks leaves no hole in the numbers")
    func unsent() throws {
        var playout = try Self.playout(audio: false)
        _ = playout.start(PlayoutCue(position: 0, channels: [0: 0]))
        let unsent = try Self.packets(of: &playout, until: Self.second)[10].sequenceNumber
        let start = playout.start(
            PlayoutCue(position: 5 * Self.second, channels: [0: 0], sequenceNumbers: [0: unsent]))
        #expect(start.tracks.first?.sequenceNumber == unsent)
        #expect(try Self.packets(of: &playout, until: 5 * Self.second).first?.sequenceNumber == unsent)
    }

    @Test(
        "Who goes on gets the very next packet, and is told where he is, which may be before it, with the time of that place"
    )
    func resuming() throws {
        var playout = try Self.playout()
        _ = playout.start(PlayoutCue(position: 0, channels: [0: 0, 1: 2]))
        let before = try Self.packets(of: &playout, until: 3_010_000)
        playout.rest()
        let start = playout.resume(until: nil, at: 2_500_000, unsent: [:])
        #expect(start.position == 2_500_000)
        let after = try Self.packets(of: &playout, until: 4 * Self.second)
        let last = try #require(before.last { $0.track == 0 })
        let next = try #require(after.first { $0.track == 0 })
        #expect(next.sample == last.sample + 1 && next.sequenceNumber == last.sequenceNumber &+ 1)
        #expect(next.timestamp == last.timestamp &+ 3600)
        #expect(start.tracks[1].timestamp &+ 520 * 8 == after.first { $0.track == 1 }?.timestamp)
        #expect(start.tracks[0].sequenceNumber == next.sequenceNumber)
        #expect(start.timestamp(of: start.tracks[0], clockRate: 90_000, at: next.due) == next.timestamp)
    }

    @Test("Who goes on where everything was made gets what of it was not sent, or nothing")
    func resumingAtTheEnd() throws {
        var playout = try Self.playout()
        _ = playout.start(PlayoutCue(position: 9 * Self.second, channels: [0: 0, 1: 2]))
        let sound = try #require(try Self.packets(of: &playout).last { $0.track == 1 })
        let start = playout.resume(until: nil, at: 9_600_000, unsent: [1: sound.sequenceNumber])
        #expect(start.position == 9_600_000 && start.end == 10 * Self.second)
        #expect(start.tracks.map(\.index) == [1])
        #expect(start.tracks.first?.sequenceNumber == sound.sequenceNumber)
        #expect(start.timestamp(of: start.tracks[0], clockRate: 8000, at: sound.due) == sound.timestamp)
        #expect(playout.resume(until: nil, at: 9_600_000, unsent: [:]).tracks == [])
    }

    @Test("What is only sent against loss is left out where nothing gets lost, and costs no number")
    func repeated() throws {
        var video = FakePackets.video(seconds: 1)
        video.isRepeated = true
        for isReliable in [false, true] {
            var playout = MoviePlayout(try .fake(video: video, duration: Self.second)) { 0xFFF0 }
            _ = playout.start(PlayoutCue(position: 0, channels: [0: 0], isReliable: isReliable))
            let seen = try Self.packets(of: &playout)
            #expect(seen.count == 25 * (isReliable ? 3 : 4))
            #expect(seen.map(\.sequenceNumber) == seen.indices.map { 0xFFF0 &+ UInt16($0) })
        }
    }

    @Test("S16 the end that is told is no further than the movie goes, and what was asked for where nobody knows")
    func toldEnd() throws {
        var playout = try Self.playout()
        let cue = PlayoutCue(position: 0, end: 100 * Self.second, channels: [0: 0])
        #expect(playout.start(cue).end == 10 * Self.second)
        #expect(playout.resume(until: 100 * Self.second, at: 0, unsent: [:]).end == 10 * Self.second)
        var endless = MoviePlayout(try .fake(video: .video(seconds: 1), duration: 0)) { 5 }
        #expect(endless.start(cue).end == 100 * Self.second)
    }

    @Test("Nothing is sent from the end of the range on, and a larger one goes on from there")
    func range() throws {
        var playout = try Self.playout()
        let start = playout.start(PlayoutCue(position: 2 * Self.second, end: 4 * Self.second, channels: [0: 0, 1: 2]))
        #expect(start.end == 4 * Self.second)
        let seen = try Self.packets(of: &playout)
        #expect(playout.isAtEnd && playout.nextDue == nil)
        #expect(seen.map(\.sample).filter { $0 >= 200 } == [])
        #expect(seen.last { $0.track == 0 }?.sample == 99)
        #expect(seen.filter { $0.track == 1 }.count == 100)
    }

    @Test(
        "S20 pictures are all sent up to twice the speed, and RTP time runs by the clock of the viewer; sound is left out",
        arguments: [0.25, 0.5, 2.0])
    func scaled(scale: Double) throws {
        var playout = try Self.playout()
        let start = playout.start(PlayoutCue(position: Self.second, scale: scale, channels: [0: 0, 1: 2]))
        #expect(start.tracks.map(\.index) == [0])
        let seen = try Self.packets(of: &playout)
        #expect(seen.allSatisfy { $0.track == 0 })
        #expect(seen.count == 225 * 3)
        let step = Int(3600 / scale)
        #expect(zip(seen, seen.dropFirst(3)).allSatisfy { Int($1.timestamp &- $0.timestamp) == step })
    }

    @Test("Faster, only key frames are sent, no closer than a screen shows them")
    func keyFrames() throws {
        var playout = try Self.playout()
        _ = playout.start(PlayoutCue(position: 500_000, scale: 8, channels: [0: 0, 1: 2]))
        #expect(Set(try Self.packets(of: &playout).map(\.sample)) == Set((0..<10).map { $0 * 25 }))

        let allKeys = FakePackets(samples: 250, interval: 40_000)
        var all = MoviePlayout(try .fake(video: allKeys, duration: 10 * Self.second)) { 1 }
        _ = all.start(PlayoutCue(position: 0, scale: 16, channels: [0: 0]))
        let seen = try Self.packets(of: &all)
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $1.timestamp &- $0.timestamp >= 3600 })
        #expect((14...17).contains(seen.count))
    }

    @Test(
        "Backwards it goes from key frame to key frame, with RTP time that grows, to the beginning or the end of the range"
    )
    func backwards() throws {
        var playout = try Self.playout()
        let start = playout.start(PlayoutCue(position: 5_500_000, scale: -1, channels: [0: 0, 1: 2]))
        #expect(start.position == 5 * Self.second && start.end == 0 && start.firstDue == 5 * Self.second)
        var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 0, sequenceNumber: 0, timestampOrigin: 0))
        try playout.fill(&batch, until: 3_500_000, bytes: 1_000_000)
        #expect(batch.entries.map { Seen($0, in: batch).sample } == [125, 125, 125, 100, 100, 100])
        let seen = try Self.packets(of: &playout, until: .min)
        #expect(seen.map(\.sample) == [75, 75, 75, 50, 50, 50, 25, 25, 25, 0, 0, 0])
        let last = try #require(seen.last)
        #expect(last.timestamp &- start.tracks[0].timestamp == 450_000)

        _ = playout.start(PlayoutCue(position: 5 * Self.second, end: 3 * Self.second, scale: -2, channels: [0: 0]))
        #expect(Set(try Self.packets(of: &playout, until: .min).map(\.sample)) == [125, 100, 75])
    }

    @Test(
        "Pictures that are decoded before they are shown: the place told is the one shown, the first packet is due before"
    )
    func reordering() throws {
        let video = FakePackets(
            samples: 250, interval: 40_000, syncInterval: 25, reordering: [80_000], beginning: -80_000)
        var playout = MoviePlayout(
            try .fake(video: video, audio: .audio(seconds: 10), duration: 10 * Self.second)
        ) { 77 }
        let start = playout.start(PlayoutCue(position: 5_200_000, channels: [0: 0, 1: 2]))
        #expect(start.position == 5 * Self.second && start.firstDue == 5 * Self.second - 80_000)
        let seen = try Self.packets(of: &playout, until: 6 * Self.second)
        #expect(seen.first { $0.track == 0 }?.timestamp == start.tracks[0].timestamp)
        let again = playout.start(PlayoutCue(position: 0, channels: [0: 0, 1: 2]))
        let last = try #require(seen.filter { $0.track == 0 }.map(\.timestamp).max())
        #expect(Int32(bitPattern: again.tracks[0].timestamp &- last) > 0)
    }

    @Test("What an encoder puts before its sound is sent at the beginning, and not after a seek")
    func preroll() throws {
        let audio = FakePackets(samples: 500, interval: 20_000, clockRate: 8000, size: 160, beginning: -20_000)
        var playout = MoviePlayout(
            try .fake(video: .video(seconds: 10), audio: audio, duration: 10 * Self.second)
        ) { 5 }
        let start = playout.start(PlayoutCue(position: 0, channels: [0: 0, 1: 2]))
        #expect(start.position == 0 && start.firstDue == -20_000)
        let first = try #require(Self.packets(of: &playout, until: Self.second).first { $0.track == 1 })
        #expect(first.sample == 0 && first.timestamp == start.tracks[1].timestamp &- 160)
        var alone = MoviePlayout(try .fake(audio: audio, duration: 10 * Self.second)) { 5 }
        _ = alone.start(PlayoutCue(position: 0, channels: [0: 0]))
        #expect(try Self.packets(of: &alone, until: 0).first?.sample == 0)
    }

    @Test("A file that breaks off is told, what was made before is kept, and nothing waits for the rest")
    func broken() throws {
        var video = FakePackets.video(seconds: 10)
        video.brokenFrom = 30
        var playout = MoviePlayout(try .fake(video: video, duration: 10 * Self.second)) { 5 }
        _ = playout.start(PlayoutCue(position: 0, channels: [0: 0]))
        var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 0, sequenceNumber: 0, timestampOrigin: 0))
        #expect(throws: MovieError.truncated(at: 30)) {
            try playout.fill(&batch, until: .max, bytes: .max)
        }
        #expect(batch.entries.count == 90 && playout.isAtEnd)
    }

    @Test("Samples without packets cost bounded time, and any cue is answered")
    func anyCue() throws {
        let nothing = FakePackets(samples: 10_000_000, interval: 1, packetsPerSample: 0)
        var endless = MoviePlayout(try .fake(video: nothing, duration: 0)) { 5 }
        _ = endless.start(PlayoutCue(position: 0, channels: [0: 0]))
        var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 0, sequenceNumber: 0, timestampOrigin: 0))
        try endless.fill(&batch, until: .max, bytes: 1000)
        #expect(batch.entries.isEmpty && !endless.isAtEnd)

        var generator = SplitMix(seed: 5)
        var playout = try Self.playout()
        for _ in 0..<500 {
            let cue = PlayoutCue(
                position: generator.any(), end: Bool.random(using: &generator) ? generator.any() : nil,
                scale: Double(generator.any() % 40) / 4, channels: [Int.random(in: 0...2, using: &generator): 0])
            _ = playout.start(cue)
            try playout.fill(&batch, until: generator.any(), bytes: 5000)
            _ = playout.resume(until: generator.any(), at: generator.any(), unsent: [:])
            try playout.fill(&batch, until: generator.any(), bytes: 5000)
            batch.removeAll()
        }
    }
}

/// What a packet of a batch says.
private struct Seen {
    let track: Int
    let due: Int64
    let channel: UInt8
    let sequenceNumber: UInt16
    let timestamp: UInt32
    let ssrc: UInt32
    let sample: Int

    init(_ entry: PacketBatch.Entry, in batch: PacketBatch) {
        func integer<T: FixedWidthInteger>(_ offset: Int, as type: T.Type = T.self) -> T {
            batch.bytes.getInteger(at: entry.offset + offset) ?? 0
        }
        track = entry.track
        due = entry.due
        channel = integer(-3)
        sequenceNumber = integer(2)
        timestamp = integer(4)
        ssrc = integer(8)
        sample = Int(integer(12, as: UInt32.self))
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Small and huge ones.
    mutating func any() -> Int64 {
        Int64(bitPattern: next()) >> Int64.random(in: 0...63, using: &self)
    }
}
