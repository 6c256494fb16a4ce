/// The folder whose movies can be played.
package struct MediaConfiguration: Sendable, Equatable {
    /// Where the server has it.
    package var folder: String
    /// Where viewers find it: the path of its URL, without slashes around it.
    package var path: String

    package init(folder: String, path: String = "media") {
        self.folder = folder
        self.path = path
    }

    /// The name of a movie below the folder; `nil` for a path that lies elsewhere. The name is empty for the folder itself.
    func name(at path: String) -> String? {
        let segments = path.split(separator: "/")
        let own = self.path.split(separator: "/")
        guard segments.starts(with: own) else { return nil }
        return segments.dropFirst(own.count).joined(separator: "/")
    }
}
