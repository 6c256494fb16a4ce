import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ISOMedia

/// What `heliograph movie packets` and `movie sdp` say of movies that are not quite right: the built program stands beside the tests.
@Suite("Packets at the command line")
struct PacketListingTests {
    private struct Ended {
        var code: Int32
        var output: String
        var errors: String
    }

    private func heliograph(_ arguments: String..., in directory: URL) async throws -> Ended {
        let bundle = URL(filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        let program = bundle.deletingLastPathComponent().appending(path: "heliograph").path
        let script = "\"$0\" \"$@\" > out 2> err; echo $?"
        let code = try await OutsideTool("sh").lines(["-c", script, program] + arguments, in: directory)
        func text(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: directory.appending(path: name)), as: UTF8.self)
        }
        return Ended(code: code.first.flatMap { Int32($0) } ?? -1, output: try text("out"), errors: try text("err"))
    }

    /// Twenty samples of sound, with `moov` before them.
    private static let movie: [UInt8] = {
        func movie(at offset: UInt32) -> [UInt8] {
            var track = MovieFixture.Track(id: 4, handler: "soun")
            let fields = HandmadeMovie.sound()
            track.description = MovieFixture.full(
                "stsd", MovieFixture.number(UInt32(1)), MovieFixture.box(".mp3", MovieFixture.numbers([0, 1]), fields))
            track.tables = [
                MovieFixture.table("stts", [[20, 24]]), MovieFixture.table("stsc", [[1, 20, 1]]),
                MovieFixture.full("stsz", MovieFixture.numbers([100, 20])), MovieFixture.table("stco", [[offset]]),
            ]
            var other = track
            other.id = 5
            other.tables[3] = MovieFixture.table("stco", [[UInt32(offset) - 100 * 20]])
            return MovieFixture.box("ftyp", MovieFixture.latin("isom"), MovieFixture.numbers([0]))
                + MovieFixture.box("moov", MovieFixture.header(), track.bytes, other.bytes)
        }
        let head = movie(at: 4000)
        let filling = MovieFixture.box("mdat", [UInt8](repeating: 0, count: 4000))
        return movie(at: UInt32(head.count + 8 + 2000)) + filling
    }()

    @Test("A file that breaks off shows what is there of each track, and ends with 1")
    func cutOff() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "cut.mp4")
            try Data(Self.movie.dropLast(1050)).write(to: file)
            let text = try await heliograph("movie", "packets", "cut.mp4", in: directory)
            #expect(text.code == 1)
            #expect(text.errors.contains("track 4 breaks off at sample 10: the file ends before byte"))
            #expect(text.output.contains("9 packets, 1044 bytes") && text.output.contains("20 packets, 2320 bytes"))
            let listed = try await heliograph("movie", "packets", "cut.mp4", "--json", in: directory)
            let list = try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]]
            #expect(listed.code == 1 && list?.count == 29)
        }
    }

    @Test("A movie without a name, in a file of unprintable letters, has a session name and one line of its own")
    func unprintable() async throws {
        try await withTemporaryDirectory { directory in
            try Data(Self.movie).write(to: directory.appending(path: "\u{1}.mp4"))
            let description = try await heliograph("movie", "sdp", "\u{1}.mp4", in: directory)
            #expect(description.output.contains("\r\ns=-\r\n"))
            try Data(Self.movie).write(to: directory.appending(path: "a\nb.mp4"))
            let report = try await heliograph("movie", "info", "a\nb.mp4", in: directory)
            #expect(report.output.hasPrefix("a.b.mp4: "))
        }
    }

    @Test("Samples that are left out are told")
    func leftOut() async throws {
        try await withTemporaryDirectory { directory in
            var own = SampleJPEG()
            own.huffman = [0x00, 1] + [UInt8](repeating: 0, count: 15) + [5]
            let samples = [SampleJPEG().bytes, own.bytes]
            let movie = HandmadeMovie("jpeg", HandmadeMovie.picture([]), samples: samples)
            try Data(movie.bytes.readableBytesView).write(to: directory.appending(path: "own.mov"))
            let told = "track 1: 1 samples are left out"
            let packets = try await heliograph("movie", "packets", "own.mov", in: directory)
            #expect(packets.code == 0 && packets.errors.contains(told))
            let hint = try await heliograph("movie", "hint", "own.mov", "new.mov", in: directory)
            #expect(hint.code == 0 && hint.errors.contains(told))
        }
    }
}
