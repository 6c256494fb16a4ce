import Egress
import Ingest

/// Reading of `media:`.
extension ConfigurationReading {
    /// `media: /srv/movies`, or `media: {folder: /srv/movies, path: films}`; `nil` where something is wrong, which is then reported.
    func media(_ field: ConfigurationSection.Field, in root: ConfigurationSection) -> MediaConfiguration? {
        if case .scalar(let scalar) = field.node, !scalar.isNothing {
            return folder(field, in: root).map { MediaConfiguration(folder: $0) }
        }
        guard let section = root.section(field, hint: "the path of a folder, or {folder: /srv/movies, path: films}")
        else { return nil }
        let folder = section.field("folder").flatMap { self.folder($0, in: section) }
        if section.field("folder") == nil {
            section.reportMissing("folder", expected: "the folder that the movies lie in")
        }
        let path = section.value("path") { text throws(Expectation) in
            guard text.isPathOfNames else {
                throw Expectation(
                    "letters, digits, -, _ and . in segments divided by /", hint: "rtsp://relay/PATH/movie.mp4")
            }
            return text
        }
        section.end()
        return folder.map { folder in
            path.map { MediaConfiguration(folder: folder, path: $0) } ?? MediaConfiguration(folder: folder)
        }
    }

    private func folder(_ field: ConfigurationSection.Field, in section: ConfigurationSection) -> String? {
        guard let text = section.text(field) else { return nil }
        guard !text.text.isEmpty, !text.text.contains("\0"), !text.text.contains("://") else {
            section.report(field, text, Expectation("the path of a folder on this machine"))
            return nil
        }
        let folder = variables.path(of: text.text)
        mediaFolder = FolderReference(place: field.place, keyPath: field.keyPath, path: folder)
        return folder
    }

    /// One path means one thing: no camera may have the movies' path, or one below it.
    func checkPaths(of cameras: [CameraConfiguration], beside media: MediaConfiguration, at root: ConfigurationSection)
    {
        guard let place = root.field("media")?.keyPlace else { return }
        for camera in cameras {
            for stream in camera.streams where stream.path.collides(with: media.path) {
                report(
                    place, "media", found: "the path \(media.path), at which camera \(camera.name) has \(stream.path)",
                    expected: "a path of its own for the movies",
                    hint: "write media: {folder: …, path: another}, or give the camera another name")
                return
            }
        }
    }

    /// Reports a folder that is not there: nobody is to wait for its movies.
    func checkMediaFolder(_ files: PlaylistFiles) {
        guard let mediaFolder else { return }
        let found: String
        do throws(PlaylistFiles.Unreadable) {
            guard case .file = try files.kind(mediaFolder.path) else { return }
            found = "a file"
        } catch {
            found = error.reason
        }
        report(
            mediaFolder.place, mediaFolder.keyPath, found: "\(mediaFolder.path.quotedForError), \(found)",
            expected: "a folder that can be read")
    }
}

/// A place in the configuration that names a folder, to be looked for where somebody asks.
struct FolderReference {
    var place: Place
    var keyPath: String
    var path: String
}

extension String {
    /// Goes into URLs as it is.
    fileprivate var isPathOfNames: Bool {
        let segments = split(separator: "/", omittingEmptySubsequences: false)
        return utf8.count <= 128
            && segments.allSatisfy { segment in
                !segment.isEmpty && segment != "." && segment != ".."
                    && segment.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "-_.".contains($0) }
            }
    }

    /// Of a stream: it is the movies' path, or lies below it, or stands for all below one that does or in which they lie.
    fileprivate func collides(with media: String) -> Bool {
        let own = hasSuffix("/*") ? String(dropLast(2)) : self
        if own == media || own.hasPrefix(media + "/") { return true }
        return hasSuffix("/*") && media.hasPrefix(own + "/")
    }
}
