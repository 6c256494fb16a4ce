import Foundation
import NIOCore
import TestSupport

/// Chromium without a window, driven by WebDriver (W3C) through Debian's chromedriver.
struct Browser {
    private let driver: String
    private let folder: URL

    /// Runs `body` with a browser whose window has that many pixels, and ends the browser whatever happens. `arguments` are more of its own.
    static func run<Result>(
        width: Int = 1280, height: Int = 900, arguments: [String] = [], _ body: (Browser) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryDirectory { folder in
            let tool = try OutsideTool("chromedriver").start(["--port=0"], in: folder)
            do {
                let arguments = ["--window-size=\(width),\(height)"] + arguments
                let result = try await session(tool, in: folder, arguments, body)
                await end(tool, in: folder)
                return result
            } catch {
                await end(tool, in: folder)
                throw error
            }
        }
    }

    private static func session<Result>(
        _ tool: RunningTool, in folder: URL, _ arguments: [String], _ body: (Browser) async throws -> Result
    ) async throws -> Result {
        let told = "started successfully on port "
        try await eventually("chromedriver tells its port") { tool.lines.contains { $0.contains(told) } }
        let line = tool.lines.first { $0.contains(told) } ?? ""
        let port = line.components(separatedBy: told).last?.filter(\.isNumber) ?? ""
        let options: [String: Any] = [
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder.path)/profile",
            ] + arguments
        ]
        let wanted: [String: Any] = ["goog:chromeOptions": options, "goog:loggingPrefs": ["browser": "ALL"]]
        let asked = ["capabilities": ["alwaysMatch": wanted]]
        let root = Browser(driver: "http://127.0.0.1:\(port)", folder: folder)
        guard let session = try await root.ask("POST", "/session", asked) as? [String: Any],
            let identifier = session["sessionId"] as? String
        else { throw OutsideTool.Failure(description: "chromedriver made no session") }
        let browser = Browser(driver: "\(root.driver)/session/\(identifier)", folder: folder)
        do {
            let result = try await body(browser)
            _ = try? await browser.ask("DELETE", "")
            return result
        } catch {
            _ = try? await browser.ask("DELETE", "")
            throw error
        }
    }

    /// A browser that has lost its driver would stay: it is known by its folder, which no other one has.
    private static func end(_ tool: RunningTool, in folder: URL) async {
        await tool.stop()
        _ = try? await OutsideTool("pkill").output(["-KILL", "-f", "\(folder.path)/profile"], in: folder)
    }

    /// One command of WebDriver, and the value it gives.
    private func ask(_ method: String, _ path: String, _ body: [String: Any]? = nil) async throws -> Any {
        var arguments = ["--silent", "--show-error", "--max-time", "60", "--request", method, "\(driver)\(path)"]
        if let body {
            let text = String(decoding: try JSONSerialization.data(withJSONObject: body), as: UTF8.self)
            arguments += ["--header", "Content-Type: application/json", "--data-binary", text]
        }
        let answer = try await OutsideTool("curl").output(arguments, in: folder)
        let whole = try JSONSerialization.jsonObject(with: Data(answer), options: .fragmentsAllowed) as? [String: Any]
        let value = whole?["value"] ?? NSNull()
        if let error = (value as? [String: Any])?["error"] {
            throw OutsideTool.Failure(
                description: "chromedriver: \(error): \((value as? [String: Any])?["message"] ?? "")")
        }
        return value
    }

    func open(_ url: String) async throws {
        _ = try await ask("POST", "/url", ["url": url])
    }

    /// Runs the body of a function in the page, and returns what it returns.
    func run(_ script: String) async throws -> Any {
        try await ask("POST", "/execute/sync", ["script": script, "args": [String]()])
    }

    /// Presses the mouse on the element, as a person would.
    func click(_ selector: String) async throws {
        let found = try await ask("POST", "/element", ["using": "css selector", "value": selector])
        guard let identifier = (found as? [String: String])?.values.first else { return }
        _ = try await ask("POST", "/element/\(identifier)/click", [:])
    }

    /// Presses a key, or several at once: all down, then all up.
    func press(_ keys: String...) async throws {
        let strokes =
            keys.map { ["type": "keyDown", "value": $0] } + keys.reversed().map { ["type": "keyUp", "value": $0] }
        let actions: [String: Any] = ["type": "key", "id": "keyboard", "actions": strokes]
        _ = try await ask("POST", "/actions", ["actions": [actions]])
    }
}

