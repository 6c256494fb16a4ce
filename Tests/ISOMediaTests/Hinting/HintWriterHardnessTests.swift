import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ISOMedia

@Suite("Hinted copies of movies that are not quite right")
struct HintWriterHardnessTests {
    /// Ten samples of a tenth of a second.
    private static let sound: HandmadeMovie = {
        let samples = (0..<10).map { [UInt8](repeating: UInt8($0), count: 800) }
        var movie = HandmadeMovie("ulaw", HandmadeMovie.sound(), samples: samples)
        movie.handler = "soun"
        movie.timescale = 8000
        movie.duration = 800
        return movie
    }()

    private static func place(of type: String, in bytes: [UInt8]) -> Int {
        let type = Array(type.utf8)
        return bytes.indices.last { bytes[$0...].prefix(4).elementsEqual(type) } ?? 0
    }

    private static func write(_ value: UInt32, at place: Int, of bytes: inout [UInt8]) {
        bytes.replaceSubrange(place..<place + 4, with: bigEndian(value))
    }

    /// The movie with its samples once more in a last box, with `head`, where its table has them.
    private static func movie(endingIn head: [UInt8]) -> [UInt8] {
        var bytes = Array(sound.bytes.readableBytesView)
        let media = place(of: "mdat", in: bytes) + 4
        let samples = Array(bytes[media..<media + 8000])
        bytes.replaceSubrange(media..<media + 8000, with: [UInt8](repeating: 0xEE, count: 8000))
        write(UInt32(bytes.count + head.count), at: place(of: "stco", in: bytes) + 12, of: &bytes)
        return bytes + head + samples
    }

    private static let odd: [(String, [UInt8])] = {
        let type = Array("mdat".utf8)
        var openTrack = Array(sound.bytes.readableBytesView)
        write(0, at: place(of: "trak", in: openTrack) - 4, of: &openTrack)
        var lastNumber = Array(sound.bytes.readableBytesView)
        write(.max, at: place(of: "tkhd", in: lastNumber) + 16, of: &lastNumber)
        return [
            ("a last box a byte longer than the file", movie(endingIn: bigEndian(UInt32(8009)) + type)),
            ("the same with a long size", movie(endingIn: [0, 0, 0, 1] + type + bigEndian(UInt64(1) << 40))),
            ("a last box to the end of the file", movie(endingIn: [0, 0, 0, 0] + type)),
            ("a last track to the end of moov", openTrack),
            ("the highest number a track can have", lastNumber),
        ]
    }()

    @Test("A copy has all media and its hint track where they belong", arguments: odd.indices)
    func copied(index: Int) async throws {
        let (name, bytes) = Self.odd[index]
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "odd.mov")
            try Data(bytes).write(to: file)
            let copy = try HintWriterTests.hint(file, form: .small)
            try HintWriterTests.compare(copy: FileBytes(path: copy.path), with: FileBytes(path: file.path), limit: 1440)
            let movie = try Movie(reading: FileBytes(path: copy.path))
            #expect(movie.tracks.count == 2 && movie.unreadableTracks.isEmpty, "\(name)")
            #expect(movie.tracks.allSatisfy { $0.id > 0 }, "\(name)")
            let sent = try await OutsideTool("ffmpeg").output(
                ["-v", "error", "-i", copy.path, "-map", "0:a", "-c", "copy", "-f", "data", "-"], in: directory)
            let expected = Self.sound.samples.flatMap { $0 }
            #expect(sent == expected, "\(name)")
        }
    }

    @Test("A movie whose tables point beyond the file is refused, for there the hint samples would be")
    func beyond() async throws {
        var sound = TrackBytes(id: 1, handler: "soun", timescale: 8000, chunks: [[[UInt8](repeating: 1, count: 160)]])
        sound.entry = boxBytes("ulaw", [0, 0, 0, 0, 0, 0, 0, 1] + HandmadeMovie.sound())
        sound.durations = [160]
        let text = TrackBytes(id: 2, handler: "text", chunks: [[[1, 2, 3, 4]]])
        var bytes = movieBytes([sound, text])
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "beyond.mov")
            try Data(bytes).write(to: file)
            _ = try HintWriterTests.hint(file, form: .fast, handlers: ["soun"])
            Self.write(UInt32(bytes.count - 3), at: Self.place(of: "stco", in: bytes) + 12, of: &bytes)
            try Data(bytes).write(to: file)
            #expect(throws: MovieError.truncated(at: Int64(bytes.count + 1))) {
                try HintWriterTests.hint(file, form: .fast, handlers: ["soun"])
            }
        }
    }

    @Test("What an edit list passes over is not hinted")
    func editList() async throws {
        let frame: [UInt8] = [0xFF, 0xFB, 0x90, 0] + [UInt8](repeating: 0, count: 413)
        var movie = HandmadeMovie(
            ".mp3", HandmadeMovie.sound(rate: 44_100), samples: Array(repeating: frame, count: 100))
        movie.handler = "soun"
        movie.timescale = 1000
        movie.duration = 1000
        movie.edit = (50_000, 20_000)
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "edit.mov")
            try Data(movie.bytes.readableBytesView).write(to: file)
            let bytes = try FileBytes(path: HintWriterTests.hint(file, form: .fast).path)
            let copy = try Movie(reading: bytes)
            let hint = try #require(copy.tracks.first(where: HintTrack.isHint))
            var packets = try HintedPackets(HintTrack(hint, of: copy, in: bytes), in: bytes)
            let sent = try sent(by: &packets)
            #expect(sent.entries.count == 20)
            #expect(sent.entries.filter { $0.due == 0 }.count == 1)
            #expect(sent.packets.first?.timestamp == 1_000_000)
        }
    }
}
