import Egress
import Testing

@testable import Server

/// Reading of `media:`.
@Suite struct MediaTests {
    private static func loaded(_ text: String) throws -> RelayConfiguration {
        try load("cameras: {test: {test_camera: {}}}\n" + text)
    }

    @Test("A folder is named alone or with its path; relative ones lie beside the file")
    func folders() throws {
        #expect(try Self.loaded("media: /srv/movies").media == MediaConfiguration(folder: "/srv/movies", path: "media"))
        #expect(
            try Self.loaded("media: {folder: /srv/movies, path: films/old}").media
                == MediaConfiguration(folder: "/srv/movies", path: "films/old"))
        #expect(try Self.loaded("media: {folder: /srv/movies}").media?.path == "media")
        #expect(try Self.loaded("").media == nil)
        #expect(try Self.loaded("media: /srv/movies").summary.contains("movies of /srv/movies at media/"))
    }

    @Test("Movies alone are enough to serve; nothing at all is not")
    func withoutCameras() throws {
        #expect(try load("media: /srv/movies").cameras.isEmpty)
        #expect(errors("site: here").contains { $0.contains("at least one camera") })
    }

    @Test(
        "What makes no sense is told with its place",
        arguments: [
            ("media:", "media.folder", "the folder"), ("media: {path: films}", "media.folder", "the folder"),
            ("media: {folder: /a, path: ../b}", "media.path", "letters"),
            ("media: {folder: /a, path: /b}", "media.path", "letters"),
            ("media: {folder: \"http://a/b\"}", "media.folder", "the path of a folder"),
            ("media: {folder: /a, loop: true}", "media.loop", "folder, path"), ("media: [a, b]", "media", "a mapping"),
        ])
    func wrong(text: String, key: String, expected: String) {
        let problems = errors("cameras: {test: {test_camera: {}}}\n" + text)
        #expect(problems.count == 1)
        #expect(problems.first?.contains("relays.yaml:2:") == true, "\(problems)")
        #expect(problems.first?.contains(" \(key): ") == true, "\(problems)")
        #expect(problems.first?.contains(expected) == true, "\(problems)")
    }

    @Test(
        "A camera's path and the movies' path are two",
        arguments: [
            ("media: {test_camera: {}}", "media", true), ("media/gate: {test_camera: {}}", "media", true),
            ("media/*: {publish: true}", "media", true), ("in/*: {publish: true}", "in/media", true),
            ("in/*: {publish: true}", "inside", false), ("media-1: {test_camera: {}}", "media", false),
            ("gate: {test_camera: {}}", "gate/clips", false),
        ])
    func collisions(camera: String, path: String, collides: Bool) throws {
        let text = "cameras:\n  \(camera)\nmedia: {folder: /a, path: \(path)}"
        guard collides else {
            #expect(try load(text).media?.path == path)
            return
        }
        let problems = errors(text)
        #expect(problems.count == 1)
        #expect(problems.first?.contains("relays.yaml:3:1: media: ") == true, "\(problems)")
        #expect(problems.first?.contains("at which camera") == true, "\(problems)")
    }
}