extension Browser {
    /// Keys that are no characters (WebDriver §17.4.2).
    enum Key {
        static let enter = "\u{E007}"
        static let control = "\u{E009}"
        static let escape = "\u{E00C}"
        static let right = "\u{E014}"
        static let home = "\u{E011}"
        static let pageDown = "\u{E00F}"
    }

    /// A command of Chromium's own protocol, and what it answers.
    @discardableResult
    func command(_ name: String, _ parameters: [String: Any] = [:]) async throws -> [String: Any] {
        try await ask("POST", "/goog/cdp/execute", ["cmd": name, "params": parameters]) as? [String: Any] ?? [:]
    }

    /// Runs `body` while another tab is in front of the page: to look at the page would bring it to the front.
    func covered(_ body: () async throws -> Void) async throws {
        let own = try await ask("GET", "/window") as? String ?? ""
        let tab = try await ask("POST", "/window/new", ["type": "tab"]) as? [String: Any]
        _ = try await ask("POST", "/window", ["handle": tab?["handle"] as? String ?? ""])
        try await command("Page.bringToFront")
        try await body()
        _ = try await ask("DELETE", "/window")
        _ = try await ask("POST", "/window", ["handle": own])
        try await command("Page.bringToFront")
    }

    /// Runs `body` while the window is minimized.
    func minimized(_ body: () async throws -> Void) async throws {
        _ = try await ask("POST", "/window/minimize", [:])
        try await body()
        _ = try await ask("POST", "/window/rect", ["width": 1280, "height": 900])
    }

    /// What the page has said to the console that is an error, and errors that nobody caught.
    func errors() async throws -> [String] {
        let entries = try await ask("POST", "/se/log", ["type": "browser"]) as? [[String: Any]] ?? []
        return entries.filter { $0["level"] as? String == "SEVERE" }.compactMap { $0["message"] as? String }
    }

    /// What is held by the page after everything that can be thrown away is: bytes of the heap, and numbers of nodes and listeners.
    func held() async throws -> [String: Int] {
        for _ in 0..<2 { try await command("HeapProfiler.collectGarbage") }
        try await command("Performance.enable")
        let metrics = try await command("Performance.getMetrics")["metrics"] as? [[String: Any]] ?? []
        let wanted = ["JSHeapUsedSize", "Nodes", "JSEventListeners"]
        return metrics.reduce(into: [:]) { held, metric in
            guard let name = metric["name"] as? String, wanted.contains(name) else { return }
            held[name] = (metric["value"] as? NSNumber)?.intValue
        }
    }

    /// What a film in the page shows at the moment.
    struct Film: Sendable, Hashable {
        var width: Int
        /// Seconds.
        var time: Double
        /// Tells one picture from another.
        var picture: Int
        /// Of sound, decoded so far.
        var soundBytes: Int
    }

    /// Of each `<video>` that is in the page.
    func films() async throws -> [Film] {
        let script = """
            return [...document.querySelectorAll("video")].map((film) => {
                const canvas = document.createElement("canvas");
                [canvas.width, canvas.height] = [64, 36];
                const context = canvas.getContext("2d");
                context.drawImage(film, 0, 0, 64, 36);
                const picture = context.getImageData(0, 0, 64, 36).data.reduce((sum, byte) => (sum * 31 + byte) | 0, 0);
                return [film.videoWidth, film.currentTime, picture, film.webkitAudioDecodedByteCount];
            });
            """
        let rows = try await run(script) as? [[NSNumber]] ?? []
        return rows.map { row in
            Film(
                width: row[0].intValue, time: row[1].doubleValue, picture: row[2].intValue, soundBytes: row[3].intValue)
        }
    }

    func text(of selector: String) async throws -> String {
        try await run("return document.querySelector(\"\(selector)\").textContent;") as? String ?? ""
    }
}
