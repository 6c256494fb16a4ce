import Foundation
import ISOMedia
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import Egress

@Suite struct MovieDownloadTests {
    @Test("What is in memory is read at once; what nobody waits for any more is not read by a thread")
    func leaving() async throws {
        try await withTemporaryDirectory { folder in
            let path = folder.appending(path: "a.mp4").path
            let bytes = Array("\0\0\0\u{18}ftypisom".utf8) + (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let works = Locked<[@Sendable (Bool) -> Void]>([])
            let threads = BlockingThreads { work in works.change { $0.append(work) } }
            let download = try MovieDownload(FileBytes(path: path), name: "a.mp4", threads: threads)
            // Not every file system tells what is in memory.
            if let piece = try download.readAtHand(at: 1000, count: 5000) {
                #expect(Array(buffer: piece) == Array(bytes[1000..<6000]))
            }
            let loop = MultiThreadedEventLoopGroup.singleton.any()
            let read = download.read(at: 0, count: 12, on: loop)
            works.change { $0.removeFirst() }(true)
            #expect(try await read.get() == ByteBuffer(bytes: bytes.prefix(12)))
            let late = download.read(at: 0, count: 12, on: loop)
            download.leave()
            works.change { $0.removeFirst() }(true)
            await #expect(throws: MovieDownload.Left.self) { try await late.get() }
        }
    }

    @Test("A file that is written over is read no more, at once or by a thread")
    func changed() async throws {
        try await withTemporaryDirectory { folder in
            let url = folder.appending(path: "a.mp4")
            try Data("\0\0\0\u{18}ftypisom".utf8).write(to: url)
            let threads = BlockingThreads { work in work(true) }
            let download = try MovieDownload(FileBytes(path: url.path), name: "a.mp4", threads: threads)
            let handle = try FileHandle(forWritingTo: url)
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("more".utf8))
            try handle.close()
            await #expect(throws: MovieError.changed) {
                try await download.read(at: 0, count: 4, on: MultiThreadedEventLoopGroup.singleton.any()).get()
            }
            do throws(MovieError) {
                let read = try download.readAtHand(at: 0, count: 4)
                #expect(read == nil)
            } catch {
                #expect(error == .changed)
            }
        }
    }
}
