import Foundation
import NIOCore
import TestSupport

/// Chromium without a window, driven by WebDriver (W3C) through Debian's chromedriver.
struct Browser {
    private let driver: String
    private let folder: URL

    /// Runs `body` with a browser whose window has that many pixels, and ends the browser whatever happens.
    static func run<Result>(
        width: Int = 1280, height: Int = 900, _ body: (Browser) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryDirectory { folder in
            let tool = try OutsideTool("chromedriver").start(["--port=0"], in: folder)
            do {
                let result = try await session(tool, in: folder, width, height, body)
                await end(tool, in: folder)
                return result
            } catch {
                await end(tool, in: folder)
                throw error
            }
        }
    }

    private static func session<Result>(
        _ tool: RunningTool, in folder: URL, _ width: Int, _ height: Int, _ body: (Browser) async throws -> Result
    ) async throws -> Result {
        let told = "started successfully on port "
        try await eventually("chromedriver tells its port") { tool.lines.contains { $0.contains(told) } }
        let line = tool.lines.first { $0.contains(told) } ?? ""
        let port = line.components(separatedBy: told).last?.filter(\.isNumber) ?? ""
        let options: [String: Any] = [
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=\(width),\(height)",
                "--user-data-dir=\(folder.path)/profile",
            ]
        ]
        let asked = ["capabilities": ["alwaysMatch": ["goog:chromeOptions": options]]]
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

    func press(_ key: String) async throws {
        let strokes = ["keyDown", "keyUp"].map { ["type": $0, "value": key] }
        let actions: [String: Any] = ["type": "key", "id": "keyboard", "actions": strokes]
        _ = try await ask("POST", "/actions", ["actions": [actions]])
    }
}

extension Browser {
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
