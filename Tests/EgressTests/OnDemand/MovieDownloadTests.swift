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

    private static let beginning = Array("\0\0\0\u{18}ftypisom".utf8)

    /// Fetches a file piece by piece, at once and by a thread in turn, while something is done to it behind the first piece.
    private static func fetched(_ bytes: [UInt8], _ spoil: (URL) throws -> Void) async throws -> ByteBuffer {
        try await withTemporaryDirectory { folder in
            let url = folder.appending(path: "a.mp4")
            try Data(bytes).write(to: url)
            let threads = BlockingThreads { work in work(true) }
            let download = try MovieDownload(FileBytes(path: url.path), name: "a.mp4", threads: threads)
            let loop = MultiThreadedEventLoopGroup.singleton.any()
            var fetched = try await download.read(at: 0, count: 1000, on: loop).get()
            try spoil(url)
            for offset in stride(from: Int64(1000), to: download.size, by: 1000) {
                let count = Int(min(1000, download.size - offset))
                if offset % 2000 == 0, var piece = try download.readAtHand(at: offset, count: count) {
                    fetched.writeBuffer(&piece)
                } else {
                    var piece = try await download.read(at: offset, count: count, on: loop).get()
                    fetched.writeBuffer(&piece)
                }
            }
            return fetched
        }
    }

    private static func write(_ bytes: [UInt8], at offset: UInt64?, of url: URL) throws {
        let handle = try FileHandle(forWritingTo: url)
        if let offset { try handle.seek(toOffset: offset) } else { try handle.seekToEnd() }
        try handle.write(contentsOf: bytes)
        try handle.close()
    }

    @Test("Of a file that a recorder adds to all comes that was there when it was asked for")
    func growing() async throws {
        let bytes = Self.beginning + (0..<20_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let fetched = try await Self.fetched(bytes) { url in
            for _ in 0..<3 { try Self.write([1, 2, 3], at: nil, of: url) }
        }
        #expect(fetched == ByteBuffer(bytes: bytes))
    }

    @Test("A file that is written over, or cut, is read no more, however long it is then")
    func changed() async throws {
        let bytes = Self.beginning + (0..<20_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let spoilings: [@Sendable (URL) throws -> Void] = [
            { try Self.write([99], at: 0, of: $0) },
            // What has been fetched stays, and what has not does not.
            { try Self.write(Array(repeating: 99, count: 18_012), at: 2000, of: $0) },
            { try Data(Self.beginning + [UInt8](repeating: 7, count: 30_000)).write(to: $0, options: []) },
            { url in
                let handle = try FileHandle(forWritingTo: url)
                try handle.truncate(atOffset: 15_000)
                try handle.close()
            },
        ]
        for (number, spoil) in spoilings.enumerated() {
            await #expect(throws: MovieError.changed, "\(number)") { try await Self.fetched(bytes, spoil) }
        }
    }
}
