import Foundation
import NIOCore
import Server
import TestSupport
import Testing

/// The page for those who have no mouse, no good eyes, no large window, or no HTTPS.
@Suite("The page for everybody, as Chromium shows it", .serialized, .onQuietMachine)
struct BrowserAccessTests {
    @Test("names are shown as they are written, whatever is in them, and run nothing")
    func hostileNames() async throws {
        let hostile =
            "<img src=x onerror=\"document.title='run'\"> & 'q' </script><script>document.title='run'</script>"
        let names = [
            ("xss", hostile), ("halle/tor-3", String(repeating: "ein langer Name ", count: 12)), ("süd%20hof", "東門 🎥"),
        ]
        let cameras = names.map { CameraConfiguration.smallCamera($0.0, title: $0.1, groups: [hostile]) }
        try await withRelay(cameras) { relay in
            try await Browser.run(width: 390, height: 844) { browser in
                for (index, name) in names.enumerated() {
                    try await browser.open(relay.webURL("?grid=1&page=\(index + 1)"))
                    try await eventually("the tile is there") {
                        try await browser.run("return document.querySelectorAll('.tile').length") as? Int == 1
                    }
                    #expect(try await browser.text(of: ".tile .name") == name.1)
                    try await browser.press(Browser.Key.home)
                    try await browser.press(Browser.Key.enter)
                    try await eventually("its page is there") { try await browser.text(of: "#camera-name") == name.1 }
                    try await browser.expectPlaying(1)
                    let wide = try await browser.run("return document.documentElement.scrollWidth - innerWidth")
                    #expect((wide as? Int ?? 1) <= 0, "\(name.0)")
                }
                #expect(try await browser.run("return document.title") as? String == "東門 🎥 · Heliograph")
                #expect(try await browser.errors().isEmpty)
            }
        }
    }

    @Test("the keyboard does all: grids by number, which are remembered and stand in the address, search, pages, focus")
    func keyboard() async throws {
        try await withRelay((0..<9).map(CameraConfiguration.smallCamera)) { relay in
            try await Browser.run { browser in
                func tiles() async throws -> Int? {
                    try await browser.run("return document.querySelectorAll('.tile').length") as? Int
                }
                func focused() async throws -> String? {
                    try await browser.run(
                        "return document.activeElement.closest('.tile')?.querySelector('.name').textContent")
                        as? String
                }
                try await browser.open(relay.webURL(""))
                try await eventually("all are there") { try await tiles() == 9 }
                try await browser.press("2")
                #expect(try await tiles() == 4)
                #expect(try await browser.run("return location.search") as? String == "?grid=4&motion=auto")
                // The next page, its second tile, that camera, the camera behind it, and back to where that one is.
                try await browser.press(Browser.Key.pageDown)
                try await browser.press(Browser.Key.right)
                #expect(try await focused() == "Camera 5")
                let ring = try await browser.run(
                    "return getComputedStyle(document.activeElement.closest('.tile')).outlineWidth")
                #expect(ring as? String == "4px")
                try await browser.press(Browser.Key.enter)
                for _ in 0..<3 { try await browser.press(Browser.Key.right) }
                try await eventually("the eighth is opened") {
                    try await browser.text(of: "#camera-name") == "Camera 8"
                }
                try await browser.press(Browser.Key.escape)
                try await eventually("it has the focus, on its page") { try await focused() == "Camera 8" }
                #expect(try await browser.run("return location.search") as? String == "?grid=4&motion=auto&page=3")
                try await browser.open(relay.webURL(""))
                try await eventually("the grid is remembered") { try await tiles() == 4 }
                try await browser.open(relay.webURL("?grid=auto"))
                try await eventually("the address goes first") { try await tiles() == 9 }
                try await browser.press("f")
                try await eventually("the wall has the whole screen, and the bar is out of sight") {
                    try await browser.run(
                        "return document.fullscreenElement !== null && getComputedStyle(document.querySelector('.bar')).opacity === '0'"
                    ) as? Bool == true
                }
            }
        }
    }

    /// Of each piece of text that is seen: its contrast with what lies behind it (WCAG 2.2 §1.4.3), and where it stands.
    private static let contrasts = """
        const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
        const luminance = ([red, green, blue]) => [red, green, blue].map((value) => value / 255)
            .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
            .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
        const behind = (element) => {
            for (let each = element; each; each = each.parentElement) {
                const colour = numbers(getComputedStyle(each).backgroundColor);
                if (colour.length === 3 || colour[3] === 1) return colour;
            }
            return [255, 255, 255];
        };
        const texts = [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility()
            && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
        return texts.map((element) => {
            const [one, other] = [numbers(getComputedStyle(element).color), behind(element)].map(luminance);
            const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
            return [Math.round(ratio * 100), `${element.tagName} ${element.className} ${element.textContent.trim().slice(0, 30)}`];
        });
        """

