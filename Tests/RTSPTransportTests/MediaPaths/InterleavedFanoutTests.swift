import NIOCore
import Testing

@testable import RTSPTransport

@Suite("Interleaved fan-out")
struct InterleavedFanoutTests {
    /// Frames of pseudo-random content, and a random choice of what happens next.
    private struct Dice {
        private var random: LinearCongruentialGenerator
        private let noise: ByteBuffer

        init(seed: UInt64) {
            var random = LinearCongruentialGenerator(seed: seed)
            noise = ByteBuffer(bytes: (0..<65_536).map { _ in UInt8.random(in: .min ... .max, using: &random) })
            self.random = random
        }

        mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

        mutating func frame(_ lengths: Range<Int>) -> ByteBuffer {
            let length = number(lengths)
            var bytes = ByteBuffer()
            bytes.writeMultipleIntegers(UInt8(0x24), UInt8(number(0..<4)), UInt16(length))
            bytes.writeImmutableBuffer(noise.getSlice(at: number(0..<65_536 - length), length: length) ?? ByteBuffer())
            return bytes
        }
    }

    @Test(
        "peers that stop and go on get every byte once and in order, with answers in the midst", arguments: [1, 2, 3])
    func stopAndGo(seed: UInt64) async throws {
        let count = 7
        let rig = try await FanoutRig(connections: count, sendBuffer: 16_384)
        var dice = Dice(seed: seed)
        var joins = 0
        for step in 0..<300 {
            // Those that are larger than the socket's buffer are taken in part.
            let frame = dice.frame(1..<(step.isMultiple(of: 2) ? 60_000 : 3000))
            let answered = dice.number(0..<count)
            let answer = step.isMultiple(of: 5) ? ByteBuffer(string: "RTSP/1.0 200 OK\r\nCSeq: \(step)\r\n\r\n") : nil
            joins += try await rig.run { scene in
                let seated = scene.fanout.count
                for index in 0..<count { scene.join(index) }
                let joined = scene.fanout.count - seated
                scene.send(frame)
                // Who fell out gets some behind what he did not take, as what is held goes out.
                for index in 0..<count where scene.places[index].seat == nil && index.isMultiple(of: 2) {
                    if scene.places[index].writer.queuedBytes < 30_000 { scene.send(frame, to: index) }
                }
                if let answer { scene.answer(answer, to: answered) }
                return joined
            }
            // The first reads all, the others now and then, each at its own pace.
            rig.read(0)
            for index in 1..<count where dice.number(0..<2 * index + 1) == 0 {
                rig.read(index, most: dice.number(1..<120_000))
            }
        }
        let losses = try await rig.run { $0.places.map(\.losses) }
        try await rig.expectAllArrived()
        #expect(losses.allSatisfy { $0 > 3 }, "\(losses)")
        #expect(joins > 3 * count)
        let isConsistent = try await rig.run { scene in
            scene.fanout.count == scene.places.count { $0.seat != nil }
        }
        #expect(isConsistent)
        try await rig.end()
    }

    @Test("seats taken and given up in any order: who has one gets the frame, and nobody else")
    func seats() async throws {
        let count = 40
        let rig = try await FanoutRig(connections: count)
        var dice = Dice(seed: 9)
        for _ in 0..<300 {
            let moves = (0..<dice.number(0..<6)).map { _ in (dice.number(0..<count), dice.number(0..<2) == 0) }
            let frame = dice.frame(1..<200)
            try await rig.run { scene in
                for (index, joins) in moves {
                    if joins { scene.join(index) } else { scene.leave(index) }
                }
                scene.send(frame)
            }
        }
        try await rig.expectAllArrived()
        let losses = try await rig.run { scene in scene.places.reduce(0) { $0 + $1.losses } }
        #expect(losses == 0)
        try await rig.end()
    }

