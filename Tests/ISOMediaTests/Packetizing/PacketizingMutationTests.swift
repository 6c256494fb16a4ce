import NIOCore
import TestSupport
import Testing

@testable import ISOMedia

/// Sample descriptions and samples with bytes changed, cut and doubled: whatever comes of it, it is bounded and never traps.
@Suite struct PacketizingMutationTests {
    /// A linear congruential generator: the same numbers in every run.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33 | state << 31
        }

        mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
            var bytes = bytes
            for _ in 0..<Int.random(in: 1...4, using: &self) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &self)
                switch Int.random(in: 0..<6, using: &self) {
                case 0: bytes.removeLast(bytes.count - index)
                case 1: bytes.insert(contentsOf: bytes[index...].prefix(40), at: index)
                case 2: bytes[index] = 0xFF
                case 3: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &self)
                case 4: bytes.remove(at: index)
                default: bytes[index] = UInt8.random(in: 0...255, using: &self)
                }
            }
            return bytes
        }
    }

    private static let hvcC: [UInt8] = HandmadeMovie.box(
        "hvcC",
        [1] + [UInt8](repeating: 0, count: 20) + [
            0x0F, 2, 0x20, 0, 1, 0, 4, 0x40, 1, 12, 1, 0x21, 0, 1, 0, 4, 0x42, 1, 1, 1,
        ])

    private static var movies: [HandmadeMovie] {
        let unit: [UInt8] = [0, 0, 0, 5, 0x65, 0x88, 0x84, 0, 0x21]
        let sets = [0, 0, 0, 4] + MediaTrackFormatTests.pps
        var picture = SampleJPEG()
        picture.scan = Array(picture.scan.prefix(30))
        let wave = HandmadeMovie.box(
            "wave", HandmadeMovie.esds(0x40, [0x12, 0x10]) + HandmadeMovie.box("enda", [0, 1]))
        var versioned = HandmadeMovie.sound(channels: 2)
        versioned[1] = 1
        return [
            HandmadeMovie(
                "avc1", HandmadeMovie.picture(MediaTrackFormatTests.avcC()), samples: [unit + unit, sets + unit]),
            HandmadeMovie("hev1", HandmadeMovie.picture(hvcC), samples: [[0, 0, 0, 4, 0x26, 1, 0xAF, 9], unit]),
            HandmadeMovie(
                "mp4v", HandmadeMovie.picture(HandmadeMovie.esds(0x20, [0, 0, 1, 0xB0, 1])),
                samples: [[0, 0, 1, 0xB6, 9]]),
            HandmadeMovie("jpeg", HandmadeMovie.picture([]), samples: [picture.bytes, picture.bytes]),
            HandmadeMovie("s263", HandmadeMovie.picture([]), samples: [[0, 0, 0x80, 2, 1, 2]]),
            HandmadeMovie("mp4a", versioned + [UInt8](repeating: 0, count: 16) + wave, samples: [[1, 2, 3], [4]]),
            HandmadeMovie("in24", versioned + [UInt8](repeating: 0, count: 16) + wave, samples: [[1, 2, 3, 4, 5, 6]]),
            HandmadeMovie("samr", HandmadeMovie.sound(), samples: [[0x7C, 0x44, 1, 2, 3, 4, 5], [0x7C]]),
            HandmadeMovie(
                ".mp3", HandmadeMovie.sound(), samples: [[0xFF, 0xE3, 0x18, 0xC4] + [UInt8](repeating: 0, count: 90)]),
            HandmadeMovie(
                "Opus", HandmadeMovie.sound(HandmadeMovie.box("dOps", [UInt8](repeating: 1, count: 11))), samples: [[1]]
            ),
        ]
    }

    @Test("Mutated sample descriptions and samples never trap, and give no more than was there")
    func mutations() throws {
        var generator = Generator(state: 6)
        var carried = 0
        for round in 0..<4000 {
            var movie = Self.movies[round % Self.movies.count]
            if round % 3 > 0 { movie.description = generator.mutate(movie.description) }
            if round % 3 < 2 { movie.samples = movie.samples.map { generator.mutate($0) } }
            do {
                let played = try packets(of: movie)
                carried += played.isEmpty ? 0 : 1
                let media = movie.samples.reduce(0) { $0 + $1.count }
                #expect(played.count <= 2 * media + 600 && played.allSatisfy { $0.packet.payload.count <= 1600 })
            } catch is MovieError {}
        }
        #expect(carried > 1000)
    }
}
