import LibAV
import Media
import NIOCore
import RTP
import TestSupport
import Testing

@testable import Ingest

@Suite("Transport streams in datagrams")
struct TransportStreamTests {
    @Test("Whole packets are taken, bare or in RTP; anything else is not")
    func datagrams() {
        let packet: [UInt8] = [0x47] + [UInt8](repeating: 0, count: 187)
        let two = packet + packet
        let header: [UInt8] = [0x80, 33, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]
        func taken(_ bytes: [UInt8]) -> TransportStreamDatagram? { TransportStreamDatagram(ByteBuffer(bytes: bytes)) }
        #expect(taken(two)?.bytes.readableBytes == 376 && taken(two)?.carrier == nil)
        #expect(taken(header + two)?.bytes.readableBytes == 376)
        #expect(taken(header + two)?.carrier?.payloadType == 33)
        let short = Array(two.dropLast())
        let unsynchronized = [0x46] + Array(two.dropFirst())
        let junk: [[UInt8]] = [[], [0x47], short, two + [0x47], unsynchronized, header, header + [0x47]]
        for junk in junk {
            #expect(taken(junk) == nil)
        }
        var broken = two
        broken[188] = 0
        #expect(taken(broken) == nil)
    }

    // MARK: Sound

    @Test("Frames of sound follow each other to the sample, though the stream's times are rounded")
    func running() {
        var clock = SampleClock(sampleRate: 44_100)
        let stamps = (0..<1000).map { clock.timestamp(ofFrameAt: Int64($0) * 1024 * 90_000 / 44_100) }
        #expect(stamps == (0..<1000).map { UInt32($0) * 1024 })
    }

    @Test("The wrap of 33 bits is none for sound")
    func wrap() {
        var clock = SampleClock(sampleRate: 48_000)
        let start: Int64 = (1 << 33) - 90_000
        let stamps = (0..<200).map { clock.timestamp(ofFrameAt: (start + Int64($0) * 1920) & ((1 << 33) - 1)) }
        #expect(stamps == (0..<200).map { UInt32($0) * 1024 })
    }

    @Test("Two days of sound keep their place beside the picture")
    func days() {
        var clock = SampleClock(sampleRate: 48_000)
        for minute in 0..<Int64(2 * 24 * 60) {
            let stamp = clock.timestamp(ofFrameAt: (minute * 60 * 90_000) & ((1 << 33) - 1))
            #expect(stamp == UInt32(truncatingIfNeeded: minute * 60 * 48_000))
        }
    }

    @Test("A jump of the stream is one of the sound, times that are not told are none, and drift is taken up slowly")
    func jumps() {
        var clock = SampleClock(sampleRate: 48_000)
        #expect(clock.timestamp(ofFrameAt: 0) == 0)
        #expect(clock.timestamp(ofFrameAt: nil) == 1024)
        #expect(clock.timestamp(ofFrameAt: 90_000) == 48_000)
        #expect(clock.timestamp(ofFrameAt: 90_000 + 1920 + 900) == 49_024 + 480 / 64)
        #expect(clock.timestamp(ofFrameAt: 0) == 0)
    }

    // MARK: Tracks

    private static let sets: [[UInt8]] = [SyntheticH264.sequenceParameterSet, SyntheticH264.pictureParameterSet]

    private static func unit(_ stream: Int, _ bytes: [UInt8], at time: Int64? = 0) -> TransportStreamReader.Unit {
        .init(stream: stream, presentationTime: time, bytes: ByteBuffer(bytes: bytes))
    }

    private static func picture(_ units: [[UInt8]], at time: Int64? = 0) -> TransportStreamReader.Unit {
        unit(0, AnnexB.byteStream(of: units), at: time)
    }

    private static let key = picture(
        [[0x09, 0xF0]] + sets + [SyntheticH264.keyPicture(identifier: 0, rawMacroblocks: 1)], at: 1 << 32)
    /// 48 kHz mono AAC-LC.
    private static let frame: [UInt8] =
        [0xFF, 0xF1, 0x4C, 0x40, 0x02, 0x9F, 0xFC] + [UInt8](repeating: 0x21, count: 13)

    @Test("A picture counts from its first parameter sets on, and sound from there too")
    func learning() {
        var tracks = TransportStreamTracks()
        tracks.announced([.h264, .aac, .other("mp2"), .other(nil), .aac])
        #expect(tracks.leftOut == ["mp2", "AAC"])
        tracks.learn(Self.unit(1, Self.frame))
        tracks.learn(Self.picture([[0x41, 0x9A]]))
        #expect(tracks.knowsAny && !tracks.knowsPicture && !tracks.isKnown)
        tracks.learn(Self.key)
        #expect(tracks.isKnown)
        let (descriptions, waiting) = tracks.settle()
        #expect(descriptions.map(\.kind) == [.video, .audio])
        #expect(descriptions[1].primary.clockRate == 48_000)
        #expect(waiting.count == 1)
    }

    @Test("Pictures keep their time as RTP has it, sound comes without its header, delimiters do not come")
    func packets() throws {
        var tracks = TransportStreamTracks()
        tracks.announced([.h264, .aac])
        tracks.learn(Self.key)
        tracks.learn(Self.unit(1, Self.frame))
        _ = tracks.settle()
        var packets: [(packet: RTPPacket, track: Int)] = []
        for unit in [Self.key, Self.unit(1, Self.frame, at: 9000)] {
            let received = tracks.packetize(unit) { packets.append(($0, $1)) }
            guard case .taken = received else { throw Unexpected() }
        }
        let types = packets.filter { $0.track == 0 }.map { ($0.packet.payload.getInteger(at: 0) ?? 0 as UInt8) & 0x1F }
        #expect(types.prefix(2) == [7, 8])
        #expect(packets[0].packet.timestamp == 0, "the 33rd bit is RTP's wrap")
        #expect(packets.last?.packet.payload.readableBytes == 4 + 13)
        var stereo = Self.frame
        stereo[3] = 0x80
        let others = (1...5).map { _ in
            if case .changed = tracks.packetize(Self.unit(1, stereo), deliver: { _, _ in }) { true } else { false }
        }
        #expect(others == [false, false, false, false, true], "one header may be broken")
        _ = tracks.packetize(Self.unit(1, [1, 2, 3])) { _, _ in Issue.record("a packet") }
        #expect(tracks.malformed == 6)
    }

    private struct Unexpected: Error {}

    // MARK: The queue

    @Test("Bytes come out in their order on the other thread, and a closed queue holds nobody")
    func queue() async {
        let queue = ByteQueue()
        async let taken: [UInt8] = Task.detached {
            var all: [UInt8] = []
            var room = [UInt8](repeating: 0, count: 100)
            while true {
                let count = room.withUnsafeMutableBytes { queue.take(into: $0) }
                if count == 0 { return all }
                all += room[..<count]
                if all.count == 3000 { queue.close() }
            }
        }.value
        for index in 0..<10 { #expect(queue.append(ByteBuffer(repeating: UInt8(index), count: 300))) }
        #expect(await taken == (0..<10).flatMap { [UInt8](repeating: $0, count: 300) })
        #expect(!queue.append(ByteBuffer(bytes: [1])))
    }

    @Test("What nobody takes is dropped at four megabytes")
    func bound() {
        let queue = ByteQueue()
        let megabyte = ByteBuffer(repeating: 0, count: 1 << 20)
        #expect((0..<6).map { _ in queue.append(megabyte) } == [true, true, true, true, false, false])
        queue.close()
    }
}