    @Test("an answer that the kernel takes leaves the seat, one that has to wait takes it, and media stay behind it")
    func answers() async throws {
        let rig = try await FanoutRig(connections: 2, sendBuffer: 16_384)
        var dice = Dice(seed: 4)
        let frames = (0..<3).map { _ in dice.frame(100..<200) }
        let short = ByteBuffer(string: "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n")
        let long = ByteBuffer(repeating: 0x41, count: 1_000_000)
        let seats = try await rig.run { scene in
            for index in 0..<2 { scene.join(index) }
            scene.send(frames[0])
            scene.answer(short, to: 0)
            var seats = [scene.fanout.count]
            scene.send(frames[1])
            scene.answer(long, to: 0)
            seats.append(scene.fanout.count)
            scene.send(frames[2])
            scene.send(frames[2], to: 0)
            scene.join(0)
            seats.append(scene.fanout.count)
            return seats
        }
        #expect(seats == [2, 1, 1])
        try await rig.expectAllArrived()
        let again = try await rig.run { scene in
            scene.join(0)
            return (scene.fanout.count, scene.places.map(\.losses))
        }
        #expect(again == (2, [1, 0]))
        try await rig.end()
    }

    @Test("a connection that ends loses its seat, and its descriptor's number is sent no more")
    func closed() async throws {
        let rig = try await FanoutRig(connections: 5)
        var dice = Dice(seed: 5)
        let frames = (0..<3).map { _ in dice.frame(100..<200) }
        try await rig.run { scene in
            for index in 0..<5 { scene.join(index) }
            scene.send(frames[0])
        }
        rig.read(1)
        rig.hangUp(1)
        try await eventually("the end is noticed") { try await rig.run { $0.fanout.count == 4 } }
        // These get the number that has become free, and others.
        for _ in 0..<4 { try await rig.connect() }
        let losses = try await rig.run { scene in
            scene.send(frames[1])
            scene.join(5)
            scene.send(frames[2])
            return scene.places.map(\.losses)
        }
        try await rig.expectAllArrived()
        #expect(losses == [0, 1, 0, 0, 0, 0, 0, 0, 0])
        try await rig.end()
    }

    @Test("a dead peer within the walk costs the others nothing")
    func deadPeer() async throws {
        let rig = try await FanoutRig(connections: 5)
        var dice = Dice(seed: 6)
        let frames = (0..<2).map { _ in dice.frame(100..<200) }
        let hangUp: @Sendable () -> Void = { rig.hangUp(2) }
        let seen = try await rig.run { scene in
            for index in 0..<5 { scene.join(index) }
            // Before the loop can read the end: the walk itself finds it.
            hangUp()
            for frame in frames {
                scene.fanout.send(frame)
            }
            return (scene.fanout.count, scene.places.map(\.losses), scene.places[2].writer.isOpen)
        }
        #expect(seen == (4, [0, 0, 1, 0, 0], false))
        for index in [0, 1, 3, 4] {
            rig.read(index)
            var expected = frames[0]
            expected.writeImmutableBuffer(frames[1])
            #expect(rig.received(index) == expected)
        }
        try await rig.end()
    }

    @Test("a seat given up or lost holds neither the fan-out nor the connection")
    func released() async throws {
        let rig = try await FanoutRig(connections: 3)
        let areGone = try await rig.run { scene in
            let watched = Watched()
            watched.takeAndLose(scene.places.map(\.writer))
            return [watched.fanout == nil, watched.token == nil, scene.places.allSatisfy { $0.writer.seat == nil }]
        }
        #expect(areGone == [true, true, true])
        try await rig.end()
    }
}

/// What seats may have held on to.
private final class Watched {
    final class Token {}

    weak var fanout: InterleavedFanout?
    /// Held by each seat's `onLost`.
    weak var token: Token?

    /// Seats for three connections: one is given up twice, one once, and one ends with its connection.
    func takeAndLose(_ writers: [InterleavedWriter]) {
        let fanout = InterleavedFanout()
        let token = Token()
        (self.fanout, self.token) = (fanout, token)
        let seats = writers.map { writer in fanout.seat(for: writer) { _ = token } }
        #expect(fanout.count == 3)
        #expect(fanout.seat(for: writers[0]) {} == nil)
        seats[0]?.leave()
        seats[0]?.leave()
        seats[1]?.leave()
        writers[2].close()
        #expect(fanout.count == 0)
    }
}
