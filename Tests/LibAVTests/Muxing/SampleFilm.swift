import Foundation
import LibAV
import Media
import NIOCore
import TestSupport
import Testing

/// Two seconds of a film as a stream would give them: 50 pictures with B frames in groups of ten, and sound.
struct SampleFilm: Sendable {
    enum Sound: String, Sendable, CaseIterable {
        case aac, mp3
    }

    var tracks: [MuxedTrack] = []
    /// In order of decoding, tracks mixed; each with its duration.
    var units: [AccessUnit] = []

    /// The MP4 that ffmpeg made of the pictures.
    var movie: [UInt8] = []

    /// Made by ffmpeg; `time` is when it begins, in 1/90000 s, a multiple of 100.
    static func make(_ video: Codec?, _ sound: Sound?, from time: Int64 = 0) async throws -> SampleFilm {
        var film = try await Films.shared.film(video, sound)
        for index in film.units.indices {
            let forward = time / 100 * Int64(film.tracks[film.units[index].track].clockRate / 900)
            film.units[index].decodeTime += forward
            film.units[index].presentationTime += forward
        }
        return film
    }

    /// Each film is made once in a run.
    private actor Films {
        static let shared = Films()
        private var made: [String: Task<SampleFilm, any Error>] = [:]

        func film(_ video: Codec?, _ sound: Sound?) async throws -> SampleFilm {
            let name = "\(String(describing: video)) \(String(describing: sound))"
            let making = made[name] ?? Task { try await SampleFilm.code(video, sound) }
            made[name] = making
            return try await making.value
        }
    }

    fileprivate static func code(_ video: Codec?, _ sound: Sound?) async throws -> SampleFilm {
        try await withTemporaryDirectory { directory in
            var film = SampleFilm()
            if let video { try await film.add(video, in: directory) }
            if let sound { try await film.add(sound, in: directory) }
            let made = film
            film.units.sort { made.seconds($0) < made.seconds($1) }
            return film
        }
    }

    private static let testPicture = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=2"]
    private static let testSound = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=2"]
    private static let coding: [Codec: [String]] = [
        .h264: ["-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-bf", "2", "-pix_fmt", "yuv420p"],
        .h265: [
            "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params",
            "log-level=none:keyint=10:min-keyint=10:bframes=2:no-open-gop=1",
        ],
    ]

    private func seconds(_ unit: AccessUnit) -> Double {
        Double(unit.decodeTime) / Double(tracks[unit.track].clockRate)
    }

    private mutating func add(_ video: Codec, in directory: URL) async throws {
        let tag = video == .h265 ? ["-tag:v", "hvc1"] : []
        let arguments = Self.testPicture + (Self.coding[video] ?? []) + tag + ["film.mp4"]
        _ = try await OutsideTool("ffmpeg").output(["-nostdin", "-v", "error"] + arguments, in: directory)
        let file = directory.appendingPathComponent("film.mp4")
        movie = Array(try Data(contentsOf: file))
        let reader = try MovieReader(path: file.path)
        let index = tracks.count
        tracks.append(
            MuxedTrack(codec: video, configuration: reader.tracks[0].configuration, clockRate: 90_000))
        while let unit = try reader.next() {
            var payload = ByteBuffer()
            for part in unit.parts {
                payload.writeInteger(UInt32(part.readableBytes))
                payload.writeImmutableBuffer(part)
            }
            units.append(
                AccessUnit(
                    track: index, decodeTime: unit.decodingTime, presentationTime: unit.presentationTime,
                    duration: 3600, wallClock: 0, isRandomAccess: unit.isKeyFrame, payload: payload))
        }
    }

