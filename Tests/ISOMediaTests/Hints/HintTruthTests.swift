import Foundation
import Media
import NIOCore
import RTP
import TestSupport
import Testing

@testable import ISOMedia

/// Movies that others hinted, and what has to come out of them.
@Suite("Hinted movies of other makers")
struct HintTruthTests {
    struct RealMovie: Sendable, CustomTestStringConvertible {
        let name: String
        let packets: [Int]
        var testDescription: String { name }

        var url: URL {
            URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../../../shared/media/\(name)").standardizedFileURL
        }

        static let all = [
            RealMovie(name: "sample_h264_100kbit.mp4", packets: [2148, 547]),
            RealMovie(name: "sample_50kbit.3gp", packets: [1068, 699]),
            RealMovie(name: "bento4_0009_hinted.mp4", packets: [1323, 245]),
        ].filter { FileManager.default.fileExists(atPath: $0.url.path) }
    }

    @Test(
        "Movies that MP4Box and QuickTime hinted give their packets, and the media's own bytes",
        arguments: RealMovie.all)
    func realMovies(real: RealMovie) throws {
        let bytes = try FileBytes(path: real.url.path)
        let counts = try Self.compareAll(of: bytes)
        #expect(counts == real.packets)
    }

    static let made = [
        MadeMovie("h264.mp4", MadeMovie.h264 + " -movflags +rtphint"),
        MadeMovie("slices.mp4", "-c:v libx264 -preset ultrafast -x264-params slices=4 -an -movflags +rtphint"),
        MadeMovie("large.mp4", "-c:v libx264 -preset ultrafast -qp 4 -an -movflags +rtphint"),
        MadeMovie("fast.mp4", MadeMovie.h264 + " -movflags +rtphint+faststart"),
        MadeMovie("visual.mov", "-c:v mpeg4 -g 12 -c:a aac -movflags +rtphint"),
        MadeMovie("h265.mp4", "-c:v libx265 -preset ultrafast -x265-params log-level=none -an -movflags +rtphint"),
    ]

    @Test("Movies that ffmpeg hinted give the media's own bytes, at the media's own times", arguments: made)
    func madeMovies(made: MadeMovie) async throws {
        try await withTemporaryDirectory { directory in
            let file = try await made.make(in: directory)
            let counts = try Self.compareAll(of: FileBytes(path: file.path))
            #expect(!counts.isEmpty && counts.allSatisfy { $0 > 0 })
        }
    }

    @Test("PCM that ffmpeg hinted is refused, for it refers to the wrong samples")
    func wrongReferences() async throws {
        try await withTemporaryDirectory { directory in
            let made = MadeMovie("mulaw.mov", "-vn -ar 8000 -c:a pcm_mulaw -movflags +rtphint")
            let bytes = try FileBytes(path: try await made.make(in: directory).path)
            let movie = try Movie(reading: bytes)
            let track = try #require(movie.tracks.first(where: HintTrack.isHint))
            let hint = try HintTrack(track, of: movie, in: bytes)
            #expect(throws: MovieError.self) { try HintedPackets(hint, in: bytes) }
        }
    }

    /// Packets of each hint track, all of them judged.
    static func compareAll(of bytes: any RandomAccessBytes) throws -> [Int] {
        let movie = try Movie(reading: bytes)
        return try movie.tracks.filter(HintTrack.isHint).map { track in
            let hint = try HintTrack(track, of: movie, in: bytes)
            var packets = try HintedPackets(hint, in: bytes)
            let sent = try sent(by: &packets)
            #expect(packets.leftOut == 0)
            #expect(sent.packets.allSatisfy { $0.payloadType == hint.payloadType })
            try compare(sent, with: hint, in: bytes)
            if let told = hint.statistics {
                #expect(told.packets.map(Int.init) == sent.packets.count)
                #expect(told.bytes.map(Int.init) == sent.entries.reduce(0) { $0 + $1.length })
            }
            return sent.packets.count
        }
    }

    private static func compare(_ sent: SentPackets, with hint: HintTrack, in bytes: any RandomAccessBytes) throws {
        let media = try #require(hint.media)
        let codec = hint.description.track.primary.encodingName?.uppercased() ?? ""
        let expected = try mediaUnits(of: media, in: bytes, codec: codec).map { Self.withoutParameterSets($0, codec) }
        guard hint.kind == .video else { return try compareSound(sent, codec: codec, expected.map { $0[0] }) }
        var units = try #require(HintDepacketizing.units(sent.packets, codec: codec))
        for index in units.indices { units[index].pieces = Self.withoutParameterSets(units[index].pieces, codec) }
        let skipped = try #require(expected.firstIndex { $0 == units.first?.pieces })
        // Some hinters leave out what stands before the edit list begins, and the last picture.
        #expect(units.count >= expected.count - skipped - 1)
        let isSame = units.map(\.pieces) == Array(expected[skipped...].prefix(units.count))
        #expect(isSame, "\(units.count) units of \(expected.count)")
        let origin = media.samples.sample(at: skipped)?.compositionTime ?? 0
        for (index, unit) in units.enumerated() {
            let time = (media.samples.sample(at: skipped + index)?.compositionTime ?? 0) - origin
            let ticks = MovieTime.convert(time, from: media.timescale, to: hint.clockRate)
            let told = Int64(Int32(bitPattern: unit.timestamp &- units[0].timestamp))
            guard abs(ticks - told) > 1 else { continue }
            Issue.record("picture \(index): \(told) ticks, expected \(ticks)")
            return
        }
    }

    /// They may be sent before key frames, though the file has them apart.
    private static func withoutParameterSets(_ pieces: [[UInt8]], _ codec: String) -> [[UInt8]] {
        switch codec {
        case "H264": pieces.filter { ![7, 8].contains($0[0] & 0x1F) }
        case "H265": pieces.filter { !(32...34).contains($0[0] >> 1 & 0x3F) }
        default: pieces
        }
    }

    private static func compareSound(_ sent: SentPackets, codec: String, _ expected: [[UInt8]]) throws {
        switch codec {
        case "MPEG4-GENERIC":
            let units = try #require(HintDepacketizing.units(sent.packets, codec: codec)).flatMap(\.pieces)
            let skipped = try #require(expected.firstIndex { $0 == units.first })
            // ffmpeg loses the last packet, which has several units.
            #expect(units.count >= expected.count - skipped - 8)
            let isSame = units == Array(expected[skipped...].prefix(units.count))
            #expect(isSame)
        case "AMR":
            // Octet-aligned: the request, a table of contents, frames without their first byte.
            let frames = sent.payloads.flatMap { payload -> [[UInt8]] in
                let count = (payload.dropFirst().firstIndex { $0 & 0x80 == 0 } ?? payload.count - 1)
                let heads = payload[1...count]
                var rest = payload[(count + 1)...]
                return heads.map { head in
                    let length = [12, 13, 15, 17, 19, 20, 26, 31, 5][min(8, Int(head >> 3 & 0xF))]
                    defer { rest = rest.dropFirst(length) }
                    return [head & 0x7F] + rest.prefix(length)
                }
            }
            // A sample has several frames.
            let isSame = frames.flatMap { $0 } == expected.flatMap { $0 }
            #expect(isSame)
        default:
            Issue.record("no judge for \(codec)")
        }
    }
}
