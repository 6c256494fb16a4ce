import Foundation
import ISOMedia
import LibAV
import Media
import NIOCore
import TestSupport
import Testing

@testable import HLS

@Suite struct MadeSoundTests {
    /// Sound of a file, and what it becomes.
    struct Case: Sendable, CustomStringConvertible {
        var file: String
        var coder: [String]
        /// Of the AAC, in Hz.
        var rate: Int
        var channels = 1
        /// How much later than in the file a player without a file's edit list may hear it, in seconds.
        var late = 0.001
        /// The least of signal to noise, in dB: AAC of so few bits is no better.
        var clean = 20.0
        /// GStreamer's encoder, for ffmpeg has none, and how its files begin.
        var amr: (encoder: String, magic: String)?

        /// Of AMR, in Hz.
        var sourceRate: Int { amr?.encoder == "amrnbenc" ? 8000 : 16_000 }

        var description: String { "\(file) \(coder.joined(separator: " ")) \(amr?.magic ?? "")" }
    }

    /// Tones that glide, six seconds of them, and louder from time to time.
    private static let song =
        "aevalsrc='(0.15+0.25*lt(mod(t,0.7),0.1))*(sin(2*PI*440*t)+0.5*sin(2*PI*(700*t+90*t*t)))':d=6:s=48000"

    private static func make(_ kind: Case, pictures: Bool = true, in folder: URL) async throws -> ByteBuffer {
        let video = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=6"]
        let coder = ["-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-g", "24"]
        var source = ["-f", "lavfi", "-i", song]
        if let amr = kind.amr {
            try await makeAMR(amr.encoder, amr.magic, rate: kind.sourceRate, in: folder)
            source = ["-i", "song.amr"]
        }
        _ = try await OutsideTool("ffmpeg").output(
            ["-nostdin", "-y", "-v", "error"] + source + (pictures ? video + coder : [])
                + (kind.amr == nil ? ["-ac", "\(kind.channels)"] : []) + kind.coder + [kind.file], in: folder)
        return try MovieFile.bytes(kind.file, in: folder)
    }

    private static func makeAMR(_ encoder: String, _ magic: String, rate: Int, in folder: URL) async throws {
        _ = try await OutsideTool("ffmpeg").output(
            ["-nostdin", "-v", "error", "-f", "lavfi", "-i", song, "-ar", "\(rate)", "song.wav"], in: folder)
        _ = try await OutsideTool("gst-launch-1.0").output(
            [
                "-q", "filesrc", "location=song.wav", "!", "wavparse", "!", encoder, "!", "filesink",
                "location=song.raw",
            ],
            in: folder)
        let frames = try Data(contentsOf: folder.appending(path: "song.raw"))
        try (Data("#!\(magic)\n".utf8) + frames).write(to: folder.appending(path: "song.amr"))
    }

