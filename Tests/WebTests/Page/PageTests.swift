import Foundation
import Testing

@testable import Web

@Suite("The page to look at")
struct PageTests {
    @Test("The wall and the page of each camera are one page, which may load and run only what comes from here")
    func page() async throws {
        try await ServedWeb.run { web in
            for target in ["/", "/gate/", "/gate/sub/", "/S%C3%BCd-hof/", "/?grid=9"] {
                let page = try await web.get(target)
                #expect(page.status == 200 && page.header("Content-Type") == "text/html; charset=utf-8", "\(target)")
                #expect(page.text.contains("src=\"/assets/page.js\""))
                let policy = try #require(page.header("Content-Security-Policy"))
                #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"))
                #expect(!policy.contains("unsafe") && page.header("X-Content-Type-Options") == "nosniff")
                // Nothing within the page that the policy would refuse.
                #expect(try page.text.firstMatch(of: Regex("<script>|<style| style=| on[a-z]+=")) == nil)
            }
        }
    }

    @Test("A camera without its slash is led to its page, and what is no camera is no page")
    func folders() async throws {
        try await ServedWeb.run { web in
            let led = try await web.get("/gate")
            #expect(led.status == 302 && led.header("Location") == "/gate/")
            // By its own path, and not by what was asked for: two slashes would lead to another server.
            #expect(try await web.get("//gate").header("Location") == "/gate/")
            #expect(try await web.get("/S%C3%BCd-hof").header("Location") == "/S%C3%BCd-hof/")
            for target in ["/nobody/", "/nobody", "/gate/x/", "/api/", "/api/v1/", "/..", "/%2e%2e/"] {
                #expect(try await web.get(target).status == 404, "\(target)")
            }
        }
    }

    @Test("Every file that the page names is there, with its type and its tag, small for who takes gzip")
    func files() async throws {
        try await ServedWeb.run { web in
            let named = try Regex(#"(?:/assets/|from "\./)([a-z]+\.(?:js|css|svg))"#)
            var found: Set<String> = []
            var open = [try await web.get("/").text]
            while let text = open.popLast() {
                for match in text.matches(of: named) {
                    guard let range = match[1].range, found.insert(String(text[range])).inserted else { continue }
                    let name = String(text[range])
                    let file = try await web.get("/assets/\(name)")
                    #expect(file.status == 200 && file.header("Cache-Control") == "no-cache", "\(name)")
                    #expect(file.header("Content-Type") == Self.types[name.suffix(3)], "\(name)")
                    let tag = try #require(file.header("ETag"))
                    #expect(try await web.get("/assets/\(name)", ["If-None-Match: \(tag)"]).status == 304)
                    let small = try await web.get("/assets/\(name)", ["Accept-Encoding: gzip"])
                    #expect(file.body.count < 512 || small.body.count < file.body.count)
                    // A network without the internet is enough.
                    let outside = file.text.replacing("http://www.w3.org/2000/svg", with: "")
                    #expect(!outside.contains("http://") && !outside.contains("https://"), "\(name)")
                    open.append(file.text)
                }
            }
            #expect(found == Set(PageAssets.byName.keys))
        }
    }

    private static let types: [String.SubSequence: String] = [
        ".js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml",
    ]

    @Test("Files have exact names, so that a camera may be called assets")
    func names() async throws {
        try await ServedWeb.run { web in
            let camera = try await web.get("/assets/")
            #expect(camera.text.contains("<title>"))
            for target in ["/assets/page", "/assets/index.html", "/assets/page.js/", "/assets/x/page.js", "/page.js"] {
                #expect(try await web.get(target).status == 404, "\(target)")
            }
            #expect(try await web.get("/assets/%70age.js").status == 200)
            let head = try await web.get("/assets/page.js", method: "HEAD")
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }
}
