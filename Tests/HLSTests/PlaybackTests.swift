import Foundation
import LibAV
import Media
import NIOCore
import Reflector
import TestSupport
import Testing

@testable import HLS

/// ffmpeg plays what libav made of units, over HTTP.
@Suite struct PlaybackTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var codec: Codec
        var container = HLSConfiguration.Container.auto
        var part: TimeAmount?
        var files: String
        var testDescription: String { "\(codec) in \(container)\(part == nil ? "" : ", parts"): \(files)" }
    }

    @Test(
        "ffmpeg plays every form, with sound made into AAC, and each segment begins with a key frame",
        arguments: [
            Case(codec: .h264, files: ".ts"), Case(codec: .h264, container: .fmp4, files: ".m4s"),
            Case(codec: .h264, part: .milliseconds(500), files: ".m4s"), Case(codec: .h265, files: ".m4s"),
        ])
    func plays(form: Case) async throws {
        try await withTemporaryDirectory { directory in
            let film = try await PlayedFilm(form.codec, in: directory)
            let relay = FakeRelay(
                HLSConfiguration(partDuration: form.part, playlistLength: 10, container: form.container),
                usesLibAV: true)
            let server = try await PlaylistServer.serving(relay.service)
            async let first = relay.playlist()
            let source = try await relay.source()
            source.send(film.events)
            _ = try await first
            let read = try await eventually { [relay] in
                let read = try await relay.playlist()
                return read.whole.count >= 5 ? read : nil
            }
            #expect(read.whole.allSatisfy { $0.uri?.hasSuffix(form.files) == true })
            let base = "http://127.0.0.1:\(server.port)/gate/"
            let packets = try await Self.packets(base + "index.m3u8", seconds: 6, in: directory)
            // Six seconds of 25 pictures; ffprobe reads up to the end of the segment it is in.
            #expect(packets.filter { $0.kind == "video" }.count >= 145)
            #expect(packets.filter { $0.kind == "audio" }.count >= 40)
            #expect(packets.first { $0.kind == "video" }?.isKey == true)
            let times = packets.filter { $0.kind == "video" }.map(\.decodeTime)
            for (time, next) in zip(times, times.dropFirst()) { #expect(abs(next - time - 0.04) < 0.002) }
            try await Self.decode(base + "video.m3u8", in: directory)
            for segment in read.whole.prefix(3) {
                let file = directory.appendingPathComponent("segment")
                var bytes = ByteBuffer()
                if let map = segment.map { bytes = try await relay.get(map).media }
                let uri = try #require(segment.uri)
                bytes.writeImmutableBuffer(try await relay.get(uri).media)
                try Data(bytes.readableBytesView).write(to: file)
                let inside = try await Self.packets(file.path, seconds: 60, in: directory)
                #expect(inside.first { $0.kind == "video" }?.isKey == true)
            }
            try await server.close()
            await relay.service.close()
        }
    }

    private struct Packet {
        var kind: String
        var decodeTime: Double
        var isKey: Bool
    }

    private static func packets(_ input: String, seconds: Int, in directory: URL) async throws -> [Packet] {
        let live = input.hasPrefix("http") ? ["-live_start_index", "0"] : []
        let lines = try await OutsideTool("ffprobe").lines(
            ["-v", "error"] + live + ["-read_intervals", "%+\(seconds)", "-show_entries"]
                + ["packet=codec_type,dts_time,flags", "-of", "csv=p=0", input], in: directory)
        return lines.map { line in
            let fields = line.split(separator: ",").map(String.init)
            return Packet(
                kind: fields.first ?? "", decodeTime: fields.count > 1 ? Double(fields[1]) ?? -1 : -1,
                isKey: fields.last?.contains("K") == true)
        }
    }

    /// Fails at the first error of a decoder.
    private static func decode(_ input: String, in directory: URL) async throws {
        _ = try await OutsideTool("ffmpeg").output(
            [
                "-nostdin", "-v", "error", "-xerror", "-live_start_index", "0", "-t", "6", "-i", input, "-f", "null",
                "-",
            ],
            in: directory)
    }
}

/// Twelve seconds of moving picture with B frames, a key frame every two, and G.711.
struct PlayedFilm: Sendable {
    private(set) var events: [AccessUnitFeed.Event]

    private static let coders: [Codec: [String]] = [
        .h264: ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-bf", "2", "-pix_fmt", "yuv420p"],
        .h265: [
            "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params",
            "log-level=none:keyint=50:min-keyint=50:scenecut=0:no-open-gop=1",
        ],
    ]

    init(_ codec: Codec, in directory: URL) async throws {
        let picture = ["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=12"]
        _ = try await OutsideTool("ffmpeg").output(picture + (Self.coders[codec] ?? []) + ["film.mp4"], in: directory)
        let reader = try MovieReader(path: directory.appendingPathComponent("film.mp4").path)
        let sound = TrackFormat(payloadType: 0, codec: .pcmu, clockRate: 8000)
        events = [
            .tracks([
                StreamTrack(
                    index: 0, description: .packetized(codec, configuration: reader.tracks[0].configuration), ssrc: 1),
                StreamTrack(index: 1, description: TrackDescription(kind: .audio, formats: [sound]), ssrc: 2),
            ])
        ]
        // An hour after the beginning, as a stream has it, and so that no time is below 0.
        let start: Int64 = 3600
        var soundTicks = start * 8000
        while let unit = try reader.next() {
            var payload = ByteBuffer()
            for part in unit.parts {
                payload.writeInteger(UInt32(part.readableBytes))
                payload.writeImmutableBuffer(part)
            }
            let time = start * 90_000 + unit.decodingTime
            let wallClock = SimulatedCamera.start + unit.decodingTime * 1_000_000 / 90
            var units: [AccessUnit] = []
            while soundTicks * 90_000 / 8000 < time {
                let tone = (0..<160).map { UInt8(truncatingIfNeeded: ($0 % 20 < 10 ? 0x20 : 0xA0) + $0 % 5) }
                units.append(
                    AccessUnit(
                        track: 1, decodeTime: soundTicks, presentationTime: soundTicks, duration: 160,
                        wallClock: wallClock, isRandomAccess: true, payload: ByteBuffer(bytes: tone)))
                soundTicks += 160
            }
            units.append(
                AccessUnit(
                    track: 0, decodeTime: time, presentationTime: start * 90_000 + unit.presentationTime,
                    wallClock: wallClock, isRandomAccess: unit.isKeyFrame, payload: payload))
            events.append(.units(units))
        }
    }
}
