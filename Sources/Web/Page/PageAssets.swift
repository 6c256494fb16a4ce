import NIOCore

/// The files of the page. They are part of the program, so that it needs none beside it.
struct PageAssets: Sendable {
    /// One file, as it is served.
    struct File: Sendable {
        let name: String
        /// `Content-Type`.
        let mediaType: String
        let bytes: ByteBuffer
        let tag: String
    }

    static let index = file("index.html", PackageResources.index_html)

    /// By the name behind `/assets/`.
    static let byName: [String: File] = Dictionary(
        uniqueKeysWithValues: [
            file("page.css", PackageResources.page_css),
            file("page.js", PackageResources.page_js),
            file("camera.js", PackageResources.camera_js),
            file("dom.js", PackageResources.dom_js),
            file("edge.js", PackageResources.edge_js),
            file("feed.js", PackageResources.feed_js),
            file("fleet.js", PackageResources.fleet_js),
            file("news.js", PackageResources.news_js),
            file("picture.js", PackageResources.picture_js),
            file("player.js", PackageResources.player_js),
            file("pulse.js", PackageResources.pulse_js),
            file("settings.js", PackageResources.settings_js),
            file("stills.js", PackageResources.stills_js),
            file("tile.js", PackageResources.tile_js),
            file("wall.js", PackageResources.wall_js),
            file("ways.js", PackageResources.ways_js),
            file("words.js", PackageResources.words_js),
            file("icon.svg", PackageResources.icon_svg),
        ].map { ($0.name, $0) })

    private static func file(_ name: String, _ bytes: [UInt8]) -> File {
        let ending = name.split(separator: ".").last ?? ""
        let mediaType =
            switch ending {
            case "css": "text/css; charset=utf-8"
            case "js": "text/javascript; charset=utf-8"
            case "svg": "image/svg+xml"
            default: "text/html; charset=utf-8"
            }
        return File(
            name: name, mediaType: mediaType, bytes: ByteBuffer(bytes: bytes), tag: tag(of: bytes))
    }

    /// Tells one version of a text from the next (FNV-1a).
    static func tag(of bytes: some Sequence<UInt8>) -> String {
        String(
            bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }, radix: 16)
    }
}