    private mutating func add(_ sound: Sound, in directory: URL) async throws {
        let coder =
            sound == .aac ? ["-c:a", "aac", "film.aac"] : ["-c:a", "libmp3lame", "-write_xing", "0", "film.mp3"]
        _ = try await OutsideTool("ffmpeg").output(["-nostdin", "-v", "error"] + Self.testSound + coder, in: directory)
        var rest = ByteBuffer(bytes: try Data(contentsOf: directory.appendingPathComponent("film.\(sound)")))
        if rest.getString(at: 0, length: 3) == "ID3" { rest.moveReaderIndex(forwardBy: 45) }
        let length: Int64 = sound == .aac ? 1024 : 1152
        var start: Int64 = 0
        let index = tracks.count
        tracks.append(
            MuxedTrack(
                codec: sound == .aac ? .aac : .mpegAudio,
                configuration: sound == .aac ? .aac(audioSpecificConfig: [0x12, 0x08]) : .none, clockRate: 44_100,
                channels: 1))
        while let frame = Self.nextFrame(sound, in: &rest) {
            units.append(
                AccessUnit(
                    track: index, decodeTime: start, presentationTime: start, duration: length, wallClock: 0,
                    isRandomAccess: true, payload: frame))
            start += length
        }
    }

    private static func nextFrame(_ sound: Sound, in rest: inout ByteBuffer) -> ByteBuffer? {
        switch sound {
        case .aac:
            guard let header = ADTSHeader(parsing: rest), var frame = rest.readSlice(length: header.frameLength) else {
                return nil
            }
            frame.moveReaderIndex(forwardBy: header.length)
            return frame
        case .mp3:
            guard let bytes = rest.getInteger(at: rest.readerIndex, as: UInt32.self),
                let length = MPEGAudioHeader(bytes)?.frameLength
            else { return nil }
            return rest.readSlice(length: length)
        }
    }

    /// A line of ffprobe for each packet in a file: track, presentation and decode time in the track's clock.
    static func probe(_ bytes: [UInt8], as name: String) async throws -> [String] {
        try await withTemporaryDirectory { directory in
            try Data(bytes).write(to: directory.appendingPathComponent(name))
            return try await OutsideTool("ffprobe").lines(
                ["-v", "error", "-show_entries", "packet=stream_index,pts,dts", "-of", "csv=p=0", name], in: directory
            ).map { $0.hasSuffix(",") ? String($0.dropLast()) : $0 }
        }
    }

    /// What ffmpeg says while it decodes all of a file, and how many pictures it found.
    static func decode(_ bytes: [UInt8], as name: String) async throws -> [String] {
        try await withTemporaryDirectory { directory in
            try Data(bytes).write(to: directory.appendingPathComponent(name))
            let lines = try await OutsideTool("ffmpeg").lines(
                [
                    "-nostdin", "-v", "error", "-xerror", "-copyts", "-i", name, "-map", "0", "-f", "framemd5", "-",
                ], in: directory)
            return lines.filter { !$0.hasPrefix("#") }
        }
    }
}

/// Bytes of memory in use by the whole process.
func residentBytes() throws -> Int {
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return try #require(Int(fields[1])) * 4096
}

extension LinearCongruentialGenerator {
    /// `bytes` with some of them changed, taken out or put in.
    mutating func mutated(_ bytes: ByteBuffer) -> ByteBuffer {
        var result = Array(bytes.readableBytesView)
        for _ in 0..<Int.random(in: 1...8, using: &self) where !result.isEmpty {
            // Mostly at the beginning, where headers are.
            let bound = Bool.random(using: &self) ? min(48, result.count) : result.count
            let start = Int.random(in: 0..<bound, using: &self)
            let end = min(start + Int.random(in: 0...24, using: &self), result.count)
            switch next() >> 32 % 5 {
            case 0: result[start] = UInt8(truncatingIfNeeded: next() >> 40)
            case 1: result[start] ^= 1 << UInt8(next() >> 33 % 8)
            case 2: result.removeSubrange(start..<end)
            case 3: result.insert(contentsOf: result[start..<end], at: start)
            default: if next() >> 32 % 4 == 0 { result.removeSubrange(start...) }
            }
        }
        return ByteBuffer(bytes: result)
    }
}
