import Foundation
import Testing

@testable import Server

@Suite("Session descriptions on the disk")
struct DescriptionFilesTests {
    @Test("A description is for everyone on the machine to read, also where the file was not")
    func mode() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "heliograph-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "gate.sdp").path
        try Data().write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        try DescriptionFiles.write(file, "v=0")
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o644)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "v=0")
    }
}
