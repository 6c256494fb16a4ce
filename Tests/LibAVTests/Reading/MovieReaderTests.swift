import Foundation
import Media
import NIOCore
import TestSupport
import Testing

@testable import LibAV

@Suite("MovieReader")
struct MovieReaderTests {
    private static let picture = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=2"]
    private static let sound = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=2"]
    private static let h264 = [
        "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-bf", "2", "-pix_fmt", "yuv420p",
    ]
    private static let h265 = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=10"]

    private static func make(_ arguments: [String], _ name: String, in directory: URL) async throws -> String {
        let file = directory.appendingPathComponent(name)
        _ = try await OutsideTool("ffmpeg").output(
            ["-nostdin", "-loglevel", "error"] + arguments + ["-y", file.path], in: directory)
        return file.path
    }

    private struct Taken {
        var tracks: [MovieReader.Track] = []
        var leftOut: [String] = []
        var units: [MovieReader.Unit] = []
        var error: LibAVError?

        func units(of track: Int) -> [MovieReader.Unit] { units.filter { $0.track == track } }
    }

    private static func read(_ path: String) -> Taken {
        var taken = Taken()
        do throws(LibAVError) {
            let reader = try MovieReader(path: path)
            taken.tracks = reader.tracks
            taken.leftOut = reader.leftOut
            while let unit = try reader.next() { taken.units.append(unit) }
        } catch {
            taken.error = error
        }
        return taken
    }

    private static func types(_ unit: MovieReader.Unit, in codec: Codec) -> [UInt8] {
        unit.parts.compactMap { $0.getInteger(at: $0.readerIndex, as: UInt8.self) }
            .map { codec == .h264 ? $0 & 0x1F : $0 >> 1 & 0x3F }
    }

    @Test(
        "Every picture and sound of a movie comes out of its container, in order of decoding, key frames behind their sets",
        arguments: ["film.mp4", "film.mov", "film.mkv", "film.ts", "film.flv"], ["h264", "h265"])
    func film(name: String, codec: String) async throws {
        // The classic FLV has no H.265.
        guard !(name == "film.flv" && codec == "h265") else { return }
        try await withTemporaryDirectory { directory in
            let video = codec == "h264" ? Self.h264 : Self.h265
            let path = try await Self.make(Self.picture + Self.sound + video + ["-c:a", "aac"], name, in: directory)
            let taken = Self.read(path)
            let kind: Codec = codec == "h264" ? .h264 : .h265
            #expect(taken.error == nil && taken.leftOut == [])
            #expect(taken.tracks.map(\.codec) == [kind, .aac])
            #expect(taken.tracks.map(\.clockRate) == [90_000, 44_100] && taken.tracks.last?.channels == 1)
            #expect(taken.tracks.allSatisfy { $0.configuration.isComplete })

            let pictures = taken.units(of: 0)
            #expect(pictures.count == 50 && pictures.count { $0.isKeyFrame } >= 5)
            let decoding = pictures.map(\.decodingTime)
            // Matroska does not keep them, and libavformat knows those of the first pictures too late.
            let known = decoding.dropFirst(name == "film.mkv" ? 4 : 0)
            #expect(zip(known, known.dropFirst()).allSatisfy { $0 <= $1 })
            #expect(zip(decoding, decoding.dropFirst()).allSatisfy { $1 - $0 > -90_000 })
            let shown = pictures.map(\.presentationTime).sorted()
            #expect(zip(shown, shown.dropFirst()).allSatisfy { abs($1 - $0 - 3600) <= 90 })
            #expect(shown != pictures.map(\.presentationTime), "there are B frames")
            for key in pictures where key.isKeyFrame {
                let sets: [UInt8] = kind == .h264 ? [7, 8] : [32, 33, 34]
                #expect(Set(Self.types(key, in: kind)).isSuperset(of: sets))
            }
            let sounds = taken.units(of: 1)
            #expect(sounds.count >= 86 && sounds.allSatisfy { $0.parts.count == 1 })
            let times = sounds.map(\.presentationTime)
            #expect(zip(times, times.dropFirst()).allSatisfy { abs($1 - $0 - 2090) <= 100 })
            #expect(sounds.allSatisfy { ADTSHeader(parsing: $0.parts[0]) == nil }, "ADTS headers are taken off")
        }
    }

