import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ISOMedia

/// Files of five gigabytes of which some kilobytes are there: the rest are holes.
@Suite("Hinted copies of movies of more than 4 GiB")
struct LargeMovieTests {
    private static let place: UInt64 = 5 << 30
    private static let brand = HandmadeMovie.box("ftyp", Array("isom".utf8) + [0, 0, 0, 0])

    /// Forty frames of MP3, each with its number.
    private static let sound: HandmadeMovie = {
        let frames = (0..<40).map { [0xFF, 0xFB, 0x90, 0] + [UInt8](repeating: UInt8($0), count: 413) }
        var movie = HandmadeMovie(".mp3", HandmadeMovie.sound(rate: 44_100), samples: frames)
        movie.handler = "soun"
        movie.timescale = 44_100
        movie.duration = 1152
        return movie
    }()

    /// What stands before the samples and behind them, by its name.
    private static let forms: [(name: String, head: [UInt8], tail: [UInt8])] = {
        let type = Array("mdat".utf8)
        let moov = sound.moov(at: place)
        let (short, open) = (brand.count + moov.count, [0, 0, 0, 0] + type)
        let length = Int(place) + sound.samples.reduce(0) { $0 + $1.count }
        func long(_ size: Int) -> [UInt8] { [0, 0, 0, 1] + type + bigEndian(UInt64(size)) }
        return [
            ("to the end of the file, behind moov", brand + moov + open, []),
            ("to the end, behind eight bytes of space", brand + moov + HandmadeMovie.box("wide", []) + open, []),
            (
                "to the end, behind more space",
                brand + moov + HandmadeMovie.box("free", [1, 2, 3, 4, 5, 6, 7, 8]) + open, []
            ),
            ("of a long size", brand + moov + long(length - short), []),
            ("of a long size, beyond the end", brand + moov + long(1 << 40), []),
            ("of a long size, moov behind it", brand + long(length - brand.count), moov),
        ]
    }()

    private static func write(_ head: [UInt8], _ tail: [UInt8], to file: URL) throws {
        FileManager.default.createFile(atPath: file.path, contents: Data(head))
        let handle = try FileHandle(forWritingTo: file)
        try handle.seek(toOffset: place)
        try handle.write(contentsOf: Data(sound.samples.flatMap { $0 } + tail))
        try handle.close()
    }

    /// Bytes that a file takes on the disk.
    private static func room(of file: URL) throws -> Int64 {
        var status = stat()
        try #require(stat(file.path, &status) == 0)
        return Int64(status.st_blocks) * 512
    }

    @Test(
        "Samples beyond 4 GiB are hinted, and no hole is filled, whatever size the box of the media tells",
        arguments: forms.indices, [HintForm.fast, .small])
    func hinted(index: Int, form: HintForm) async throws {
        let (name, head, tail) = Self.forms[index]
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "large.mov")
            try Self.write(head, tail, to: file)
            // Where holes are no holes this would fill the disk.
            guard try Self.room(of: file) < 1 << 20 else { return }
            let copy = try HintWriterTests.hint(file, form: form)
            #expect(try Self.room(of: copy) < 1 << 20, "\(name)")
            let bytes = try FileBytes(path: copy.path)
            #expect(bytes.size > Int64(Self.place))
            try HintWriterTests.compare(copy: bytes, with: FileBytes(path: file.path), limit: 1440)
            var tree = BoxTree(bytes)
            var last: Int64 = 0
            while let entry = try tree.next() {
                #expect(entry.fault == nil, "\(name) \(entry)")
                last = max(last, entry.header.end)
            }
            #expect(last == bytes.size, "\(name)")
            let streams = try await OutsideTool("ffprobe").lines(
                ["-v", "error", "-show_entries", "stream=codec_type,codec_tag_string", "-of", "csv=p=0", copy.path],
                in: directory)
            #expect(streams == ["audio,.mp3", "data,rtp "] || streams.count == 2, "\(name) \(streams)")
            let sent = try await OutsideTool("ffmpeg").output(
                ["-v", "error", "-i", copy.path, "-map", "0:a", "-c", "copy", "-f", "data", "-"], in: directory)
            #expect(sent == Self.sound.samples.flatMap { $0 }, "\(name)")
        }
    }

    @Test("A box to the end of more than 4 GiB has no room for its size where no free space is before it")
    func noRoom() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "large.mov")
            let other = HandmadeMovie.box("junk", [1, 2, 3, 4, 5, 6, 7, 8])
            try Self.write(
                Self.brand + Self.sound.moov(at: Self.place) + other + [0, 0, 0, 0] + Array("mdat".utf8), [], to: file)
            guard try Self.room(of: file) < 1 << 20 else { return }
            #expect {
                try HintWriterTests.hint(file, form: .small)
            } throws: { error in
                "\(error)".contains("does not tell its size")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["large.mov"])
        }
    }

    @Test("A hole is told, of a file with one, and of one that ends in one")
    func holes() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "holes")
            try Self.write([1, 2, 3], [], to: file)
            guard try Self.room(of: file) < 1 << 20 else { return }
            let handle = try FileHandle(forWritingTo: file)
            try handle.truncate(atOffset: 6 << 30)
            try handle.close()
            let bytes = try FileBytes(path: file.path)
            let first = bytes.stored(from: 0)
            #expect(first.lowerBound == 0 && (3..<1 << 20).contains(first.upperBound))
            #expect(bytes.stored(from: first.upperBound).lowerBound == Int64(Self.place))
            #expect(bytes.stored(from: 5 << 30 + 1 << 20).isEmpty && bytes.stored(from: bytes.size).isEmpty)
            let copy = try NewFile(at: directory.appending(path: "copy").path, identifier: "1", permissions: 0o600)
            copy.appendHole(1 << 30)
            try copy.finish()
            #expect(try FileBytes(path: directory.appending(path: "copy").path).size == 1 << 30)
        }
    }
}
