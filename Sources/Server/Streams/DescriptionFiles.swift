import Foundation

/// Session descriptions on the disk, for players to open.
enum DescriptionFiles {
    /// Puts the text where `file` says in one step: who reads meanwhile finds the old one or the new one, whole.
    @Sendable static func write(_ file: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: file), options: .atomic)
        // Players belong to other users than a service, whose umask keeps them out; nothing in it is secret.
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
    }
}