    /// One channel of it, at a rate; the first sample is of moment 0.
    private static func samples(_ name: String, _ rate: Int, in folder: URL) async throws -> [Float] {
        let bytes = try await OutsideTool("ffmpeg").output(
            [
                "-nostdin", "-v", "error", "-i", name, "-vn", "-af", "aresample=\(rate)", "-ac", "1", "-f", "f32le",
                "-",
            ], in: folder)
        return bytes.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count - 3, by: 4).map { raw.loadUnaligned(fromByteOffset: $0, as: Float.self) }
        }
    }

    /// All segments one behind the other as a player hears them, from moment 0 on.
    private static func heard(_ plan: SegmentPlan, _ film: ByteBuffer, in folder: URL) async throws -> [Float] {
        let made = try #require(plan.madeSound)
        var whole = try plan.initialization() ?? ByteBuffer()
        for index in plan.segments.indices { whole.writeImmutableBuffer(try plan.make(index, from: film)) }
        try Data(whole.readableBytesView).write(to: folder.appending(path: "whole.mp4"))
        let samples = try await samples("whole.mp4", made.grid.track.clockRate, in: folder)
        #expect(samples.count == made.frames.count * 1024)
        let times = try await OutsideTool("ffprobe").lines(
            [
                "-v", "error", "-select_streams", "a", "-show_entries", "packet=pts_time", "-of", "csv=p=0",
                "whole.mp4",
            ], in: folder
        ).compactMap { Double($0.filter { $0 != "," }) }
        let rate = Double(made.grid.track.clockRate)
        let expected = made.frames.map { Double(plan.origin) + Double($0) * 1024 / rate }
        #expect(times.count == expected.count && zip(times, expected).allSatisfy { abs($0 - $1) < 0.000_01 })
        return Array(samples.dropFirst(Int(-made.frames.lowerBound) * 1024))
    }

    private static func power(_ samples: some Sequence<Float>) -> Double {
        samples.reduce(into: (0.0, 1.0)) { $0 = ($0.0 + Double($1 * $1), $0.1 + 1) }.0
    }

    /// How many samples later `heard` is than `source`, within `most`; by a piece of it.
    private static func lag(_ heard: [Float], _ source: [Float], most: Int) -> Int {
        let range = most..<most + 12_000
        func likeness(_ lag: Int) -> Float {
            var sum: Float = 0
            for index in range { sum += heard[index + lag] * source[index] }
            return sum
        }
        return (-most...most).map { (lag: $0, likeness: likeness($0)) }.max { $0.likeness < $1.likeness }?.lag ?? 0
    }

    @Test(
        "Sound that becomes AAC is the file's, in step with it, with no seam where segments meet",
        arguments: [
            Case(file: "a.mov", coder: ["-ar", "8000", "-c:a", "pcm_mulaw"], rate: 16_000),
            Case(file: "a.mov", coder: ["-ar", "8000", "-c:a", "pcm_alaw"], rate: 16_000),
            Case(file: "a.mov", coder: ["-ar", "44100", "-c:a", "pcm_s16le"], rate: 44_100, channels: 2),
            Case(file: "a.mov", coder: ["-ar", "22050", "-c:a", "pcm_s16be"], rate: 32_000),
            Case(file: "a.mov", coder: ["-ar", "11025", "-c:a", "pcm_s16le"], rate: 16_000),
            // In samples of three seconds.
            Case(
                file: "a.mov",
                coder: [
                    "-af", "aresample=16000,asetnsamples=n=48000", "-c:a", "pcm_s16le", "-movflags",
                    "frag_keyframe+empty_moov",
                ], rate: 16_000),
            Case(file: "a.mov", coder: ["-ar", "96000", "-c:a", "pcm_s24le"], rate: 48_000, channels: 2),
            Case(file: "a.mov", coder: ["-ar", "48000", "-c:a", "pcm_s16le"], rate: 48_000, channels: 6),
            Case(file: "a.mov", coder: ["-ar", "16000", "-c:a", "pcm_u8"], rate: 16_000, clean: 15),
            Case(file: "a.mov", coder: ["-ar", "44100", "-c:a", "pcm_f32le"], rate: 44_100, channels: 2),
            Case(file: "a.mp4", coder: ["-ar", "44100", "-c:a", "libmp3lame"], rate: 44_100, channels: 2),
            Case(file: "a.mp4", coder: ["-ar", "48000", "-c:a", "mp2"], rate: 48_000),
            Case(file: "a.mp4", coder: ["-ar", "48000", "-c:a", "libopus"], rate: 48_000, channels: 2),
            Case(
                file: "a.mp4", coder: ["-ar", "48000", "-c:a", "libopus", "-b:a", "16k", "-application", "voip"],
                rate: 48_000, channels: 2, late: 0.002, clean: 10),
            Case(file: "a.3gp", coder: ["-c:a", "copy"], rate: 16_000, clean: 10, amr: ("amrnbenc", "AMR")),
            Case(file: "a.3gp", coder: ["-c:a", "copy"], rate: 16_000, clean: 10, amr: ("voamrwbenc", "AMR-WB")),
        ])
    func seamless(kind: Case) async throws {
        try await withTemporaryDirectory { folder in
            let film = try await Self.make(kind, in: folder)
            let plan = try MovieFile.plan(film, form: .fragments(hasVideo: true))
            #expect(plan.segments.count == 7)
            #expect(plan.tracks.sound?.muxed.clockRate == kind.rate)
            #expect(plan.tracks.sound?.muxed.channels == min(2, kind.channels))
            let source = try await Self.samples(kind.file, kind.rate, in: folder)
            let heard = try await Self.heard(plan, film, in: folder)
            let lag = Self.lag(heard, source, most: kind.rate / 200)
            #expect(abs(Double(lag) / Double(kind.rate)) <= kind.late, "\(lag) samples late")
            let range = 4096..<min(heard.count, source.count) - 4096
            let noise = range.map { heard[$0 + lag] - source[$0] }
            let clean = 10 * log10(Self.power(source[range]) / Self.power(noise))
            #expect(clean > kind.clean)
            // Where segments meet it is no worse than where nothing is cut, but for what coders do differently.
            let one = try MovieFile.plan(film, target: .seconds(100), form: .fragments(hasVideo: true))
            #expect(one.segments.count == 1)
            let whole = try await Self.heard(one, film, in: folder)
            for start in plan.segments.dropFirst().map(\.start) {
                let place = Int(start * Int64(kind.rate) / 1_000_000)
                let seam = max(range.lowerBound, place - 2048)..<min(range.upperBound, place + 3072)
                let disturbance = Self.power(seam.map { heard[$0 + lag] - source[$0] })
                let usual = Self.power(seam.map { whole[$0 + lag] - source[$0] })
                #expect(
                    disturbance < 2 * usual + Self.power(source[seam]) / 1000,
                    "\(disturbance) at \(start), and \(usual) uncut")
            }
        }
    }

    @Test(
        "Sound of several parts is cut to the sample, and silent in gaps; that of AAC too",
        arguments: [
            Case(file: "a.mov", coder: ["-ar", "8000", "-c:a", "pcm_mulaw"], rate: 16_000),
            Case(file: "a.mov", coder: ["-ar", "48000", "-c:a", "pcm_s16le"], rate: 48_000, channels: 2),
            Case(file: "a.mp4", coder: ["-ar", "44100", "-c:a", "libmp3lame"], rate: 44_100, channels: 2),
            Case(file: "a.mp4", coder: ["-ar", "48000", "-c:a", "libopus"], rate: 48_000, channels: 2),
            Case(file: "a.mp4", coder: ["-ar", "48000", "-c:a", "aac", "-b:a", "128k"], rate: 48_000, channels: 2),
            Case(file: "a.mp4", coder: ["-ar", "22050", "-c:a", "aac", "-b:a", "64k"], rate: 32_000),
        ])
    func parts(kind: Case) async throws {
        try await withTemporaryDirectory { folder in
            let whole = Array((try await Self.make(kind, in: folder)).readableBytesView)
            let edits: [EditedMovie.Edit] = [
                .init(0.9, from: 2.013), .init(0.4, from: nil), .init(1.1, from: 0.25), .init(1.3, from: 4.1),
                .init(0.7, from: 0.25),
            ]
            let film = ByteBuffer(bytes: EditedMovie.with(edits, for: whole))
            let plan = try MovieFile.plan(film, form: .fragments(hasVideo: true))
            #expect(plan.segments.count > 2 && plan.tracks.sound?.muxed.clockRate == kind.rate)
            let source = try await Self.samples(kind.file, kind.rate, in: folder)
            let heard = try await Self.heard(plan, film, in: folder)
            let rate = Double(kind.rate)
            var start = 0.0
            for edit in edits {
                // Not where one meets the other: windows of the coder show some of both.
                let range = Int((start + 0.05) * rate)..<Int((start + edit.duration - 0.05) * rate)
                if let media = edit.media {
                    let shift = Int(((media - start) * rate).rounded())
                    let most = kind.rate / 500
                    // To where it sounds most like it.
                    let noise = (-most...most).map { lag in
                        Self.power(range.map { heard[$0] - source[$0 + shift + lag] })
                    }
                    let least = try #require(noise.min())
                    let lag = (noise.firstIndex(of: least) ?? 0) - most
                    #expect(abs(Double(lag) / rate) <= kind.late, "\(lag) samples off at \(start)")
                    let expected = Self.power(range.map { source[$0 + shift + lag] })
                    #expect(10 * log10(expected / least) > kind.clean - 4, "at \(start)")
                } else {
                    #expect(Self.power(heard[range]) / Double(range.count) < 1e-6)
                }
                start += edit.duration
            }
            #expect(abs(plan.end - Int64(start * 1_000_000)) < 30_000)
        }
    }
}
