import Foundation
import Media
import NIOCore
import TestSupport
import Testing

@testable import LibAV

@Suite("AudioTranscoder")
struct AudioTranscoderTests {
    private static let pcmu = TrackFormat(payloadType: 0, codec: .pcmu, clockRate: 8000)

    private static func unit(_ payload: [UInt8], at time: Int64) -> AccessUnit {
        AccessUnit(
            track: 3, decodeTime: time, presentationTime: time, duration: nil, wallClock: time &* 125_000,
            isRandomAccess: true, payload: ByteBuffer(bytes: payload))
    }

    /// Twenty milliseconds of G.711 µ-law: silence, or a tone as loud as there is.
    private static func sound(_ isTone: Bool) -> [UInt8] {
        (0..<160).map { isTone ? ($0 / 4 % 2 == 0 ? 0x00 : 0x80) : 0xFF }
    }

    /// The sound that AAC gives, each sample at its time in the track's clock.
    private struct Heard {
        var samples: [Int16]
        var times: [Int64]

        /// When the first loud sample is heard from a time on.
        func onset(after time: Int64 = .min) -> Int64? {
            zip(samples, times).first { abs(Int($0)) > 3000 && $1 >= time }?.1
        }
    }

    private static func listen(_ frames: [AccessUnit], _ track: MuxedTrack) async throws -> Heard {
        guard case .aac(let bytes) = track.configuration, let config = AudioSpecificConfig(parsing: bytes) else {
            Issue.record("no AAC")
            return Heard(samples: [], times: [])
        }
        let channels = try #require(config.channels)
        let index = try #require(AudioSpecificConfig.sampleRates.firstIndex(of: config.sampleRate))
        let stream = frames.flatMap { frame -> [UInt8] in
            let length = frame.payload.readableBytes + 7
            let header: [UInt8] = [
                0xFF, 0xF1, 0x40 | UInt8(index << 2), UInt8(channels << 6 | length >> 11), UInt8(length >> 3 & 0xFF),
                UInt8(length & 7) << 5 | 0x1F, 0xFC,
            ]
            return header + Array(frame.payload.readableBytesView)
        }
        return try await withTemporaryDirectory { directory in
            try Data(stream).write(to: directory.appendingPathComponent("sound.aac"))
            let decoded = try await OutsideTool("ffmpeg").output(
                [
                    "-nostdin", "-v", "error", "-f", "aac", "-i", "sound.aac", "-f", "s16le", "-ac", "1", "-",
                ], in: directory)
            let samples = stride(from: 0, to: decoded.count - 1, by: 2).map { index in
                Int16(bitPattern: UInt16(decoded[index]) | UInt16(decoded[index + 1]) << 8)
            }
            #expect(samples.count == frames.count * 1024)
            return Heard(
                samples: samples,
                times: samples.indices.map {
                    frames[min($0 / 1024, frames.count - 1)].presentationTime + Int64($0 % 1024)
                })
        }
    }

    private static func areInARow(_ frames: [AccessUnit]) -> Bool {
        zip(frames, frames.dropFirst()).allSatisfy { $1.presentationTime - $0.presentationTime == 1024 }
    }

    /// A second of silence, then a tone, coded by ffmpeg; the payloads of units of so many bytes.
    private static func payloads(_ arguments: [String], bytes: Int) async throws -> [[UInt8]] {
        let tone = "aevalsrc='gte(t,1)*0.6*sin(2*PI*500*t)':d=2:s=48000"
        let all = try await withTemporaryDirectory { directory in
            try await OutsideTool("ffmpeg").output(
                ["-nostdin", "-v", "error", "-f", "lavfi", "-i", tone] + arguments + ["-"], in: directory)
        }
        return stride(from: 0, to: all.count - bytes + 1, by: bytes).map { Array(all[$0..<$0 + bytes]) }
    }

