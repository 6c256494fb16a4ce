import Egress
import Foundation
import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("The page, as Chromium shows it", .serialized, .onQuietMachine)
struct BrowserTests {
    @Test("a wall of nine cameras is live, and the keyboard finds, opens and closes them")
    func wall() async throws {
        try await withRelay((0..<9).map(CameraConfiguration.smallCamera)) { relay in
            try await Browser.run { browser in
                try await browser.open(relay.webURL(""))
                try await browser.expectPlaying(9)
                #expect(try await browser.films().filter { $0.width == 320 }.count == 9)
                try await eventually("the wall tells how they are") {
                    try await browser.text(of: "#summary") == "9 live"
                }
                let strip = try await browser.text(of: ".tile .strip")
                #expect(strip.contains("Camera 0") && strip.contains("Live") && strip.contains("1 viewer"), "\(strip)")

                try await browser.press(Browser.Key.right)
                try await browser.press(Browser.Key.enter)
                try await eventually("the second one is opened") {
                    try await browser.run("return location.pathname") as? String == "/cam1/"
                }
                try await browser.press(Browser.Key.escape)
                try await eventually("the wall is back") {
                    try await browser.run("return location.pathname") as? String == "/"
                }
                try await browser.press("/")
                for key in "north" { try await browser.press(String(key)) }
                try await eventually("those of the group are left, and no film of the others") {
                    try await browser.run("return document.querySelectorAll('.tile').length") as? Int == 3
                }
                try await browser.expectPlaying(3)
            }
        }
    }

    @Test("a camera plays on its page, with sound")
    func camera() async throws {
        try await withRelay([.testCamera()]) { relay in
            try await Browser.run { browser in
                try await browser.open(relay.webURL("test"))
                try await browser.expectPlaying(1)
                try await browser.click("#sound")
                let before = try await browser.films().first?.soundBytes ?? 0
                try await eventually("sound is decoded") {
                    try await browser.films().first?.soundBytes ?? 0 > before
                }
                #expect(try await browser.text(of: "#sound") == "Sound on")
                // The page asks how the camera is every two seconds.
                try await eventually("the facts are there") {
                    try await browser.text(of: "#facts").contains("H.264, 640 × 360")
                }
                #expect(try await browser.text(of: "#addresses").contains(relay.url("test")))
            }
        }
    }

    @Test("a camera plays as plain HLS, in a page of somebody else's")
    func plain() async throws {
        try await withRelay([.testCamera()]) { relay in
            try await Browser.run { browser in
                try await browser.open(relay.webURL("nothing-here"))
                _ = try await browser.run(
                    """
                    const film = document.createElement("video");
                    [film.muted, film.autoplay, film.src] = [true, true, "/test/index.m3u8"];
                    document.body.append(film);
                    film.play().catch(() => {});
                    """)
                try await browser.expectPlaying(1)
                #expect(try await browser.films().first?.soundBytes ?? 0 > 0)
            }
        }
    }

    @Test("a camera that vanishes is told of in words, and goes on by itself when it is back")
    func vanishing() async throws {
        try await withRelay([.published("van")]) { relay in
            try await withTemporaryDirectory { directory in
                try await Browser.run { browser in
                    let first = try FFmpegPublisher.start(relay.url("van"), over: .tcp, in: directory)
                    try await browser.open(relay.webURL("van/"))
                    try await browser.expectPlaying(1)
                    await first.stop()
                    try await eventually("the page says why") {
                        try await browser.text(of: "#says") == "Nobody publishes to it"
                    }
                    #expect(try await browser.text(of: "#camera-state") == "Down")
                    let second = try FFmpegPublisher.start(relay.url("van"), over: .tcp, in: directory)
                    try await eventually("the page has seen it", within: .seconds(60)) {
                        let state = try await browser.text(of: "#camera-state")
                        let says = try await browser.text(of: "#says")
                        return state == "Live" && says.isEmpty
                    }
                    try await browser.expectPlaying(1)
                    await second.stop()
                }
            }
        }
    }
}
