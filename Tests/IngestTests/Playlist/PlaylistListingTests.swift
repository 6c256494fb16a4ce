import Foundation
import TestSupport
import Testing

@testable import Ingest

@Suite("What a playlist has")
struct PlaylistListingTests {
    /// Files by their paths, and folders wherever a path goes through.
    private static func files(_ contents: [String: String]) -> PlaylistFiles {
        PlaylistFiles(
            kind: { path throws(PlaylistFiles.Unreadable) in
                let path = path.hasSuffix("/") ? String(path.dropLast()) : path
                if contents[path] != nil { return .file }
                guard contents.keys.contains(where: { $0.hasPrefix(path + "/") }) else {
                    throw PlaylistFiles.Unreadable(reason: "no such file or directory")
                }
                return .folder
            },
            read: { path, _ throws(PlaylistFiles.Unreadable) in
                guard let text = contents[path] else {
                    throw PlaylistFiles.Unreadable(reason: "no such file or directory")
                }
                return Array(text.utf8)
            },
            names: { folder, _ throws(PlaylistFiles.Unreadable) in
                Set(
                    contents.keys.filter { $0.hasPrefix(folder) }.map {
                        String($0.dropFirst(folder.count).prefix { $0 != "/" })
                    }
                )
                .sorted().reversed()
            },
            canonical: { $0.replacing("/./", with: "/") }
        )
    }

    private static func listing(_ items: [PlaylistItem], _ contents: [String: String]) -> PlaylistListing {
        PlaylistListing(items, files: files(contents))
    }

    @Test("Paths count from the list that has them; folders give their movies by name, with the folder's weight")
    func paths() {
        let contents = [
            "/m/night.ply": "*PLAY-LIST*\na.mp4 2\nclips 5\n+ sub/more.m3u\n/abs.mov",
            "/m/a.mp4": "", "/abs.mov": "", "/m/sub/more.m3u": "b.mp4", "/m/sub/b.mp4": "",
            "/m/clips/2.mkv": "", "/m/clips/1.MP4": "", "/m/clips/.hidden.mp4": "", "/m/clips/notes.txt": "",
            "/m/clips/deeper.mp4/3.mp4": "",
        ]
        let expected = [
            PlaylistEntry(path: "/m/a.mp4", weight: 2), PlaylistEntry(path: "/m/clips/1.MP4", weight: 5),
            PlaylistEntry(path: "/m/clips/2.mkv", weight: 5), PlaylistEntry(path: "/m/sub/b.mp4"),
            PlaylistEntry(path: "/abs.mov"),
        ]
        let all = Self.listing([.contents(of: "/m/night.ply")], contents)
        #expect(all.entries == expected)
        #expect(all.problems == [])
        let named = Self.listing([.entry(.init(path: "/m/night.ply"))], contents)
        #expect(named == all)
        let folder = Self.listing([.contents(of: "/m/clips/")], contents)
        #expect(folder.entries.map(\.path) == ["/m/clips/1.MP4", "/m/clips/2.mkv"])
    }

