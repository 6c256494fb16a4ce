import Foundation
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import ISOMedia

/// A file of which the system has some pieces in memory and others not.
private final class PatchyBytes: RandomAccessBytes {
    private let bytes: FileBytes
    private let random: Mutex<SeededGenerator>
    private let blocked = Atomic(0)

    init(_ bytes: FileBytes, seed: UInt64) {
        self.bytes = bytes
        random = Mutex(SeededGenerator(seed: seed))
    }

    var size: Int64 { bytes.size }
    /// How often it was not at hand.
    var refusals: Int { blocked.load(ordering: .relaxed) }

    func read(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer {
        try bytes.read(at: offset, count: count)
    }

    func readAtHand(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer? {
        guard random.withLock({ Int.random(in: 0..<3, using: &$0) }) > 0 else {
            blocked.add(1, ordering: .relaxed)
            return nil
        }
        return try bytes.read(at: offset, count: count)
    }
}

/// Who must not wait for a disk gets what is in memory, and goes on from there where waiting does no harm.
@Suite struct ReadingAtHandTests {
    private static let movies = [
        MadeMovie("plain.mp4", MadeMovie.h264),
        MadeMovie("hinted.mp4", MadeMovie.h264 + " -movflags +rtphint"),
        MadeMovie("sound.mov", "-vn -c:a pcm_s16be"),
    ]

    @Test("What is not at hand is asked for again, and all packets are the same in the end", arguments: movies)
    func patches(made: MadeMovie) async throws {
        try await withTemporaryDirectory { directory in
            let file = try FileBytes(path: await made.make(in: directory).path)
            let whole = try Self.packets(of: file, bytes: 64 << 10, mayWait: { true })
            #expect(whole.count > 50)
            var refusals = 0
            for seed in 1...5 as ClosedRange<UInt64> {
                let patchy = PatchyBytes(file, seed: seed)
                let parts = try Self.packets(of: patchy, bytes: 20_000, mayWait: { false })
                #expect(parts == whole)
                refusals += patchy.refusals
            }
            #expect(refusals > 0)
        }
    }

    /// All packets; where something is not at hand, the next batch waits for it.
    private static func packets(
        of bytes: any RandomAccessBytes, bytes limit: Int, mayWait: () -> Bool
    ) throws -> [[UInt8]] {
        var playout = MoviePlayout(try MovieProgram(reading: bytes)) { 7 }
        let channels = Dictionary(uniqueKeysWithValues: playout.sources.indices.map { ($0, UInt8(2 * $0)) })
        _ = playout.start(PlayoutCue(position: 0, channels: channels))
        var packets: [[UInt8]] = []
        var waits = mayWait()
        while playout.nextDue != nil {
            var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 0, sequenceNumber: 0, timestampOrigin: 0))
            batch.mayWait = waits
            waits = mayWait()
            do throws(MovieError) {
                try playout.fill(&batch, until: .max, bytes: limit)
            } catch {
                #expect(error == .notAtHand)
                waits = true
            }
            packets += batch.entries.compactMap { batch.bytes.getBytes(at: $0.offset - 4, length: $0.length + 4) }
        }
        return packets
    }

    @Test("At speed nothing is at hand: to find key frames hint samples are read", arguments: [4, 16, -1, -4])
    func speed(scale: Double) async throws {
        try await withTemporaryDirectory { directory in
            let made = MadeMovie("fast.mp4", MadeMovie.h264 + " -movflags +rtphint")
            let file = try FileBytes(path: await made.make(in: directory).path)
            var playout = MoviePlayout(try MovieProgram(reading: file)) { 7 }
            _ = playout.start(PlayoutCue(position: 500_000, scale: scale, channels: [0: 0]))
            var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 0, sequenceNumber: 0, timestampOrigin: 0))
            batch.mayWait = false
            let due: Int64 = scale < 0 ? .min : .max
            #expect(throws: MovieError.notAtHand) { try playout.fill(&batch, until: due, bytes: 64 << 10) }
            #expect(batch.entries.isEmpty)
            batch.mayWait = true
            try playout.fill(&batch, until: due, bytes: 64 << 10)
            #expect(!batch.entries.isEmpty)
        }
    }

    @Test("A file just written is at hand, and what is beyond its end is truncated as ever")
    func file() async throws {
        try await withTemporaryDirectory { directory in
            let url = directory.appendingPathComponent("bytes")
            try Data((0..<200_000).map { UInt8(truncatingIfNeeded: $0) }).write(to: url)
            let bytes = try FileBytes(path: url.path)
            // Not every file system tells; where it does, it is right.
            if let read = try bytes.readAtHand(at: 1000, count: 150_000) {
                #expect(read == (try bytes.read(at: 1000, count: 150_000)))
            }
            #expect(throws: MovieError.truncated(at: 199_999)) { try bytes.readAtHand(at: 199_999, count: 2) }
            #expect(try bytes.readAtHand(at: 200_000, count: 0)?.readableBytes == 0)
        }
    }

    @Test("Without framing packets lie one right behind the other, with the same bytes")
    func framing() async throws {
        try await withTemporaryDirectory { directory in
            let file = try FileBytes(path: await MadeMovie("bare.mp4", MadeMovie.h264).make(in: directory).path)
            func batch(isFramed: Bool) throws -> PacketBatch {
                var playout = MoviePlayout(try MovieProgram(reading: file)) { 7 }
                _ = playout.start(PlayoutCue(position: 0, channels: [0: 0, 1: 2]))
                var batch = PacketBatch(
                    heading: PacketHeading(channel: 0, ssrc: 0, sequenceNumber: 0, timestampOrigin: 0))
                batch.isFramed = isFramed
                try playout.fill(&batch, until: .max, bytes: 100_000)
                return batch
            }
            let (framed, bare) = (try batch(isFramed: true), try batch(isFramed: false))
            #expect(bare.entries.count > 50)
            var place = 0
            for (one, other) in zip(framed.entries, bare.entries) {
                #expect(other.offset == place)
                #expect(
                    bare.bytes.getSlice(at: other.offset, length: other.length)
                        == framed.bytes.getSlice(at: one.offset, length: one.length))
                place += other.length
            }
            #expect(bare.bytes.readableBytes == place)
        }
    }
}
