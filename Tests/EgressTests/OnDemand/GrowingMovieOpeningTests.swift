import Foundation
import ISOMedia
import Logging
import NIOCore
import NIOPosix
import Reflector
import TestSupport
import Testing

@testable import Egress

/// A catalog of one recording in fragments, whose clock stands still.
@Suite struct GrowingMovieOpeningTests {
    private struct Recording {
        let url: URL
        let catalog: MediaCatalog
        let parsings = Locked(0)
        let now = Locked(NIODeadline.now())

        init(in folder: URL) {
            url = folder.appending(path: "a.mp4")
            let threads = BlockingThreads { work in NIOThreadPool.singleton.submit { _ in work(true) } }
            let (parsings, now) = (parsings, now)
            catalog = MediaCatalog(
                MediaConfiguration(folder: folder.path), threads: threads, transfers: threads, parsers: threads,
                clock: StreamClock(now: { now.value }, wallClock: { 0 }, random: { 1 }), logger: Logger(label: "test")
            ) { file throws(MovieError) in
                parsings.change { $0 += 1 }
                return try MovieProgram(reading: file)
            }
        }

        func open(known: OpenedMovie? = nil) async throws -> OpenedMovie {
            let loop = MultiThreadedEventLoopGroup.singleton.any()
            return try #require(try await catalog.movie(at: "media/a.mp4", on: loop, known: known))
        }

        func add(_ bytes: ArraySlice<UInt8>) throws {
            let handle = try FileHandle(forWritingTo: url)
            try handle.seekToEnd()
            try handle.write(contentsOf: bytes)
            try handle.close()
        }
    }

    /// Five fragments, and where they begin.
    private static func film(in folder: URL) async throws -> (bytes: [UInt8], fragments: [Int]) {
        _ = try await OutsideTool("ffmpeg").output(
            [
                "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10:duration=5", "-pix_fmt",
                "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-movflags",
                "frag_keyframe+empty_moov+default_base_moof", "film.mp4",
            ], in: folder)
        let bytes = [UInt8](try Data(contentsOf: folder.appending(path: "film.mp4")))
        var fragments: [Int] = []
        var place = 0
        while place + 8 <= bytes.count {
            if bytes[place + 4..<place + 8].elementsEqual("moof".utf8) { fragments.append(place) }
            place += max(8, bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) })
        }
        return (bytes, fragments)
    }

    @Test(
        "A recording is parsed anew some seconds after it has grown, and not for who knows of it as much as is needed")
    func growing() async throws {
        try await withTemporaryDirectory { folder in
            let (film, fragments) = try await Self.film(in: folder)
            #expect(fragments.count == 5)
            let recording = Recording(in: folder)
            try Data(film[..<fragments[2]]).write(to: recording.url)
            let first = try await recording.open()
            for number in 2..<4 {
                try recording.add(film[fragments[number]..<(number == 2 ? fragments[3] : fragments[4])])
                #expect(try await recording.open() === first)
            }
            #expect(recording.parsings.value == 1 && first.program.duration == 2_000_000)
            recording.now.change { $0 = $0 + .minutes(1) }
            let second = try await recording.open()
            #expect(recording.parsings.value == 2 && second.program.duration == 4_000_000)
            #expect(try await recording.open(known: first) === first)
            #expect(recording.parsings.value == 2)
        }
    }

    @Test("Nobody is given a recording that another one was put over, however short the time and whatever is known")
    func writtenOver() async throws {
        try await withTemporaryDirectory { folder in
            let (film, fragments) = try await Self.film(in: folder)
            let recording = Recording(in: folder)
            try Data(film[..<fragments[2]]).write(to: recording.url)
            let first = try await recording.open()
            var other = film
            for place in fragments[0] + 200..<fragments[2] { other[place] ^= 0x55 }
            try Data(other).write(to: recording.url, options: [])
            if let again = try? await recording.open(known: first) { #expect(again !== first) }
            try Data(film).write(to: recording.url, options: .atomic)
            let replaced = try await recording.open(known: first)
            #expect(replaced !== first && replaced.program.duration == 5_000_000)
        }
    }
}
