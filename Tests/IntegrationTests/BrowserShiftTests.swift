import Foundation
import Ingest
import NIOCore
import Server
import TestSupport
import Testing

/// What becomes of a wall that somebody looks at for twelve hours.
@Suite("The wall through a shift, as Chromium shows it", .serialized, .onQuietMachine)
struct BrowserShiftTests {
    @Test("a tab in the background is let go of after ten seconds, and live again a second after it is seen")
    func background() async throws {
        try await withRelay((0..<2).map(CameraConfiguration.smallCamera)) { relay in
            try await Browser.run { browser in
                try await browser.open(relay.webURL(""))
                try await browser.expectPlaying(2)
                _ = try await browser.run(
                    """
                    window.seen = [];
                    document.addEventListener("visibilitychange", () => window.seen.push([document.hidden, performance.now()]));
                    """)
                try await browser.covered {
                    let coveredAt = NIODeadline.now()
                    try await eventually("the relay sends nothing more") { try await relay.watching() == 0 }
                    #expect(NIODeadline.now() - coveredAt > .seconds(8))
                }
                let seenAt = NIODeadline.now()
                try await browser.expectTiles("both are live") { tiles in
                    tiles.count == 2 && tiles.allSatisfy { $0.age == "now" && $0.says.isEmpty && !$0.isStale }
                }
                #expect(NIODeadline.now() - seenAt < .seconds(2))
                #expect(
                    try await browser.run("return window.seen.map(([hidden]) => hidden)") as? [Bool] == [true, false])
                try await browser.expectPlaying(2)
            }
        }
    }

    @Test("a page that is opened in a tab nobody sees asks for no film until somebody does")
    func unseen() async throws {
        try await withRelay([.smallCamera(0)]) { relay in
            try await Browser.run { browser in
                try await browser.minimized {
                    try await browser.open(relay.webURL("cam0/"))
                    #expect(try await browser.run("return document.hidden") as? Bool == true)
                    // What is loaded has had its time to ask.
                    try await eventually("the page is there") {
                        try await browser.run("return performance.now() > 3000") as? Bool == true
                    }
                    #expect(try await relay.watching() == 0)
                }
                try await browser.expectPlaying(1)
            }
        }
    }

    @Test("a film that stands still is grey, says so and how old it is; it goes on by itself")
    func stall() async throws {
        try await withRelay([.published("van")]) { relay in
            try await withTemporaryDirectory { directory in
                try await Browser.run { browser in
                    let van = try FFmpegPublisher.start(relay.url("van"), over: .tcp, in: directory)
                    try await browser.open(relay.webURL(""))
                    try await browser.expectPlaying(1)
                    // No still lies behind the film to be taken for it.
                    try await browser.expectTiles("the still is gone") { $0.first?.hasStill == false }
                    van.halt()
                    try await browser.expectTiles("it is told that the picture is old", within: .seconds(8)) { tiles in
                        tiles.first.map { $0.isStale && !$0.says.isEmpty && $0.age != "now" } ?? false
                    }
                    van.wake()
                    try await browser.expectTiles("it is live again", within: .seconds(60)) { tiles in
                        tiles.first.map { !$0.isStale && $0.says.isEmpty && $0.age == "now" } ?? false
                    }
                    try await browser.expectPlaying(1)
                    await van.stop()
                }
            }
        }
    }

    @Test("a relay that is gone makes every state unknown and every picture old, and comes back by itself")
    func relayGone() async throws {
        let cameras = (0..<2).map(CameraConfiguration.smallCamera)
        try await Browser.run { browser in
            let port = try await withRelay(cameras) { relay in
                try await browser.open(relay.webURL(""))
                try await browser.expectPlaying(2)
                return try #require(relay.relay.httpAddress?.port)
            }
            try await browser.expectTiles("nobody knows how they are", within: .seconds(20)) { tiles in
                tiles.allSatisfy { $0.state == "unknown" && $0.isStale && $0.age != "now" && !$0.says.isEmpty }
            }
            #expect(try await browser.text(of: "#notice").hasPrefix("The relay does not answer"))
            try await withRelay(cameras, webPort: UInt16(port)) { _ in
                try await browser.expectTiles("it is back", within: .seconds(30)) { tiles in
                    tiles.allSatisfy { $0.state == "live" && !$0.isStale && $0.says.isEmpty && $0.age == "now" }
                }
                try await browser.expectPlaying(2)
                #expect(try await browser.run("return document.querySelector('#notice').hidden") as? Bool == true)
            }
        }
    }

    @Test("a still is as old as its key frame, and grey when it is no longer to be taken for what is there")
    func stills() async throws {
        try await withRelay([.published("van")]) { relay in
            try await withTemporaryDirectory { directory in
                let van = try OutsideTool("ffmpeg").start(
                    [
                        "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10",
                        "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "1000", "-pix_fmt",
                        "yuv420p", "-f", "rtsp", "-rtsp_transport", "tcp", relay.url("van"),
                    ], in: directory)
                try await Browser.run { browser in
                    try await browser.open(relay.webURL("?motion=still"))
                    try await browser.expectTiles("there is a still") { $0.first?.hasStill == true }
                    // It comes anew every four seconds, and is the same one.
                    try await browser.expectTiles("it is older than the pause between two", within: .seconds(20)) {
                        $0.first?.state == "live" && $0.first?.age == "12 s ago"
                    }
                    try await browser.expectTiles("it is grey", within: .seconds(40)) {
                        $0.first.map { $0.state == "stalled" && $0.isStale && !$0.says.isEmpty } ?? false
                    }
                }
                await van.stop()
            }
        }
    }

    @Test("nothing is left of what is closed: neither in the browser nor at the relay")
    func cycles() async throws {
        try await withRelay((0..<3).map(CameraConfiguration.smallCamera)) { relay in
            try await Browser.run { browser in
                try await browser.open(relay.webURL(""))
                try await browser.expectPlaying(3)
                try await browser.press(Browser.Key.home)
                func turn(_ times: Int) async throws {
                    for _ in 0..<times {
                        try await browser.press(Browser.Key.enter)
                        try await eventually("a camera is open") {
                            try await browser.run("return document.querySelectorAll('#stage video').length") as? Int
                                == 1
                        }
                        try await browser.press(Browser.Key.right)
                        try await browser.press(Browser.Key.escape)
                        try await eventually("the wall is back") {
                            try await browser.run("return document.querySelectorAll('.tile video').length") as? Int == 3
                        }
                    }
                    try await browser.expectPlaying(3)
                }
                try await turn(10)
                let before = try await browser.held()
                try await turn(40)
                let after = try await browser.held()
                for (name, allowance) in [("JSHeapUsedSize", 1_000_000), ("Nodes", 100), ("JSEventListeners", 30)] {
                    let grown = (after[name] ?? 0) - (before[name] ?? 0)
                    #expect(grown < allowance, "\(name): \(before[name] ?? 0) grew by \(grown)")
                }
                try await eventually("each camera has one viewer left") {
                    try await relay.watching() == 3
                }
                #expect(try await browser.errors().isEmpty)
            }
        }
    }

    @Test("a sub stream on demand is not woken for stills while the main stream runs")
    func stillsOfMain() async throws {
        let camera = TestCameraConfiguration(
            width: 320, height: 180, frameRate: 10, keyFrameInterval: .seconds(1), bitRate: 200_000)
        let streams = ["twin", "twin/sub"].map { StreamConfiguration(path: $0, source: .testCamera(camera)) }
        try await withRelay([CameraConfiguration(name: "twin", streams: streams)]) { relay in
            try await withTemporaryDirectory { directory in
                let viewer = try OutsideTool("ffmpeg").start(
                    ["-nostdin", "-loglevel", "error", "-i", relay.url("twin"), "-c", "copy", "-f", "null", "-"],
                    in: directory)
                try await eventually("the main stream runs") { try await relay.viewerCount(of: "twin") == 1 }
                try await Browser.run { browser in
                    try await browser.open(relay.webURL("?motion=still&grid=9"))
                    var seen: Set<String> = []
                    try await eventually("stills follow each other") {
                        let script = "return document.querySelector('.still')?.src ?? ''"
                        if let still = try await browser.run(script) as? String, !still.isEmpty { seen.insert(still) }
                        return seen.count == 3
                    }
                    // It has no age: it never was there.
                    let told = try await WebFetcher().get(relay.webURL("api/v1/cameras")).text
                    #expect(told.contains("\"sub\":{\"state\":\"asleep\",\"viewers\":0,\"urls\""), "\(told)")
                }
                await viewer.stop()
            }
        }
    }

    @Test("a browser that allows no sound shows the film without it, and goes on")
    func silenced() async throws {
        try await withRelay([.testCamera()]) { relay in
            try await Browser.run { browser in
                try await browser.open(relay.webURL("test/"))
                try await browser.expectPlaying(1)
                // As where it may play with sound no longer, which a browser decides.
                _ = try await browser.run(
                    """
                    const film = document.querySelector("#stage video");
                    const play = film.play;
                    film.play = () => film.muted ? play.call(film) : Promise.reject(new DOMException("", "NotAllowedError"));
                    film.muted = false;
                    film.pause();
                    """)
                try await eventually("it plays without sound") {
                    try await browser.run(
                        "const film = document.querySelector('#stage video'); return film.muted && !film.paused")
                        as? Bool == true
                }
                try await browser.expectPlaying(1)
                #expect(try await browser.text(of: "#sound") == "Sound off")
            }
        }
    }

    @Test("where no WebSocket works a film comes over HLS, which is said, and by WebSocket as soon as it works")
    func climbing() async throws {
        try await withRelay([.smallCamera(0)]) { relay in
            try await Browser.run { browser in
                try await browser.command(
                    "Page.addScriptToEvaluateOnNewDocument",
                    [
                        "source": """
                        const now = performance.now.bind(performance);
                        window.later = 0;
                        performance.now = () => now() + window.later;
                        const Socket = WebSocket;
                        window.WebSocket = function (url) { return new Socket(window.later ? url : url.href.replace("/live", "/none")); };
                        """
                    ])
                try await browser.open(relay.webURL(""))
                try await browser.expectPlaying(1)
                try await browser.expectTiles("it is said") { $0.first?.says.hasPrefix("Some seconds late") == true }
                #expect(
                    try await browser.run("return document.querySelector('video').src.endsWith('m3u8')") as? Bool
                        == true)
                _ = try await browser.run("window.later = 61_000")
                try await browser.expectTiles("it comes at once") { $0.first?.says == "" && $0.first?.age == "now" }
                #expect(
                    try await browser.run("return document.querySelector('video').src.startsWith('blob:')") as? Bool
                        == true)
                try await browser.expectPlaying(1)
            }
        }
    }
}
