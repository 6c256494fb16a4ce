import Ingest
import NIOCore
import Testing

@testable import Server

@Suite("Movies as a channel, as they are written")
struct PlaylistKeysTests {
    private func playlist(_ camera: String, file: String = "relays.yaml") throws -> PlaylistConfiguration? {
        let relay = try load("cameras: {channel: \(camera)}", file: file)
        guard case .playlist(let playlist) = relay.cameras[0].streams[0].source else { return nil }
        return playlist
    }

    private static func entry(_ path: String, _ weight: Int = 10) -> PlaylistItem {
        .entry(PlaylistEntry(path: path, weight: weight))
    }

    @Test("file: is one movie, looped unless it says otherwise; its path counts from the configuration")
    func file() throws {
        #expect(try playlist("{file: a.mov}") == PlaylistConfiguration(items: [Self.entry("a.mov")]))
        let once = PlaylistConfiguration(items: [Self.entry("/etc/h/a.mov")], order: .once)
        #expect(try playlist("{file: a.mov, loop: false}", file: "/etc/h/relays.yaml") == once)
        #expect(try playlist("{file: /m/a.mov, loop: true}")?.items == [Self.entry("/m/a.mov")])
    }

    @Test("playlist: is a playlist's file or a folder, or a list with its order")
    func list() throws {
        let night = PlaylistConfiguration(items: [.contents(of: "night.ply")])
        #expect(try playlist("{playlist: night.ply, title: Night}") == night)
        let written =
            "{playlist: {files: [a.mp4, {file: b.mp4, weight: 3}, clips/], order: random, recent: 2}, on_demand: true}"
        let expected = PlaylistConfiguration(
            items: [Self.entry("a.mp4"), Self.entry("b.mp4", 3), Self.entry("clips/")], order: .random(recent: 2),
            onDemand: true)
        #expect(try playlist(written) == expected)
        #expect(try playlist("{playlist: {files: [a.mp4], order: random}}")?.order == .random(recent: 1))
        #expect(try playlist("{playlist: {files: [a.mp4], loop: false}}")?.order == .once)
        #expect(try playlist("{playlist: {files: [a.mp4], order: sequential}}")?.order == .looped)
    }

    @Test("Demand and times come from the camera, else from the defaults; the summary says what is played")
    func settings() throws {
        let relay = try load(
            "defaults: {on_demand: true, linger: 5s, transport: udp}\ncameras: {a: {file: a.mp4, timeout: 3s}}")
        let expected = PlaylistConfiguration(
            items: [Self.entry("a.mp4")], onDemand: true, linger: .seconds(5), timeout: .seconds(3))
        #expect(relay.cameras[0].streams[0].source == .playlist(expected))
        #expect(relay.summary.contains("a.mp4 looped on demand"))
        let list = try load("cameras: {a: {playlist: {files: [a.mp4, b], order: random}}}")
        #expect(list.summary.contains("2 movies and folders in random order always"))
    }