    @Test(
        "Each codec of cameras is heard in AAC, 20 ms off at most",
        arguments: [
            ("PCMU", 8000, 1, ["-ar", "8000", "-f", "mulaw"], 160, 16_000),
            ("PCMA", 8000, 1, ["-ar", "8000", "-f", "alaw"], 320, 16_000),
            ("PCMA", 16_000, 1, ["-ar", "16000", "-f", "alaw"], 320, 16_000),
            ("PCMU", 8000, 2, ["-ar", "8000", "-ac", "2", "-f", "mulaw"], 320, 16_000),
            ("G726-16", 8000, 1, ["-ar", "8000", "-b:a", "16k", "-c:a", "g726le", "-f", "g726le"], 40, 16_000),
            ("G726-24", 8000, 1, ["-ar", "8000", "-b:a", "24k", "-c:a", "g726le", "-f", "g726le"], 60, 16_000),
            ("G726-32", 8000, 1, ["-ar", "8000", "-b:a", "32k", "-c:a", "g726le", "-f", "g726le"], 80, 16_000),
            ("G726-40", 8000, 1, ["-ar", "8000", "-b:a", "40k", "-c:a", "g726le", "-f", "g726le"], 100, 16_000),
            ("AAL2-G726-32", 8000, 1, ["-ar", "8000", "-b:a", "32k", "-c:a", "g726", "-f", "g726"], 80, 16_000),
            ("AAL2-G726-40", 8000, 1, ["-ar", "8000", "-b:a", "40k", "-c:a", "g726", "-f", "g726"], 100, 16_000),
            ("G722", 8000, 1, ["-ar", "16000", "-c:a", "g722", "-f", "g722"], 160, 16_000),
            ("L16", 44_100, 2, ["-ar", "44100", "-ac", "2", "-f", "s16be"], 1764, 44_100),
            ("L16", 22_050, 1, ["-ar", "22050", "-f", "s16be"], 882, 32_000),
            ("L16", 96_000, 1, ["-ar", "96000", "-f", "s16be"], 3840, 48_000),
        ] as [(String, Int, Int, [String], Int, Int)])
    func codecs(name: String, rate: Int, channels: Int, arguments: [String], bytes: Int, coded: Int) async throws {
        let payloads = try await Self.payloads(arguments, bytes: bytes)
        let format = TrackFormat(
            payloadType: 97, codec: Codec(encodingName: name), encodingName: name, clockRate: rate, channels: channels)
        let transcoder = try AudioTranscoder(from: format)
        #expect(transcoder.track.clockRate == coded && transcoder.track.channels == channels)
        #expect(transcoder.track.codecString == "mp4a.40.2")
        // G.722 counts half of its samples.
        let ticks = Int64(rate) * 2 / Int64(payloads.count)
        let start = Int64(rate) * 3600
        let frames = try payloads.enumerated().flatMap { index, payload in
            try transcoder.transcode(Self.unit(payload, at: start + Int64(index) * ticks))
        }
        #expect(transcoder.malformed == 0 && Self.areInARow(frames))
        #expect(frames.first?.presentationTime == Int64(coded) * 3600 && frames.allSatisfy { $0.track == 3 })
        let heard = try await Self.listen(frames, transcoder.track)
        let onset = try #require(heard.onset())
        let late = Double(onset - Int64(coded) * 3601) / Double(coded)
        #expect(abs(late) < 0.01, "\(late) s late")
        // A clean tone of 500 Hz, and not the noise that the wrong packing makes.
        let tone = heard.samples.suffix(coded / 2)
        let crossings = zip(tone, tone.dropFirst()).count { $0 < 0 && $1 >= 0 }
        #expect((245...255).contains(crossings))
    }

