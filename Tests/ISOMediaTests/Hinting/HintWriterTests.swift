import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ISOMedia

@Suite("Hinted copies")
struct HintWriterTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let made: MadeMovie
        let form: HintForm
        var testDescription: String { "\(made.file) \(form)" }
    }

    private static let movies = [
        MadeMovie("pictures.mp4", MadeMovie.h264),
        MadeMovie("fast.mp4", MadeMovie.h264 + " -movflags +faststart"),
        MadeMovie("sound.mov", "-c:v libx265 -preset ultrafast -x265-params log-level=none -ar 8000 -c:a pcm_mulaw"),
        MadeMovie("visual.mov", "-c:v mpeg4 -g 12 -c:a aac -movflags +rtphint"),
    ]

    /// The copy's path.
    static func hint(
        _ file: URL, form: HintForm, limit: Int = 1440, handlers: Set<FourCC> = ["vide", "soun"]
    ) throws -> URL {
        let bytes = try FileBytes(path: file.path)
        let movie = try Movie(reading: bytes)
        let tracks = try movie.tracks.filter { handlers.contains($0.handler) }
            .map { try HintedTrack($0, in: bytes, limit: limit) }
        let copy = file.deletingLastPathComponent().appending(path: "hinted-\(form)-\(limit)-" + file.lastPathComponent)
        let output = try NewFile(at: copy.path, identifier: "test", permissions: 0o600)
        try HintWriter(movie, in: bytes, tracks: tracks, form: form).write(to: output)
        #expect(!FileManager.default.fileExists(atPath: copy.path))
        try output.finish()
        return copy
    }

    @Test(
        "A copy's packets are those made of the movie itself, at their times, with the media's own bytes",
        arguments: movies.flatMap { made in [HintForm.fast, .small].map { Case(made: made, form: $0) } })
    func samePackets(sample: Case) async throws {
        try await withTemporaryDirectory { directory in
            let file = try await sample.made.make(in: directory)
            let copy = try Self.hint(file, form: sample.form)
            let bytes = try FileBytes(path: copy.path)
            try Self.compare(copy: bytes, with: FileBytes(path: file.path), limit: 1440)
            if sample.made.file != "sound.mov" { _ = try HintTruthTests.compareAll(of: bytes) }
            try await compareByOutsideTools(copy, with: file, in: directory)
        }
    }

    static func compare(copy: FileBytes, with original: FileBytes, limit: Int) throws {
        let movie = try Movie(reading: copy)
        let media = movie.tracks.filter { $0.handler != "hint" }
        let hints = movie.tracks.filter(HintTrack.isHint)
        #expect(hints.map { $0.references["hint"] } == media.map { [$0.id] })
        let delay = try delay(of: original, limit: limit)
        // A track begins at a tick of the movie.
        let precision = 40 + 1_000_000 / Int64(max(1, movie.timescale))
        for (hint, source) in zip(hints, try Movie(reading: original).tracks.filter { $0.handler != "hint" }) {
            let expected = try HintedTrack(source, in: original, limit: limit)
            var plain = expected.packets
            var packets = try HintedPackets(HintTrack(hint, of: movie, in: copy), in: copy)
            #expect(packets.track.mediaDescription == expected.format.mediaDescription)
            let skipped = expected.firstSample
            #expect(packets.sampleCount == plain.sampleCount - skipped)
            for index in 0..<min(packets.sampleCount, plain.sampleCount - skipped) {
                let isSame = try write(index, of: &packets) == write(index + skipped, of: &plain)
                #expect(isSame, "sample \(index) of \(source.id)")
                #expect(packets.isSync(index) == plain.isSync(index + skipped))
                let due = plain.dueTime(ofSample: index + skipped) + delay
                #expect(abs(packets.dueTime(ofSample: index) - due) <= precision, "sample \(index) of \(source.id)")
            }
            #expect(packets.leftOut == 0)
            let statistics = packets.track.statistics
            #expect(statistics?.payloadType == expected.format.payloadType)
            #expect(statistics?.largestPacket == packets.track.announcedPacketSize)
        }
    }

    /// How much later everything is sent, so that nothing would be sent before the movie begins: order and distances stay.
    private static func delay(of original: FileBytes, limit: Int) throws -> Int64 {
        let tracks = try Movie(reading: original).tracks.filter { ["vide", "soun"].contains($0.handler) }
        let first = try tracks.map { track in
            let track = try HintedTrack(track, in: original, limit: limit)
            return track.packets.dueTime(ofSample: track.firstSample)
        }
        return max(0, -(first.min() ?? 0))
    }

    /// All bytes of the packets of a sample, headers among them.
    private static func write(_ index: Int, of packets: inout some TrackPackets) throws -> [UInt8] {
        var batch = PacketBatch(
            heading: PacketHeading(channel: 0, ssrc: 7, sequenceNumber: 9, timestampOrigin: 1 << 30))
        try packets.write(sample: index, to: &batch)
        return Array(batch.bytes.readableBytesView)
    }

    private func compareByOutsideTools(_ copy: URL, with original: URL, in directory: URL) async throws {
        let streams = try await OutsideTool("ffprobe").lines(
            ["-v", "error", "-show_entries", "stream=codec_type,codec_tag_string", "-of", "csv=p=0", copy.path],
            in: directory)
        #expect(streams.filter { $0.hasPrefix("data,rtp") || $0.contains("rtp") }.count == 2)
        let map = ["-map", "0:v", "-map", "0:a", "-c", "copy", "-f", "framemd5", "-"]
        let frames = try await OutsideTool("ffmpeg").output(["-v", "error", "-i", copy.path] + map, in: directory)
        let expected = try await OutsideTool("ffmpeg").output(
            ["-v", "error", "-i", original.path] + map, in: directory)
        #expect(frames == expected)
    }

    @Test("Pictures that are decoded before they are shown are not sent all at once at the beginning")
    func beginning() async throws {
        try await withTemporaryDirectory { directory in
            let file = try await MadeMovie("a.mp4", MadeMovie.h264).make(in: directory)
            let plain = try Self.delay(of: FileBytes(path: file.path), limit: 1440)
            #expect(plain > 0)
            let bytes = try FileBytes(path: Self.hint(file, form: .small).path)
            let movie = try Movie(reading: bytes)
            let hint = try #require(movie.tracks.first(where: HintTrack.isHint))
            let packets = try HintedPackets(HintTrack(hint, of: movie, in: bytes), in: bytes)
            #expect((0..<4).map { packets.dueTime(ofSample: $0) } == [0, 40_000, 80_000, 120_000])
        }
    }

    @Test("A small copy is hardly larger than the movie, a fast one about twice; packets keep to the limit")
    func sizes() async throws {
        try await withTemporaryDirectory { directory in
            let file = try await MadeMovie("big.mp4", "-c:v libx264 -preset ultrafast -qp 8 -an").make(in: directory)
            func size(_ url: URL) throws -> Double { Double(try FileBytes(path: url.path).size) }
            #expect(try size(Self.hint(file, form: .small)) < size(file) * 1.08)
            #expect(try size(Self.hint(file, form: .fast)) > size(file) * 1.9)
            let narrow = try Self.hint(file, form: .small, limit: 500)
            let bytes = try FileBytes(path: narrow.path)
            let movie = try Movie(reading: bytes)
            let hints = try #require(movie.tracks.first(where: HintTrack.isHint))
            #expect(try HintTrack(hints, of: movie, in: bytes).announcedPacketSize == 512)
            #expect(try HintTruthTests.compareAll(of: bytes)[0] > 100)
        }
    }

    @Test("Sound that begins later than the picture stays so, to the tick")
    func laterSound() async throws {
        try await withTemporaryDirectory { directory in
            let file = try await MadeMovie("a.mp4", MadeMovie.h264).make(in: directory)
            let late = directory.appending(path: "late.mp4")
            let arguments = "-v error -i a.mp4 -itsoffset 0.537 -i a.mp4 -map 0:v -map 1:a -c copy late.mp4"
            _ = try await OutsideTool("ffmpeg").output(arguments.split(separator: " ").map(String.init), in: directory)
            for form in [HintForm.fast, .small] {
                let copy = try Self.hint(late, form: form)
                try Self.compare(copy: FileBytes(path: copy.path), with: FileBytes(path: late.path), limit: 1440)
            }
            _ = file
        }
    }

    @Test("Movies in fragments are refused, and a copy that fails leaves nothing behind")
    func refused() async throws {
        try await withTemporaryDirectory { directory in
            let file = try await MadeMovie.fragmented[0].make(in: directory)
            #expect(throws: MovieError.self) { try Self.hint(file, form: .small) }
            let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            #expect(names.allSatisfy { !$0.hasSuffix(".part") })
        }
    }
}
