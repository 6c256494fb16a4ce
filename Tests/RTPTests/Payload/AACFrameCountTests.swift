import NIOCore
import RTP
import Testing

@Suite("How many frames of AAC a packet holds")
struct AACFrameCountTests {
    private func frames(_ bytes: [UInt8], marker: Bool = true) -> Int {
        AACFrameCount.frames(in: ByteBuffer(bytes: bytes), marker: marker)
    }

    @Test("as many as it has AU headers; one in fragments counts with its last")
    func accessUnits() {
        #expect(frames([0, 16, 0, 2 << 3, 1, 2]) == 1)
        #expect(frames([0, 48, 0, 1 << 3, 0, 1 << 3, 0, 1 << 3, 1, 2, 3]) == 3)
        #expect(frames([0, 16, 0, 9 << 3, 1, 2], marker: false) == 0)
        #expect(frames([0, 16, 0, 9 << 3, 1, 2], marker: true) == 1)
    }

    @Test("J2 as many as it has ADTS headers, where a camera sends those")
    func bare() {
        let frame: [UInt8] = [0xFF, 0xF1, 0x50, 0x80, 0x01, 0x3F, 0xFC, 0x21, 0x00]
        #expect(frames(frame) == 1)
        #expect(frames(frame + frame + frame) == 3)
        #expect(frames(frame + frame.dropLast(2)) == 2)
    }

    @Test("none where nothing can be told")
    func others() {
        #expect(frames([]) == 0)
        #expect(frames([0]) == 0)
        #expect(frames([0, 17, 0, 0]) == 0)
        #expect(frames([0xFF, 0xF1, 0x50]) == 0)
        #expect(frames([0, 0, 0, 0]) == 0)
        #expect(frames([0x10, 0x00, 0, 8]) == 0)
    }

    @Test("mutated payloads give a count that their bytes have room for")
    func mutations() {
        var random = SeededGenerator(seed: 20_26)
        let seeds: [[UInt8]] = [
            [0, 48, 0, 1 << 3, 0, 1 << 3, 0, 1 << 3, 1, 2, 3],
            [
                0xFF, 0xF1, 0x50, 0x80, 0x01, 0x3F, 0xFC, 0x21, 0x00, 0xFF, 0xF1, 0x50, 0x80, 0x01, 0x3F, 0xFC, 0x21,
                0x00,
            ],
        ]
        for round in 0..<5000 {
            let bytes = random.mutate(seeds[round % seeds.count])
            #expect(frames(bytes, marker: round % 3 == 0) <= max(1, bytes.count / 2))
        }
    }
}
