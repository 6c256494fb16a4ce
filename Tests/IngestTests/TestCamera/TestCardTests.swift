import Testing

@testable import Ingest

@Suite("TestCard")
struct TestCardTests {
    private func planes(_ card: borrowing TestCard) -> [[UInt8]] {
        let (luma, colour) = (card.picture.size(of: .luma), card.picture.size(of: .blue))
        func rows(_ bytes: UnsafeBufferPointer<UInt8>, _ stride: Int, _ size: (width: Int, height: Int)) -> [UInt8] {
            (0..<size.height).flatMap { Array(bytes[$0 * stride..<$0 * stride + size.width]) }
        }
        return [
            card.picture.withPlane(.luma) { rows($0, $1, luma) },
            card.picture.withPlane(.blue) { rows($0, $1, colour) },
            card.picture.withPlane(.red) { rows($0, $1, colour) },
        ]
    }

    @Test("the clock is UTC, to the millisecond")
    func clock() {
        #expect(TestCard.clockText(TestCard.millisecondsOfDay(1_700_000_000.25)) == "22:13:20.250 UTC")
        #expect(TestCard.clockText(TestCard.millisecondsOfDay(0)) == "00:00:00.000 UTC")
        #expect(TestCard.clockText(TestCard.millisecondsOfDay(-1)) == "23:59:59.000 UTC")
        #expect(TestCard.clockText(86_399_999) == "23:59:59.999 UTC")
    }

    @Test(
        "no clock, however mad, leaves the day",
        arguments: [
            .infinity, -.infinity, .nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, -1e-300, 86_399.9999999,
        ] as [Double])
    func madClocks(wallClock: Double) throws {
        #expect((0..<86_400_000).contains(TestCard.millisecondsOfDay(wallClock)))
        var card = try TestCard(width: 320, height: 180, caption: "")
        try card.draw(frame: .max, wallClock: wallClock)
        try card.draw(frame: .min, wallClock: wallClock)
    }

    @Test("what is redrawn over older frames equals what is drawn afresh")
    func redraws() throws {
        var used = try TestCard(width: 640, height: 360, caption: "YARD 3")
        for index in 0..<60 {
            try used.draw(frame: Int64(index * 997), wallClock: 1_700_000_000 + Double(index) * 0.37)
        }
        let (last, time) = (Int64(59 * 997), 1_700_000_000 + 59 * 0.37)
        var fresh = try TestCard(width: 640, height: 360, caption: "YARD 3")
        try fresh.draw(frame: last, wallClock: time)
        #expect(planes(used) == planes(fresh))
    }

    @Test("every millisecond, frame and caption gives a picture of its own")
    func differs() throws {
        func picture(_ frame: Int64, _ time: Double, _ caption: String) throws -> [[UInt8]] {
            var card = try TestCard(width: 640, height: 360, caption: caption)
            try card.draw(frame: frame, wallClock: time)
            return planes(card)
        }
        let first = try picture(1, 100.5, "A")
        #expect(try picture(1, 100.5, "A") == first)
        #expect(try picture(1, 100.502, "A") != first)
        #expect(try picture(2, 100.5, "A") != first)
        #expect(try picture(1, 100.5, "B") != first)
    }

    @Test(
        "the card fits into any size",
        arguments: [
            (16, 16), (16, 1080), (1920, 16), (34, 18), (176, 144), (320, 240), (3840, 2160),
        ])
    func fits(width: Int, height: Int) throws {
        var card = try TestCard(width: width, height: height, caption: "A LONG CAPTION THAT IS CUT ü")
        try card.draw(frame: 0, wallClock: 0)
        try card.draw(frame: 1, wallClock: 0.99)
        #expect(planes(card)[0].count == width * height)
    }

    @Test("the bars have the levels of SMPTE RP 219, left to right")
    func bars() throws {
        let card = try TestCard(width: 700, height: 400, caption: "")
        let planes = planes(card)
        let levels = (0..<7).map { bar in
            let x = bar * 100 + 50
            return [planes[0][x], planes[1][x / 2], planes[2][x / 2]]
        }
        #expect(
            levels == [
                [180, 128, 128], [168, 44, 136], [145, 147, 44], [134, 63, 52], [63, 193, 204], [51, 109, 212],
                [28, 212, 120],
            ])
    }

    @Test("the flash is white in the first tenth of each second alone")
    func flash() throws {
        var card = try TestCard(width: 640, height: 360, caption: "")
        for (time, luma) in [(7.0, 235), (7.08, 235), (7.12, 16), (7.96, 16), (8.04, 235)] as [(Double, UInt8)] {
            try card.draw(frame: 0, wallClock: time)
            // The flash ends the grey steps, which lie from three to seven eighths of the height.
            #expect(planes(card)[0][640 * 290 + 630] == luma, "at \(time)")
        }
    }

    @Test("each letter of the font is seven rows of five dots, and no two are alike")
    func font() {
        let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ:.-_/".utf8)
        let drawn = letters.compactMap { BitmapFont.rows(of: $0) }
        #expect(drawn.count == letters.count)
        #expect(drawn.allSatisfy { $0.count == 7 && $0.allSatisfy { $0 < 0x20 } })
        #expect(Set(drawn).count == letters.count)
        #expect(BitmapFont.rows(of: 0x61) == BitmapFont.rows(of: 0x41))
        #expect(BitmapFont.rows(of: 0xFF) == nil)
    }
}
