import Foundation
import ISOMedia
import NIOCore
import TestSupport
import Testing

@testable import Egress

@Suite("A file that is written to while it is played") struct GrowingFileTests {
    private static let content = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 3) }

    /// A file that was read here and there, as parsing does.
    private static func opened(_ url: URL, mayGrow: Bool = true) throws -> AwaitedFile {
        try Data(content).write(to: url)
        let file = AwaitedFile(try FileBytes(path: url.path), for: MovieAsker(), among: SlowParsings(atMost: 1))
        for offset in stride(from: 0, to: content.count, by: 1000) {
            _ = try file.read(at: Int64(offset), count: 100)
        }
        try file.settle(mayGrow: mayGrow)
        #expect(file.parsed())
        return file
    }

    private static func write(_ bytes: [UInt8], at offset: UInt64?, of url: URL) throws {
        let handle = try FileHandle(forWritingTo: url)
        if let offset { try handle.seek(toOffset: offset) } else { try handle.seekToEnd() }
        try handle.write(contentsOf: bytes)
        try handle.close()
    }

    @Test("What a recorder adds changes nothing, over and over, and nothing is read of it")
    func added() throws {
        try withTemporaryFile { url in
            let file = try Self.opened(url)
            for round in 0..<5 {
                try Self.write([1, 2, 3], at: nil, of: url)
                #expect(try file.read(at: 150_000, count: 3) == ByteBuffer(bytes: Self.content[150_000..<150_003]))
                if let bytes = try file.readAtHand(at: Int64(round), count: 1) { #expect(bytes.readableBytes == 1) }
            }
            #expect(file.size == 200_000)
            #expect(throws: MovieError.self) { try file.read(at: 199_999, count: 2) }
        }
    }

    @Test("One that is written over is read no more: at its beginning, in its midst, at its end, cut off, or all of it")
    func writtenOver() throws {
        let spoilings: [@Sendable (URL) throws -> Void] = [
            { try Self.write([99], at: 0, of: $0) }, { try Self.write([99], at: 199_050, of: $0) },
            // And longer than before.
            { try Data([UInt8](repeating: 7, count: 300_000)).write(to: $0, options: []) },
            {
                try Self.write(Array(repeating: 7, count: 100_000), at: 50_000, of: $0)
                try Self.write([1], at: nil, of: $0)
            },
            { url in
                let handle = try FileHandle(forWritingTo: url)
                try handle.truncate(atOffset: 150_000)
                try handle.close()
            },
        ]
        for (number, spoil) in spoilings.enumerated() {
            try withTemporaryFile { url in
                let file = try Self.opened(url)
                try spoil(url)
                #expect(throws: MovieError.changed, "\(number)") { try file.read(at: 100, count: 10) }
                #expect(throws: MovieError.changed, "\(number)") { try file.read(at: 100, count: 10) }
            }
        }
    }

    @Test("One whose media are rewritten is read no more, also where all tables stay as they are")
    func rewritten() throws {
        for isLonger in [false, true] {
            try withTemporaryFile { url in
                let file = try Self.opened(url)
                for offset in stride(from: 100, to: Self.content.count, by: 1000) {
                    try Self.write(Array(repeating: 99, count: 900), at: UInt64(offset), of: url)
                }
                if isLonger { try Self.write([1, 2, 3], at: nil, of: url) }
                #expect(throws: MovieError.changed) { try file.read(at: 100, count: 10) }
            }
        }
    }

    @Test("Who only gives it another date changes nothing")
    func touched() throws {
        try withTemporaryFile { url in
            let file = try Self.opened(url)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: url.path)
            #expect(try file.read(at: 150_000, count: 3) == ByteBuffer(bytes: Self.content[150_000..<150_003]))
        }
    }

    @Test("One that is no recording may not even grow")
    func plain() throws {
        try withTemporaryFile { url in
            let file = try Self.opened(url, mayGrow: false)
            try Self.write([1], at: nil, of: url)
            #expect(throws: MovieError.changed) { try file.read(at: 100, count: 10) }
        }
    }

    @Test("Of many pieces some are known, from the first to the last")
    func prints() throws {
        var prints = FilePrints()
        for number in 0..<10_000 { prints.add(ByteBuffer(integer: number), at: Int64(number)) }
        var asked: [Int64] = []
        let areAll = try prints.areAll { offset, count throws(MovieError) in
            asked.append(offset)
            return count == 8 ? ByteBuffer(integer: Int(offset)) : nil
        }
        #expect(areAll == true && (16...34).contains(asked.count) && asked.last == 9999 && (asked.first ?? 999) < 500)
        #expect(try prints.areAll { _, _ throws(MovieError) in nil } == nil)
        #expect(try prints.areAll { _, _ throws(MovieError) in ByteBuffer(integer: 0) } == false)
    }

    private func withTemporaryFile(_ body: (URL) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "growing-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url)
    }
}
