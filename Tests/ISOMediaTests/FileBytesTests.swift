import Foundation
import NIOCore
import Testing

@testable import ISOMedia

struct FileBytesTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "heliograph-\(UUID())")

    private func withFolder(_ body: () throws -> Void) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body()
    }

    @Test("Any part of a file can be read, and what is beyond its end is told")
    func anyPart() throws {
        try withFolder {
            let path = folder.appending(path: "movie").path
            try Data(0..<200).write(to: URL(filePath: path))
            let file = try FileBytes(path: path)
            #expect(file.size == 200)
            #expect(try FileBytes.Identity(ofFileAt: path) == file.identity)
            #expect(chmod(path, 0o640) == 0)
            #expect(try FileBytes(path: path).permissions == 0o640)
            #expect(try Array(file.read(at: 10, count: 3).readableBytesView) == [10, 11, 12])
            #expect(try file.read(at: 200, count: 0).readableBytes == 0)
            for (offset, count) in [(199, 2), (201, 0), (-1, 1), (0, 201)] {
                let error = MovieError.truncated(at: Int64(offset))
                #expect(throws: error) { try file.read(at: Int64(offset), count: count) }
            }
        }
    }

    @Test("A file cut short while it is open says where it ends")
    func cutShort() throws {
        try withFolder {
            let path = folder.appending(path: "movie").path
            try Data(repeating: 7, count: 1000).write(to: URL(filePath: path))
            let file = try FileBytes(path: path)
            #expect(truncate(path, 100) == 0)
            #expect(throws: MovieError.truncated(at: 100)) { try file.read(at: 50, count: 100) }
            #expect(try file.read(at: 0, count: 100).readableBytes == 100)
        }
    }

    @Test("Folders, pipes and missing files are no movies, and nobody waits for them")
    func noFiles() throws {
        try withFolder {
            let pipe = folder.appending(path: "pipe").path
            #expect(mkfifo(pipe, 0o600) == 0)
            #expect(throws: MovieError.notAFile) { try FileBytes(path: pipe) }
            #expect(throws: MovieError.notAFile) { try FileBytes(path: folder.path) }
            #expect(throws: MovieError.notAFile) { try FileBytes.Identity(ofFileAt: pipe) }
            #expect(throws: MovieError.unreadable(code: ENOENT)) {
                try FileBytes(path: folder.appending(path: "none").path)
            }
        }
    }
}