    @Test("all text stands out from its ground as WCAG AA asks for, and every control has a name")
    func contrast() async throws {
        let cameras = [CameraConfiguration.smallCamera(0), .published("nobody")]
        try await withRelay(cameras) { relay in
            try await Browser.run { browser in
                for page in ["", "cam0/", "nobody/"] {
                    try await browser.open(relay.webURL(page))
                    try await eventually("it is all there") {
                        try await browser.run("return document.body.innerText.match(/Live|Down/) !== null") as? Bool
                            == true
                    }
                    let rows = try await browser.run(Self.contrasts) as? [[Any]] ?? []
                    #expect(rows.count > 8)
                    for row in rows { #expect((row[0] as? Int ?? 0) >= 450, "\(row)") }
                    let nameless = try await browser.run(
                        """
                        return [...document.querySelectorAll("a, button, input, select")].filter((control) => control.checkVisibility()
                            && !control.getAttribute("aria-label") && !control.textContent.trim()).map((control) => control.outerHTML);
                        """)
                    #expect(nameless as? [String] == [])
                    let landmarks = try await browser.run("return document.querySelectorAll('main:not([role])').length")
                    #expect(landmarks as? Int == 1)
                }
            }
        }
    }

    @Test("on a phone nothing is wider than the screen, and what is touched is as large as a finger")
    func phone() async throws {
        try await withRelay((0..<9).map(CameraConfiguration.smallCamera)) { relay in
            try await Browser.run { browser in
                try await browser.command(
                    "Emulation.setDeviceMetricsOverride",
                    ["width": 390, "height": 844, "deviceScaleFactor": 3, "mobile": true])
                try await browser.command("Emulation.setTouchEmulationEnabled", ["enabled": true])
                for page in ["", "cam0/"] {
                    try await browser.open(relay.webURL(page))
                    try await eventually("it is all there") {
                        try await browser.run("return document.body.innerText.includes('Live')") as? Bool == true
                    }
                    #expect(
                        try await browser.run("return document.documentElement.scrollWidth") as? Int == 390, "\(page)")
                    let small = try await browser.run(
                        """
                        return [...document.querySelectorAll("a, button, input, select")].filter((control) => {
                            const { width, height } = control.getBoundingClientRect();
                            return control.checkVisibility() && (width < 44 || height < 44);
                        }).map((control) => control.outerHTML);
                        """)
                    #expect(small as? [String] == [], "\(page)")
                }
            }
        }
    }

    @Test("URLs name the host by which the page was found, and can be copied from a page without HTTPS")
    func copying() async throws {
        try await withRelay([.smallCamera("süd hof".replacing(" ", with: "-"), title: nil)]) { relay in
            try await Browser.run(arguments: ["--host-resolver-rules=MAP relay.lan 127.0.0.1"]) { browser in
                let port = try #require(relay.relay.httpAddress?.port)
                // As from behind a proxy that asks the relay by another name.
                try await browser.command(
                    "Page.addScriptToEvaluateOnNewDocument",
                    [
                        "source": """
                        const ask = window.fetch;
                        window.fetch = async (...all) => {
                            const answer = await ask(...all);
                            if (!String(all[0]).startsWith("/api/")) return answer;
                            return new Response((await answer.text()).replaceAll("rtsp://relay.lan", "rtsp://10.0.0.9"));
                        };
                        """
                    ])
                try await browser.open("http://relay.lan:\(port)/")
                try await eventually("the tile is there") {
                    try await browser.run("return document.querySelectorAll('.tile').length") as? Int == 1
                }
                #expect(try await browser.run("return isSecureContext") as? Bool == false)
                let expected = "rtsp://relay.lan:\(relay.port)/s%C3%BCd-hof"
                #expect(try await copied(".tile .copy", in: browser) == expected)
                try await browser.open("http://relay.lan:\(port)/s%C3%BCd-hof/")
                try await eventually("the URLs are there") { try await !browser.text(of: "#addresses").isEmpty }
                #expect(try await browser.text(of: "#addresses").contains(expected))
                #expect(
                    try await copied("#addresses li:last-child button", in: browser)
                        == "http://relay.lan:\(port)/s%C3%BCd-hof/index.m3u8")
                #expect(try await browser.errors().isEmpty)
            }
        }
    }

    /// Presses a button, and pastes what it copied.
    private func copied(_ button: String, in browser: Browser) async throws -> String? {
        try await browser.click(button)
        try await eventually("it says so") { try await browser.text(of: button) == "Copied" }
        _ = try await browser.run(
            "const field = document.createElement('textarea'); field.id = 'pasted'; document.body.prepend(field); field.focus();"
        )
        try await browser.press(Browser.Key.control, "v")
        return try await browser.run(
            "const field = document.querySelector('#pasted'); field.remove(); return field.value")
            as? String
    }
}