    @Test(
        "What cannot be meant is refused with its place",
        arguments: [
            (
                "{file: a.mp4, main: \"rtsp://h/a\"}",
                "1:34: cameras.channel.main: found main beside file, expected title, groups, on_demand, linger, timeout, file, loop alone"
            ),
            (
                "{playlist: a.ply, file: a.mp4}",
                "1:38: cameras.channel.file: found file beside playlist, expected title, groups, on_demand, linger, timeout, playlist alone"
            ),
            (
                "{playlist: a.ply, loop: true}",
                "1:38: cameras.channel.loop: found loop beside playlist, expected title, groups, on_demand, linger, timeout, playlist alone; order and loop of a list stand in the list: {files: [a.mp4], loop: true}"
            ),
            (
                "{playlist: {files: []}}",
                "1:39: cameras.channel.playlist.files: found 0 of them, expected a list of movies and folders, such as [a.mp4, {file: b.mp4, weight: 3}, folder/]"
            ),
            (
                "{playlist: {files: a.mp4}}",
                "1:39: cameras.channel.playlist.files: found text, expected a list of movies and folders, such as [a.mp4, {file: b.mp4, weight: 3}, folder/]"
            ),
            (
                "{playlist: {order: random}}",
                "1:21: cameras.channel.playlist.files: found nothing, expected a list of movies and folders, such as [a.mp4, {file: b.mp4, weight: 3}, folder/]"
            ),
            (
                "{playlist: {files: [{file: a.mp4, weight: 11}]}}",
                "1:62: cameras.channel.playlist.files[0].weight: found \"11\", expected a number from 1 to 10"
            ),
            (
                "{playlist: {files: [a.mp4, {weight: 1}]}}",
                "1:47: cameras.channel.playlist.files[1].file: found nothing, expected the path of a movie or a folder"
            ),
            (
                "{playlist: {files: [a.mp4], order: shuffled}}",
                "1:55: cameras.channel.playlist.order: found \"shuffled\", expected one of sequential, random"
            ),
            (
                "{playlist: {files: [a.mp4], order: random, loop: false}}",
                "1:69: cameras.channel.playlist.loop: found \"false\" in random order, expected true; order: random goes on for ever"
            ),
            (
                "{playlist: {files: [a.mp4], recent: 3}}",
                "1:48: cameras.channel.playlist.recent: found recent in sequential order, expected order: random"
            ),
            (
                "{file: \"http://h/a.mp4\"}",
                "1:27: cameras.channel.file: found \"http://h/a.mp4\", expected the path of a file or a folder on this machine"
            ),
        ])
    func wrong(camera: String, text: String) {
        #expect(errors("cameras: {channel: \(camera)}") == ["relays.yaml:\(text)"])
    }

    @Test("A name for many paths has no movies")
    func prefix() {
        #expect(errors("cameras: {\"in/*\": {file: a.mp4}}").first?.contains("publish: true") == true)
    }

    // MARK: check

    /// A file system of these files; folders are paths that end in a slash.
    private func check(_ text: String, _ files: [String: String]) -> [String] {
        let movies = PlaylistFiles(
            kind: { path throws(PlaylistFiles.Unreadable) in
                if files[path] != nil { return path.hasSuffix("/") ? .folder : .file }
                throw PlaylistFiles.Unreadable(reason: "no such file or directory")
            },
            read: { path, _ throws(PlaylistFiles.Unreadable) in Array((files[path] ?? "").utf8) },
            names: { folder, _ throws(PlaylistFiles.Unreadable) in
                files.keys.filter { $0.hasPrefix(folder) && $0 != folder }.map { String($0.dropFirst(folder.count)) }
            },
            canonical: { $0 }
        )
        do {
            _ = try ConfigurationLoader.load(
                text: text, file: "/e/relays.yaml", environment: [:], movies: movies, readFile: { _ in "" })
            return []
        } catch {
            return error.errors.map(\.description)
        }
    }

    @Test("check finds movies that are missing, lists that are wrong and folders without a movie, each by line and key")
    func check() {
        let text = """
            cameras:
              a: {file: gone.mp4}
              b: {playlist: night.ply}
              c: {playlist: {files: [here.mp4, {file: away.mp4, weight: 2}, empty/]}}
            """
        let files = [
            "/e/here.mp4": "", "/e/empty/": "", "/e/empty/notes.txt": "", "/e/night.ply": "*PLAY-LIST*\nx.mp4 0",
        ]
        #expect(
            check(text, files) == [
                #"/e/relays.yaml:2:13: cameras.a.file: found "/e/gone.mp4", no such file or directory, expected a movie or a folder"#,
                #"/e/relays.yaml:3:17: cameras.b.playlist: found a playlist with /e/night.ply:2: found the weight "0", expected 1 to 10; a path with blanks goes in quotes, expected movies that can be read"#,
                #"/e/relays.yaml:4:43: cameras.c.playlist.files[1].file: found "/e/away.mp4", no such file or directory, expected a movie or a folder"#,
                #"/e/relays.yaml:4:65: cameras.c.playlist.files[2]: found "/e/empty/" without a movie, expected at least one; a folder is looked into at each round, not so the folders in it"#,
            ])
        #expect(check("cameras: {a: {file: here.mp4}}", files) == [])
        #expect(errors(text, file: "/e/relays.yaml") == [], "a relay that starts waits for its movies")
    }
}