    @Test("Opus becomes AAC in two channels")
    func opus() async throws {
        let packets: [[UInt8]] = try await withTemporaryDirectory { directory in
            let tone = "aevalsrc='gte(t,1)*0.6*sin(2*PI*500*t)':d=2:s=48000"
            _ = try await OutsideTool("ffmpeg").output(
                [
                    "-nostdin", "-v", "error", "-f", "lavfi", "-i", tone, "-ac", "2", "-c:a", "libopus", "sound.mp4",
                ], in: directory)
            let file = try Data(contentsOf: directory.appendingPathComponent("sound.mp4"))
            return try await OutsideTool("ffprobe").lines(
                ["-v", "error", "-show_entries", "packet=pos,size", "-of", "csv=p=0", "sound.mp4"], in: directory
            ).compactMap { line in
                let numbers = line.split(separator: ",").compactMap { Int($0) }
                return numbers.count == 2 ? Array(file[numbers[1]..<numbers[1] + numbers[0]]) : nil
            }
        }
        #expect(packets.count > 90)
        let transcoder = try AudioTranscoder(
            from: TrackFormat(payloadType: 97, codec: .opus, clockRate: 48_000, channels: 2))
        #expect(transcoder.track.clockRate == 48_000 && transcoder.track.channels == 2)
        let frames = try packets.enumerated().flatMap { index, packet in
            try transcoder.transcode(Self.unit(packet, at: Int64(index) * 960))
        }
        #expect(transcoder.malformed == 0 && Self.areInARow(frames))
        let onset = try #require(try await Self.listen(frames, transcoder.track).onset())
        // Opus itself is 6.5 ms late, which a player of Opus takes off.
        #expect((48_000...48_960).contains(onset))
    }

    @Test("A gap stays a gap, and the sound behind it comes when it should")
    func gap() async throws {
        let transcoder = try AudioTranscoder(from: Self.pcmu)
        let frames = try (0..<150).flatMap { index in
            // Half a second is missing behind the first, and a tone begins a second behind it.
            let time = Int64(index * 160 + (index < 50 ? 0 : 4000))
            return try transcoder.transcode(Self.unit(Self.sound(index >= 100), at: time))
        }
        let steps = zip(frames, frames.dropFirst()).map { $1.presentationTime - $0.presentationTime }
        #expect(steps.count { $0 != 1024 } == 1 && steps.contains { (8000...9024).contains($0) })
        #expect(steps.allSatisfy { $0 >= 1024 })
        let onset = try #require(try await Self.listen(frames, transcoder.track).onset())
        #expect(abs(onset - (100 * 160 + 4000) * 2) < 160)
        #expect(frames.allSatisfy { abs($0.wallClock - $0.presentationTime * 62_500) < 5_000_000 })
    }

    @Test("A gap of years is one as well")
    func longGap() throws {
        let transcoder = try AudioTranscoder(from: Self.pcmu)
        let frames = try (0..<100).flatMap { index in
            let time = Int64(index * 160) + (index < 50 ? 0 : 1 << 45)
            return try transcoder.transcode(Self.unit(Self.sound(false), at: time))
        }
        let steps = zip(frames, frames.dropFirst()).map { $1.presentationTime - $0.presentationTime }
        #expect(steps.count { $0 > 1 << 45 } == 1 && steps.count { $0 == 1024 } == steps.count - 1)
    }

    @Test("Sound stays in step while times waver, units are missing and the clock runs off")
    func step() async throws {
        var random = LinearCongruentialGenerator(seed: 8)
        let transcoder = try AudioTranscoder(from: Self.pcmu)
        var frames: [AccessUnit] = []
        for index in 0..<2000 where index % 400 != 399 {
            // 200 millionths fast, 30 ms of wavering; a tone of a second in the end.
            let wavering = Int64.random(in: -240...240, using: &random)
            let time = Int64(index * 160) * 1_000_200 / 1_000_000 + wavering
            frames += try transcoder.transcode(Self.unit(Self.sound(index >= 1950), at: time))
        }
        #expect(Self.areInARow(frames))
        let onset = try #require(try await Self.listen(frames, transcoder.track).onset(after: 16_000 * 30))
        let wanted: Int64 = 1950 * 320 * 1_000_200 / 1_000_000
        #expect(abs(onset - wanted) < 320, "\((onset - wanted) * 1000 / 16_000) ms late")
    }

