import NIOCore
import Testing

@testable import ISOMedia

struct EditListTests {
    /// Rows of duration in milliseconds, media time in 90 kHz and rate.
    private func edits(_ rows: [[UInt32]], version: UInt8 = 0) throws -> EditList {
        let bytes = ByteBuffer(bytes: MovieFixture.table("elst", version: version, rows))
        let header = try #require(BoxHeader(bytes, at: 0, limit: Int64(bytes.readableBytes)))
        let body = try #require(bytes.getSlice(at: 8, length: bytes.readableBytes - 8))
        return try EditList(
            Box(header: header, body: body), movieTimescale: 1000, timescale: 90_000, limits: MovieLimits())
    }

    private let full: UInt32 = 0x1_0000

    @Test("Without edits media are shown as they are")
    func none() {
        let list = EditList(timescale: 90_000)
        #expect(list.presentationTime(ofMedia: 45_000) == 500_000)
        #expect(list.mediaTime(atPresentation: 500_000) == 45_000)
        #expect(list.isSimple)
        #expect(list.mediaEnd == nil)
        #expect(list.end(ofMedia: 180_000) == 2_000_000)
    }

    @Test("Media begun later than their first sample, behind a wait: times shift by both")
    func waitAndStart() throws {
        let list = try edits([[250, .max, full], [2000, 9000, full]])
        #expect(list.isSimple)
        #expect(list.presentationTime(ofMedia: 9000) == 250_000)
        #expect(list.presentationTime(ofMedia: 0) == 150_000)
        #expect(list.mediaTime(atPresentation: 250_000) == 9000)
        #expect(list.mediaTime(atPresentation: 0) == 9000)
        #expect(list.mediaStart == 9000)
        #expect(list.mediaEnd == 189_000)
        #expect(list.end(ofMedia: 900_000) == 2_250_000)
        #expect(list.segments.map(\.mediaTime) == [nil, 9000])
    }

    @Test("An edit without a length, as of fragments, lasts as long as the media")
    func endless() throws {
        let list = try edits([[0, 1800, full]])
        #expect(list.mediaEnd == nil)
        #expect(list.presentationTime(ofMedia: 1800) == 0)
        #expect(list.end(ofMedia: 91_800) == 1_000_000)
    }

    @Test("Cuts are shown one after the other")
    func cuts() throws {
        let list = try edits([[1000, 0, full], [1000, 270_000, full]])
        #expect(!list.isSimple)
        #expect(list.presentationTime(ofMedia: 45_000) == 500_000)
        #expect(list.presentationTime(ofMedia: 270_000) == 1_000_000)
        #expect(list.mediaTime(atPresentation: 1_500_000) == 315_000)
        #expect(list.mediaTime(atPresentation: 3_000_000) == 450_000)
        #expect(list.end(ofMedia: 900_000) == 2_000_000)
    }

    @Test("Parts that go on where the one before ended are one, whatever clock tells their length; others are not")
    func parts() throws {
        // 1/30 s is 33 ms to the movie, and 3000 units to the track.
        let list = try edits([[33, 3000, full], [33, 6000, full], [34, 9000, full], [0, 12_000, full]])
        #expect(list.isSimple && list.parts.map(\.mediaTime) == [3000] && list.mediaEnd == nil)
        #expect(list.segments.count == 4)
        #expect(try edits([[1000, 0, full], [500, .max, full], [1000, 90_000, full]]).parts.count == 2)
        #expect(try edits([[1000, 0, full], [1000, 89_000, full]]).parts.count == 2)
        #expect(try edits([[1000, 0, full], [1000, 0, full]]).parts.map(\.start) == [0, 1_000_000])
    }

    @Test("A rate of 0 holds a picture, unless there is no other; and rates that no standard knows are 1")
    func rates() throws {
        let list = try edits([[1000, 0, full], [500, 90_000, 0], [1000, 90_000, full / 2]])
        #expect(list.parts.map(\.rate) == [1, 0, 1])
        #expect(list.part(1).mediaEnd == 90_001)
        #expect(try edits([[1000, 0, 0]]).parts.map(\.rate) == [1])
        #expect(try edits([[1000, 0, full / 2]]).isSimple)
    }

    @Test("Version 1 has times of 64 bits; a list that shows nothing is none")
    func long() throws {
        let list = try edits([[0, 500, .max, .max, full], [1, 0, 1, 0, full]], version: 1)
        #expect(list.presentationTime(ofMedia: 1 << 32) == 500_000)
        #expect(list.segments[1].duration == 4_294_967_296_000)
        #expect(try edits([[500, .max, full]]).presentationTime(ofMedia: 90_000) == 1_000_000)
        #expect(throws: MovieError.self) { try edits([[.max, 0, 0, 0, full]], version: 1) }
    }

    @Test(
        "Times are rounded to the nearest unit, and the largest ones are bounded",
        arguments: [
            (1, 90_000, 1_000_000, 11), (-1, 90_000, 1_000_000, -11), (11, 1_000_000, 90_000, 1),
            (Int64.max, 1, 90_000, 1 << 61), (Int64.min, 1, 90_000, -(1 << 61)), (5, 0, 10, 50),
            (Int64.max, .max, .max, Int64.max),
        ] as [(Int64, UInt32, UInt32, Int64)])
    func conversion(time: Int64, from: UInt32, to: UInt32, expected: Int64) {
        #expect(MovieTime.convert(time, from: from, to: to) == expected)
    }
}
