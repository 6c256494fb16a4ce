import Media
import NIOCore
import RTP
import Testing

@testable import Reflector

/// A camera's AAC, a packet after the other.
private struct Sound {
    var counted: CountedTimestamps
    let clockRate: Double
    var sequenceNumber: UInt16 = 65_000
    var time = 50.0
    /// Arrival and timestamp of what goes on.
    private(set) var sent: [(time: Double, timestamp: UInt32)] = []

    init?(clockRate: Int = 16_000, configuration: [UInt8] = [0x14, 0x08]) {
        var format = TrackFormat(payloadType: 97, codec: .aac, encodingName: "MPEG4-GENERIC", clockRate: clockRate)
        format.configuration = .aac(audioSpecificConfig: configuration)
        guard let counted = CountedTimestamps(format) else { return nil }
        self.counted = counted
        self.clockRate = Double(clockRate)
    }

    /// A packet of so many frames, `after` seconds.
    mutating func send(_ stamp: UInt32, frames: Int = 1, after seconds: Double = 0.064, losing lost: UInt16 = 0) {
        time += seconds
        sequenceNumber &+= 1 &+ lost
        let heads: [UInt8] = (0..<frames).flatMap { _ in [0, 4 << 3] }
        let payload = [0, UInt8(frames * 16)] + heads + [UInt8](repeating: 0x21, count: 4 * frames)
        let packet = RTPPacket(
            marker: true, payloadType: 97, sequenceNumber: SequenceNumber(sequenceNumber), timestamp: stamp, ssrc: 5,
            payload: ByteBuffer(bytes: payload))
        sent.append((time, counted.timestamp(of: packet, at: time)))
    }

    /// Of what goes on, since the packet of that index, what its timestamps advance in a second.
    func rate(since index: Int) -> Double {
        let ticks = Double(Int32(bitPattern: sent[sent.count - 1].timestamp &- sent[index].timestamp))
        return ticks / clockRate / (sent[sent.count - 1].time - sent[index].time)
    }

    func steps(since index: Int) -> [UInt32] {
        zip(sent[index...], sent[(index + 1)...]).map { $1.timestamp &- $0.timestamp }
    }
}

@Suite("Timestamps of AAC, made anew from the number of its frames")
struct CountedTimestampsTests {
    @Test("J3 timestamps that stand still are made anew within ten seconds")
    func constant() throws {
        var sound = try #require(Sound())
        for _ in 0..<300 { sound.send(77) }
        #expect(sound.steps(since: 150).allSatisfy { $0 == 1024 })
    }

    @Test("J3 timestamps that jump to and fro, run back, or run on another clock are made anew")
    func irregular() throws {
        let stamps: [(UInt32) -> UInt32] = [
            { $0 * 1024 &+ ($0 % 2 == 0 ? 3000 : 0) }, { 0 &- $0 * 1024 }, { $0 * 5760 }, { $0 * 64 },
        ]
        for stamp in stamps {
            var sound = try #require(Sound())
            for index in 0..<300 { sound.send(stamp(UInt32(index))) }
            #expect(sound.counted.isCounting)
            #expect(sound.steps(since: 150).allSatisfy { $0 == 1024 })
        }
    }

    @Test(
        "J3 timestamps that fit are left alone, through losses, through jitter of milliseconds, and a jump of the clock"
    )
    func right() throws {
        var sound = try #require(Sound())
        for index in 0..<1000 as Range<UInt32> {
            let jump: UInt32 = index < 500 ? 0 : 2_000_000_000
            sound.send(index * 1024 &+ index * 7919 % 160 &+ jump, frames: 1)
        }
        // Two of three are lost.
        for index in 0..<300 as Range<UInt32> { sound.send(index * 3072, after: 0.192, losing: 2) }
        #expect(!sound.counted.isCounting)
        #expect(sound.sent.last?.timestamp == UInt32(299 * 3072))
    }

    @Test("J3 several frames in a packet count each, and lost packets as many as came before them")
    func several() throws {
        var sound = try #require(Sound())
        for _ in 0..<200 { sound.send(5, frames: 3, after: 0.192) }
        for _ in 0..<100 { sound.send(5, frames: 3, after: 0.384, losing: 1) }
        #expect(abs(sound.rate(since: 100) - 1) < 0.01)
        #expect(Set(sound.steps(since: 201)) == [6144])
    }

    @Test("J3 where frames last longer than the description tells, timestamps that keep time are believed")
    func unknownLength() throws {
        // Spectral band replication that nobody told of: 2048 samples a frame.
        var sound = try #require(Sound())
        for index in 0..<300 as Range<UInt32> { sound.send(index * 2048, after: 0.128) }
        #expect(!sound.counted.isCounting)
        // The clock of the description runs twice as fast as that of the configuration.
        var fast = try #require(Sound(clockRate: 32_000))
        for index in 0..<300 as Range<UInt32> { fast.send(index * 2048) }
        #expect(!fast.counted.isCounting)
    }

    @Test("J3 frames that are missing without a trace become a gap, and a stall of the network does not")
    func arrivalGuards() throws {
        var sound = try #require(Sound())
        for _ in 0..<300 { sound.send(1) }
        // Three seconds of sound come late, all at once.
        sound.send(1, after: 3)
        for _ in 0..<46 { sound.send(1, after: 0.001) }
        for _ in 0..<100 { sound.send(1) }
        #expect(sound.steps(since: 200).allSatisfy { $0 == 1024 })
        // Three seconds of silence that nobody sent.
        sound.send(1, after: 3)
        for _ in 0..<200 { sound.send(1) }
        #expect(abs(sound.rate(since: 200) - 1) < 0.01)
        #expect(sound.steps(since: 200).allSatisfy { $0 == 1024 || $0 > 40_000 && $0 < 60_000 })
    }

    @Test("J3 a camera that comes back is counted from its first packet, and one that was mended is believed")
    func comesBack() throws {
        var sound = try #require(Sound())
        for _ in 0..<300 { sound.send(77) }
        sound.counted.sourceEnded()
        for _ in 0..<20 { sound.send(99) }
        #expect(sound.steps(since: 301).allSatisfy { $0 == 1024 })
        for index in 0..<300 as Range<UInt32> { sound.send(index * 1024) }
        #expect(sound.steps(since: 301).allSatisfy { $0 == 1024 })
        sound.counted.sourceEnded()
        sound.send(123_456)
        #expect(sound.sent.last?.timestamp == 123_456)
    }

    @Test("Only AAC of a known form and clock is counted")
    func others() {
        #expect(CountedTimestamps(TrackFormat(payloadType: 0, codec: .pcmu, clockRate: 8000)) == nil)
        #expect(CountedTimestamps(TrackFormat(payloadType: 97, codec: .aac)) == nil)
        let low = FormatParameters([FormatParameters.Parameter(name: "mode", value: "AAC-lbr")])
        #expect(CountedTimestamps(TrackFormat(payloadType: 97, codec: .aac, clockRate: 8000, parameters: low)) == nil)
    }
}
