import Foundation
import NIOCore
import Reflector
import Testing

@testable import Web

@Suite("The API of cameras")
struct CameraListingTests {
    private static func cameras(_ json: some Sequence<UInt8>) throws -> [[String: Any]] {
        let whole = try #require(try JSONSerialization.jsonObject(with: Data(Array(json))) as? [String: Any])
        return try #require(whole["cameras"] as? [[String: Any]])
    }

    @Test("Each camera comes with what an operator wants to know, and its sub stream with the same")
    func whole() async throws {
        try await ServedWeb.run { web in
            let answer = try await web.get("/api/v1/cameras")
            #expect(answer.status == 200 && answer.header("Content-Type") == "application/json")
            #expect(answer.header("Cache-Control") == "no-cache" && answer.header("Access-Control-Allow-Origin") == "*")
            let tag = try #require(answer.header("ETag"))
            #expect(try await web.get("/api/v1/cameras", ["If-None-Match: \(tag)"]).status == 304)
            let camera = try #require(try Self.cameras(answer.body).first)
            #expect(camera["name"] as? String == "gate" && camera["title"] as? String == "Main \"gate\"")
            #expect(camera["groups"] as? [String] == ["north", "south"])
            #expect(camera["state"] as? String == "live" && camera["reason"] == nil)
            #expect(camera["video"] as? String == "H.264" && camera["audio"] as? String == "G.711 A-law")
            #expect(camera["width"] as? Int == 1280 && camera["height"] as? Int == 720)
            #expect(camera["bit_rate"] as? Int == 2_100_000 && camera["frame_rate"] as? Double == 25)
            #expect(camera["viewers"] as? Int == 3 && camera["age"] as? Double == 0.04)
            let urls = try #require(camera["urls"] as? [String: String])
            #expect(
                urls == [
                    "rtsp": "rtsp://relay:8554/gate", "page": "/gate/", "hls": "/gate/index.m3u8",
                    "snapshot": "/gate/snapshot.jpg",
                ])
            let sub = try #require(camera["sub"] as? [String: Any])
            #expect(sub["state"] as? String == "asleep" && sub["viewers"] as? Int == 0 && sub["bit_rate"] == nil)
            #expect((sub["urls"] as? [String: String])?["rtsp"] == "rtsp://relay:8554/gate/sub")
        }
    }

    @Test(
        "Whatever stands in names and reasons, the answer is JSON, and says the same",
        arguments: ["\"", "\\", "\u{1}\u{1F}\u{7F}", "line\nbreak\ttab\r", "Süd 東 🎥", "</script>", "\u{2028}"])
    func escapes(text: String) throws {
        var camera = CameraStatus.gate
        camera.title = text
        camera.groups = [text]
        camera.main = CameraStatus.StreamReport(
            StreamStatus(source: .awaited, setback: text), at: .known("a\"b/\\%/é"))
        let json = CameraListing(cameras: [camera, camera], host: "relay", rtspPort: nil).json
        let read = try Self.cameras(json.utf8)
        #expect(read.count == 2)
        for camera in read {
            #expect(camera["title"] as? String == text && camera["reason"] as? String == text)
            #expect(camera["groups"] as? [String] == [text])
            let urls = try #require(camera["urls"] as? [String: String])
            #expect(urls["rtsp"] == nil && urls["hls"] == "/a%22b/%5C%25/%C3%A9/index.m3u8")
        }
    }

    @Test("Numbers that are none are left out, and no camera at all is a list as well")
    func numbers() throws {
        var camera = CameraStatus.gate
        camera.sub = nil
        camera.main.rate = StreamRate(bitsPerSecond: .infinity, framesPerSecond: .nan)
        let read = try Self.cameras(CameraListing(cameras: [camera], host: "h", rtspPort: 1).json.utf8)
        #expect(read.first?["bit_rate"] == nil && read.first?["frame_rate"] == nil && read.first?["sub"] == nil)
        #expect(try Self.cameras(CameraListing(cameras: [], host: "h", rtspPort: 1).json.utf8).isEmpty)
    }

    @Test("URLs have the name by which the viewer came, and never what is no host")
    func hosts() {
        let hosts = [
            ("relay:8888", "relay"), ("10.0.0.1", "10.0.0.1"), ("[::1]:8888", "[::1]"), ("", "localhost"),
            ("a/b", "localhost"), ("x@y", "localhost"), ("\"", "localhost"), ("<script>", "localhost"),
        ]
        for (field, host) in hosts { #expect(CameraListing.host(of: field) == host, "\(field)") }
        #expect(CameraListing.host(of: nil) == "localhost")
    }

    @Test("What a stream says becomes a state that an operator understands")
    func states() {
        func report(
            _ source: StreamStatus.Source, setback: String? = nil, age: TimeAmount? = nil, awaitsPublisher: Bool = false
        ) -> CameraStatus.StreamReport {
            CameraStatus.StreamReport(
                StreamStatus(source: source, setback: setback, age: age), at: .known("gate"),
                awaitsPublisher: awaitsPublisher)
        }
        #expect(report(.live, age: .zero).state == .live)
        #expect(report(.live).state == .connecting)
        #expect(report(.unwanted).state == .asleep)
        #expect(report(.awaited).state == .connecting)
        let down = report(.down, setback: "no route to host", age: .minutes(3))
        #expect(down.state == .down && down.reason == "no route to host" && down.age == .minutes(3))
        for source in [StreamStatus.Source.unwanted, .awaited, .down] {
            let silent = report(source, awaitsPublisher: true)
            #expect(silent.state == .down && silent.reason == "nobody publishes to it")
        }
    }
}