    @Test("Sound that comes twice is heard once, and times never go back")
    func overlap() throws {
        let transcoder = try AudioTranscoder(from: Self.pcmu)
        var frames: [AccessUnit] = []
        for index in 0..<200 {
            let time = Int64(index < 100 ? index : index - 50) * 160
            frames += try transcoder.transcode(Self.unit(Self.sound(false), at: time))
        }
        #expect(Self.areInARow(frames))
        #expect((44...46).contains(frames.count))
    }

    @Test("The wall clock goes along with the sound")
    func wallClock() throws {
        let transcoder = try AudioTranscoder(from: Self.pcmu)
        let frames = try (0..<100).flatMap { try transcoder.transcode(Self.unit(Self.sound(false), at: $0 * 160)) }
        // Ticks of 125 µs in the units, of 62.5 µs in the frames.
        #expect(frames.allSatisfy { abs($0.wallClock - $0.presentationTime * 62_500) < 5_000_000 })
        #expect(frames.allSatisfy { $0.duration == 1024 && $0.isRandomAccess && $0.decodeTime == $0.presentationTime })
    }

    @Test("What cannot be decoded is left out, and the rest goes on")
    func malformed() throws {
        let transcoder = try AudioTranscoder(from: TrackFormat(payloadType: 97, codec: .opus, clockRate: 48_000))
        var random = LinearCongruentialGenerator(seed: 5)
        for index in 0..<500 {
            let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                UInt8(truncatingIfNeeded: random.next() >> 40)
            }
            _ = try transcoder.transcode(Self.unit(bytes, at: Int64(index) * 960))
        }
        #expect(transcoder.malformed > 50)
        let pcm = try AudioTranscoder(from: Self.pcmu)
        #expect(try pcm.transcode(Self.unit([], at: 0)).isEmpty)
        #expect(try pcm.transcode(Self.unit([UInt8](repeating: 0, count: 70_000), at: 0)).isEmpty)
        #expect(try pcm.transcode(Self.unit(Self.sound(true), at: .max)).isEmpty && pcm.malformed == 3)
        let frames = try (0..<20).flatMap { try pcm.transcode(Self.unit(Self.sound(true), at: $0 * 160)) }
        #expect(frames.count >= 3)
    }

    @Test("Random sizes and times of every codec never crash, and frames never go back")
    func mutations() throws {
        var random = LinearCongruentialGenerator(seed: 6)
        for name in ["PCMU", "G726-16", "G726-24", "G726-40", "AAL2-G726-32", "G722", "L16", "OPUS"] {
            let transcoder = try AudioTranscoder(
                from: TrackFormat(payloadType: 97, codec: Codec(encodingName: name), clockRate: 8000, channels: 1))
            var time: Int64 = 0
            var last = Int64.min
            for _ in 0..<300 {
                time += Int64.random(in: -2000...4000, using: &random)
                let bytes = (0..<Int.random(in: 1...600, using: &random)).map { _ in
                    UInt8(truncatingIfNeeded: random.next() >> 40)
                }
                for frame in try transcoder.transcode(Self.unit(bytes, at: time)) {
                    #expect(frame.presentationTime >= last)
                    last = frame.presentationTime + 1024
                }
            }
        }
    }

    @Test("What is no sound of these is refused in words")
    func refused() {
        for format in [
            TrackFormat(payloadType: 96, codec: .h264, clockRate: 90_000),
            TrackFormat(payloadType: 96, codec: .other("G726-48"), clockRate: 8000),
            TrackFormat(payloadType: 96, codec: .other("G726-32"), clockRate: 8000, channels: 2),
            TrackFormat(payloadType: 96, codec: .pcmu, clockRate: 0),
            TrackFormat(payloadType: 96, codec: .linear16, clockRate: 48_000, channels: 6),
            TrackFormat(payloadType: 96, codec: .other(nil)),
        ] {
            #expect(throws: LibAVError.self) { _ = try AudioTranscoder(from: format) }
        }
    }
}