    @Test("What is missing or wrong is told with its line, and the rest is played")
    func problems() {
        let contents = [
            "/m/l.ply": "*PLAY-LIST*\ngone.mp4\na.mp4\n+ gone.ply\n+ bad.ply\n+ l.ply", "/m/a.mp4": "",
            "/m/bad.ply": "nonsense",
        ]
        let listing = Self.listing([.contents(of: "/m/l.ply"), .entry(.init(path: "/m/none.mp4"))], contents)
        #expect(listing.entries.map(\.path) == ["/m/a.mp4"])
        #expect(
            listing.problems.map(\.description) == [
                #"/m/l.ply:2: found "/m/gone.mp4", no such file or directory, expected a movie or a folder"#,
                #"/m/l.ply:4: found "/m/gone.ply", no such file or directory, expected a playlist"#,
                #"/m/bad.ply:1: found "nonsense", expected *PLAY-LIST*, or #EXTM3U, or a file that is called .m3u"#,
                #"/m/l.ply:6: found "/m/l.ply", which this is part of, expected another playlist"#,
                "/m/none.mp4: found no such file or directory, expected a movie or a folder",
            ])
    }

    @Test("One bad line does not take the others off the air; a list that is empty at this moment is told")
    func badLine() {
        let contents = ["/m/l.ply": "*PLAY-LIST*\na.mp4 77\na.mp4", "/m/a.mp4": "", "/m/e.m3u": ""]
        let listing = Self.listing([.contents(of: "/m/l.ply"), .contents(of: "/m/e.m3u")], contents)
        #expect(listing.entries.map(\.path) == ["/m/a.mp4"])
        #expect(listing.problems.map(\.line) == [2, nil])
        #expect(listing.problems.last?.found == "an empty file")
    }

    @Test("Lists that have each other are told, by whatever path, and lists within lists end somewhere")
    func loops() {
        let two = ["/a.ply": "*PLAY-LIST*\nx.mp4\n+ ./b.ply", "/b.ply": "*PLAY-LIST*\n+ /./a.ply", "/x.mp4": ""]
        let circle = Self.listing(
            [.contents(of: "/a.ply")],
            two.merging(["/./b.ply": two["/b.ply"] ?? "", "/./a.ply": two["/a.ply"] ?? ""]) { $1 })
        #expect(circle.entries.map(\.path) == ["/x.mp4"])
        #expect(circle.problems.map(\.line) == [2] && circle.problems[0].found.contains("part of"))
        var deep: [String: String] = ["/x.mp4": ""]
        for level in 0..<30 { deep["/\(level).ply"] = "*PLAY-LIST*\nx.mp4\n+ \(level + 1).ply" }
        let ladder = Self.listing([.contents(of: "/0.ply")], deep)
        #expect(ladder.entries.count == 16 && ladder.problems.count == 1)
    }

    @Test("A list ends at ten thousand movies, and lists that name each other thrice at a thousand lists")
    func bound() {
        let long = ["/x.mp4": "", "/l.ply": "*PLAY-LIST*\n" + String(repeating: "x.mp4\n", count: 10_010)]
        let listing = Self.listing([.contents(of: "/l.ply")], long)
        #expect(listing.entries.count == PlaylistListing.mostEntries)
        #expect(listing.problems.map(\.found) == ["too many movies"])
        var tree = ["/x.mp4": ""]
        for level in 0..<15 {
            tree["/\(level).ply"] = "*PLAY-LIST*\nx.mp4\n" + String(repeating: "+ \(level + 1).ply\n", count: 3)
        }
        tree["/15.ply"] = "*PLAY-LIST*\n"
        let doubling = Self.listing([.contents(of: "/0.ply")], tree)
        #expect(doubling.entries.count <= PlaylistListing.mostLists)
        #expect(doubling.problems.map(\.found) == ["too many playlists within each other"])
    }

    @Test("This machine's folders are read as they are at that moment")
    func system() async throws {
        try await withTemporaryDirectory { directory in
            for name in ["b.mp4", "a.mkv", "c.txt"] { try Data().write(to: directory.appendingPathComponent(name)) }
            let items = [PlaylistItem.contents(of: directory.path)]
            #expect(PlaylistListing(items, files: .system).entries.map { $0.path.suffix(5) } == ["a.mkv", "b.mp4"])
            try FileManager.default.removeItem(at: directory.appendingPathComponent("a.mkv"))
            #expect(PlaylistListing(items, files: .system).entries.count == 1)
            let device = PlaylistListing([.entry(.init(path: "/dev/zero"))], files: .system)
            #expect(device.problems.map(\.found) == ["neither a file nor a folder"])
            let long = directory.appendingPathComponent("long.m3u")
            try Data(repeating: 0x0A, count: PlaylistText.mostBytes + 10).write(to: long)
            #expect(
                PlaylistListing([.contents(of: long.path)], files: .system).problems.map(\.found) == [
                    "more than 1000000 bytes"
                ])
            try Data([0x61, 0xFF]).write(to: long)
            #expect(
                PlaylistListing([.contents(of: long.path)], files: .system).problems.map(\.found) == [
                    "bytes that are not UTF-8"
                ])
        }
    }
}