    @Test("G.711 comes in packets of about 20 ms, AVI has its pictures in order, and what cannot be passed on is named")
    func others() async throws {
        try await withTemporaryDirectory { directory in
            let telephone = ["-ar", "8000", "-ac", "1", "-c:a", "pcm_mulaw"]
            let plain = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-pix_fmt", "yuv420p"]
            let film = Self.picture + Self.sound
            let avi = Self.read(try await Self.make(film + plain + telephone, "a.avi", in: directory))
            #expect(avi.tracks.map(\.codec) == [.h264, .pcmu])
            let sounds = avi.units(of: 1)
            #expect((70...110).contains(sounds.count) && sounds.allSatisfy { $0.parts[0].readableBytes <= 240 })
            #expect(sounds.reduce(0) { $0 + $1.parts[0].readableBytes } == 16_000)
            let isRunning = zip(sounds, sounds.dropFirst()).allSatisfy { sound, next in
                abs(next.presentationTime - sound.presentationTime - Int64(sound.parts[0].readableBytes) * 90 / 8) <= 12
            }
            #expect(isRunning)
            #expect(avi.units(of: 0).count == 50)

            let wave = Self.read(
                try await Self.make(
                    Self.sound + ["-ar", "16000", "-ac", "2", "-c:a", "pcm_alaw"], "a.wav", in: directory))
            #expect(wave.tracks.map(\.clockRate) == [16_000] && wave.tracks.map(\.channels) == [2])
            let fast = Self.read(
                try await Self.make(
                    Self.sound + ["-ar", "48000", "-ac", "2", "-c:a", "pcm_alaw"], "f.wav", in: directory))
            #expect(fast.units.count > 100 && fast.units.allSatisfy { $0.parts[0].readableBytes <= 1400 })
            #expect(wave.units.dropLast().allSatisfy { (426...960).contains($0.parts[0].readableBytes) })

            let mixed = Self.read(
                try await Self.make(film + plain + ["-c:a", "ac3"], "b.mkv", in: directory))
            #expect(mixed.tracks.map(\.codec) == [.h264] && mixed.leftOut == ["ac3"])
            let none = Self.read(
                try await Self.make(film + ["-c:v", "mpeg4", "-c:a", "ac3"], "c.mp4", in: directory))
            #expect(
                none.error?.reason
                    == "it has no H.264, H.265, AAC or G.711, but mpeg4, ac3", "\(String(describing: none.error))")
        }
    }

    @Test("A search goes to a key frame at or before the time")
    func seek() async throws {
        try await withTemporaryDirectory { directory in
            let path = try await Self.make(Self.picture + Self.h264, "a.mp4", in: directory)
            let reader = try MovieReader(path: path)
            reader.seek(to: 90_000)
            let first = try #require(try reader.next())
            #expect(first.isKeyFrame && (54_000...90_000).contains(first.presentationTime))
        }
    }

    @Test("No file, a folder, an empty file, a text and an address are errors that say why")
    func refusals() async throws {
        try await withTemporaryDirectory { directory in
            let empty = directory.appendingPathComponent("empty.mp4")
            try Data().write(to: empty)
            let list = directory.appendingPathComponent("list.m3u8")
            let segments = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n"
            try Data(segments.utf8).write(to: list)
            #expect(Self.read("/nonexistent.mp4").error?.reason == "no such file or directory")
            #expect(Self.read(directory.path).error?.reason == "it is not a file")
            for path in [empty.path, list.path, "concat:/etc/passwd", "http://127.0.0.1:1/a.mp4", ""] {
                #expect(Self.read(path).error != nil, "\(path)")
            }
        }
    }

    @Test(
        "A text in the place of a movie leads to no other file, pipe or machine, nor to itself", .timeLimit(.minutes(1))
    )
    func texts() async throws {
        try await withTemporaryDirectory { directory in
            let film = try await Self.make(Self.picture + Self.h264, "film.ts", in: directory)
            let pipe = directory.appendingPathComponent("pipe.ts").path
            #expect(mkfifo(pipe, 0o600) == 0)
            let texts = [
                "ffconcat version 1.0\nfile a.mp4\n",
                "ffconcat version 1.0\nfile pipe.ts\n",
                "ffconcat version 1.0\nfile film.ts\n",
                "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n\(film)\n#EXT-X-ENDLIST\n",
            ]
            for text in texts {
                let path = directory.appendingPathComponent("a.mp4")
                try Data(text.utf8).write(to: path)
                let error = Self.read(path.path).error
                #expect(error != nil, "\(text)")
                if text.hasPrefix("ff") { #expect(error?.reason == "its container is not one of movies") }
            }
            let container = try MovieContainer(path: film, isWanted: { true })
            let protocols = try #require(container.context?.pointee.protocol_whitelist)
            #expect(String(cString: protocols) == "file")
        }
    }

    @Test("Sound that goes on behind the last picture is not read into memory for its sake")
    func soundBehindPictures() async throws {
        try await withTemporaryDirectory { directory in
            let long = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=60"]
            let path = try await Self.make(
                Self.picture + long + Self.h264 + ["-c:a", "pcm_s16le"], "a.avi", in: directory)
            let container = try MovieContainer(path: path, isWanted: { true })
            let file = try #require(container.context?.pointee.pb)
            var ahead: Int64 = 0
            while try container.read({ if $0.pos >= 0 { ahead = max(ahead, file.pointee.pos - $0.pos) } }) {}
            #expect((1...1_000_000).contains(ahead))
        }
    }

    @Test("Who wants no more is not read for")
    func interruption() async throws {
        try await withTemporaryDirectory { directory in
            let path = try await Self.make(Self.picture + Self.h264, "a.mp4", in: directory)
            #expect(throws: LibAVError.self) { try MovieReader(path: path, isWanted: { false }) }
        }
    }

    @Test("Movies with flipped bits, holes and a missing end give pictures, or an error")
    func mutations() async throws {
        try await withTemporaryDirectory { directory in
            var generator = SeededGenerator(seed: 7)
            for name in ["a.mp4", "a.mkv", "a.ts"] {
                let path = try await Self.make(
                    Self.picture + Self.sound + Self.h264 + ["-c:a", "aac", "-t", "0.5"], name, in: directory)
                let film = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
                for _ in 0..<40 {
                    var bytes = film
                    for _ in 0..<Int.random(in: 1...20, using: &generator) {
                        bytes[Int.random(in: bytes.indices, using: &generator)] ^=
                            1 << UInt8.random(in: 0..<8, using: &generator)
                    }
                    if UInt8.random(in: 0..<4, using: &generator) == 0 {
                        bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
                    }
                    try Data(bytes).write(to: URL(fileURLWithPath: path))
                    let taken = Self.read(path)
                    let size = taken.units.reduce(0) { $0 + $1.parts.reduce(0) { $0 + $1.readableBytes } }
                    // Parameter sets are added to key frames.
                    #expect(size <= bytes.count + taken.units.count * 200)
                }
            }
        }
    }
}

/// A linear congruential generator: the same seed gives the same mutations for ever.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 32 ^ state << 32
    }
}
