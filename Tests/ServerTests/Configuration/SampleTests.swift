import Egress
import Foundation
import Egress
import Ingest
import Media
import RTSP
import RTSPTransport
import Testing

@testable import Server

@Suite("relays.yaml as shipped")
struct SampleTests {
    private static let path = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "relays.yaml").path()

    private static let fingerprint = "sha256:33949e05fffb5ff3e8aa16f8213a6251b4d9363804ba53233c4da9a46d6f2739"

    private static let builtIn = RelayConfiguration(
        cameras: [
            CameraConfiguration(
                name: "test",
                streams: [StreamConfiguration(path: "test", source: .testCamera(TestCameraConfiguration()))]
            )
        ]
    )

    /// The sample with the examples that stand behind `# ` made real.
    private func uncommented() throws -> String {
        try lines().map { line in
            let code = line.drop { $0 == " " }
            guard code.hasPrefix("# "), isExample(code.dropFirst(2)) else { return line }
            return String(line.prefix(line.count - code.count) + code.dropFirst(2))
        }
        .joined(separator: "\n")
    }

    /// A key in lower case and a colon; sentences begin with a capital, or are in the head of the file.
    private func isExample(_ code: Substring) -> Bool {
        code.wholeMatch(of: /\s*[a-z][a-z0-9_\/*-]*:( .*)?/) != nil && !code.hasPrefix("relays.yaml")
    }

    private func lines() throws -> [String] {
        try String(contentsOfFile: Self.path, encoding: .utf8).components(separatedBy: "\n")
    }

    @Test("It loads, and every key in it stands at the value that is built in")
    func defaults() throws {
        #expect(try ConfigurationLoader.load(contentsOf: Self.path, environment: [:]) == Self.builtIn)
    }

    @Test("Its defaults section shows what a pull has when nothing is written")
    func pullDefaults() throws {
        let text = try lines().joined(separator: "\n") + "\n  bare: {main: \"rtsp://h/a\"}\n"
        #expect(try load(text).pull("bare") == PullConfiguration(url: "rtsp://h/a"))
    }

    @Test("Every key the relay knows stands in it, with a sentence above it")
    func complete() throws {
        let lines = try lines()
        let keys =
            ["site", "log", "level", "format", "listen", "rtsp", "rtp", "limits", "connections_per_address"]
            + [
                "rtsps", "http", "https", "allow_origin", "snapshot_when_down", "access_log", "tls", "certificate",
                "key",
                "multicast", "addresses",
                "ports", "ttl", "interface",
            ]
            + [
                "requests_before_session", "request_timeout", "idle_timeout", "session_timeout",
                "simultaneous_connects", "group_memory", "packet_size",
            ]
            + ["defaults", "templates", "cameras", "title", "test_camera", "width", "height", "frame_rate"]
            + ["key_frame_interval", "bit_rate", "publish", "takeover", "streams"] + PullSettings.keys
            + CameraReading.listenKeys + CameraReading.failoverKeys + ["groups", "push", "to", "stream"]
            + CameraReading.playlistKeys + ["files", "order", "recent"]
            + ["hls", "segment", "part", "window", "container", "always", "start_timeout", "memory"]
        for key in keys where key != "test_camera" {
            let index = lines.firstIndex { line in
                let code = line.drop { " #".contains($0) }
                return code.hasPrefix("\(key):") && !code.hasPrefix("\(key): the")
            }
            let found = try #require(index, "\(key) is not in the sample")
            #expect(lines[found - 1].drop { $0 == " " }.hasPrefix("# "), "no sentence above \(key)")
        }
    }

    @Test("Its examples load as well")
    func examples() throws {
        let relay = try load(
            try uncommented(),
            environment: ["CAMERA_USER": "viewer"],
            files: ["camera_password": "p\n", "hq_password": "q\n"]
        )
        #expect(relay.site == "north-depot")
        #expect(
            relay.cameras.map(\.name) == [
                "test", "gate", "dvr-2", "lobby", "yard", "dock", "hall", "van-1", "incoming/*", "encoder", "tower",
                "channel", "test-card",
            ])
        #expect(relay.cameras.map(\.title) == ["Test picture", "Main gate"] + Array(repeating: nil, count: 11))
        #expect(relay.pull("gate/sub")?.url == "rtsp://10.20.1.101:554/Streaming/Channels/102")
        #expect(relay.pull("gate")?.username == "viewer")
        #expect(relay.pull("dvr-2")?.url == "rtsp://10.20.2.10:554/cam/realmonitor?channel=2&subtype=0")
        #expect(relay.pull("lobby")?.password?.reveal() == "p@ss:w0rd#1")
        #expect(relay.listen.rtsps == ListenAddress(port: 8322))
        #expect(relay.listen.multicast?.addresses == (try MulticastRange(parsing: "239.64.0.0/24")))
        #expect(relay.listen.multicast?.ports == MulticastPorts())
        #expect(relay.listen.multicast?.sending == MulticastSending(ttl: 1, interface: "eth1"))
        #expect(relay.certificate?.key == "/etc/heliograph/tls/privkey.pem")
        #expect(relay.pull("yard")?.trust == .fingerprint(try #require(CertificateFingerprint(Self.fingerprint))))
        #expect(relay.pull("dock")?.timeout == .seconds(20))
        #expect(relay.hls.partDuration == .milliseconds(500))
        #expect(relay.pushes.map(\.path) == ["gate", "dock", "dock"])
        let target = RTSPPushTarget(
            url: "rtsps://hq.example.net:8322/north-depot/gate", username: "north-depot", password: Secret("q"))
        #expect(relay.pushes.first?.target == .rtsp(target))
        #expect(
            relay.cameras.flatMap(\.streams).suffix(6).prefix(2).map(\.source) == [
                .publish(.init()), .publishBelow(.init()),
            ])
        let files = ["trailer.mp4", "features/"].map { PlaylistItem.entry(PlaylistEntry(path: $0)) }
        let weighted = PlaylistItem.entry(PlaylistEntry(path: "news.mov", weight: 3))
        let played = relay.cameras.suffix(2).flatMap(\.streams).map(\.source)
        #expect(
            played == [
                .playlist(.init(items: [files[0], weighted, files[1]])),
                .playlist(.init(items: [.entry(PlaylistEntry(path: "/var/lib/heliograph/media/test.mov"))])),
            ])
    }
}
