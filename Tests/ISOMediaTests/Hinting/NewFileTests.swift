import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ISOMedia

@Suite("Files that are being written")
struct NewFileTests {
    private func write(_ text: String, at path: String, permissions: UInt32 = 0o644) throws {
        let file = try NewFile(at: path, identifier: "new", permissions: permissions)
        try file.append(ByteBuffer(string: text))
        try file.finish()
    }

    private func permissions(of path: String) throws -> UInt32 { try FileBytes(path: path).permissions }

    @Test("A new file takes the place of an old one only when it is whole")
    func whole() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appending(path: "x").path
            try Data("old".utf8).write(to: URL(filePath: path))
            do {
                let file = try NewFile(at: path, identifier: "1", permissions: 0o644)
                try file.append(ByteBuffer(string: "new and whole"))
                try file.replace(ByteBuffer(string: "N"), at: 0)
                #expect(file.size == 13)
                #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
                try file.finish()
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "New and whole")
            try NewFile(at: path, identifier: "2", permissions: 0o644).append(ByteBuffer(string: "half"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["x"])
        }
    }

    @Test("What cannot be written is complained of by the name that was asked for")
    func failure() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appending(path: "none/x").path
            #expect(throws: NewFile.Failure(code: ENOENT, path: path)) { try write("x", at: path) }
            let link = directory.appending(path: "link").path
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "nowhere")
            #expect(throws: NewFile.Failure(code: ENOENT, path: link)) { try write("x", at: link) }
        }
    }

    @Test("A process that is killed leaves no half file behind")
    func unnamed() async throws {
        try await withTemporaryDirectory { directory in
            // Not all file systems can.
            let canBeUnnamed = open(directory.path, O_WRONLY | 0o20_000_000 | O_DIRECTORY, 0o600)
            guard canBeUnnamed >= 0 else { return }
            close(canBeUnnamed)
            let file = try NewFile(at: directory.appending(path: "x").path, identifier: "1", permissions: 0o644)
            try file.append(ByteBuffer(string: "half"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
            try file.finish()
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["x"])
        }
    }

    @Test("It may be read by who might read the file it replaces, else by whom it is made for")
    func readers() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appending(path: "x").path
            try write("1", at: path, permissions: 0o600)
            #expect(try permissions(of: path) == 0o600)
            #expect(chmod(path, 0o640) == 0)
            try write("2", at: path, permissions: 0o666)
            #expect(try permissions(of: path) == 0o640)
        }
    }

    @Test("A symbolic link stays one, and what it stands for is written")
    func link() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appending(path: "x").path
            let link = directory.appending(path: "link").path
            try write("old", at: path)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "x")
            try write("new", at: link)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "x")
        }
    }
}
