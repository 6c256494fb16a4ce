import Ingest
import Media
import NIOCore
import Testing

@testable import Server

@Suite("Several sources of a camera, as they are written")
struct SourcesInOrderTests {
    private func failover(_ camera: String) throws -> FailoverConfiguration? {
        let relay = try load("cameras: {gate: \(camera)}")
        guard case .failover(let failover) = relay.cameras[0].streams[0].source else { return nil }
        return failover
    }

    @Test("URLs and settings with a URL stand in the order of trial, with the camera's settings where they have none")
    func order() throws {
        let written = try failover(
            """
            {sources: ["rtsp://a/1", {url: "rtsps://b/2", verify: false, username: u, password: p}, "udp://:5000"], \
            timeout: 4s, on_demand: true, linger: 5s, sub: "rtsp://a/2"}
            """)
        var plain = PullConfiguration(url: "rtsp://a/1", onDemand: true, linger: .seconds(5), timeout: .seconds(4))
        var secure = plain
        secure.url = "rtsps://b/2"
        secure.trust = .anything
        secure.username = "u"
        secure.password = Secret("p")
        plain.transport = .tcp
        let listened = ListenSourceConfiguration(
            origin: .transportStream(host: nil, port: 5000), onDemand: true, linger: .seconds(5), timeout: .seconds(4))
        #expect(
            written
                == FailoverConfiguration(
                    sources: [.pull(plain), .pull(secure), .listen(listened)], onDemand: true, linger: .seconds(5),
                    timeout: .seconds(4)))
    }

    @Test(
        "When a better source takes the air back is a time, or never",
        arguments: [("", .seconds(30)), (", return_after: 2m", .minutes(2)), (", return_after: never", nil)]
            as [(String, TimeAmount?)])
    func returnAfter(written: String, amount: TimeAmount?) throws {
        let policy = try failover("{sources: [\"rtsp://a/1\", \"rtsp://b/1\"]\(written)}")?.policy
        #expect(policy?.returnAfter == amount)
        #expect(policy?.stall == .seconds(2))
    }

    @Test("One group from two senders is two sources")
    func group() throws {
        let url = "udp://239.1.2.3:5000"
        let written = try failover(
            "{sources: [{url: \"\(url)\", source: 10.0.0.1}, {url: \"\(url)\", source: 10.0.0.2}]}")
        #expect(written?.sources.count == 2)
    }

    @Test("The summary tells all of them, and no password")
    func summary() throws {
        let relay = try load(
            "cameras: {gate: {sources: [\"rtsp://u:hush@a/1\", {url: \"rtsp://b/1\", username: u, password: hush}]}}")
        #expect(relay.summary.contains("rtsp://a/1 (tcp), else rtsp://b/1 (tcp) always"))
        #expect(!relay.summary.contains("hush"))
    }

    private static let listed = "a list of two sources or more"

    @Test(
        "What cannot be meant is refused where it stands",
        arguments: [
            ("{sources: [\"rtsp://a/1\"]}", "sources: found a list of 1, expected \(listed)"),
            ("{sources: \"rtsp://a/1\"}", "sources: found text, expected \(listed)"),
            ("{sources: []}", "sources: found a list of 0, expected \(listed)"),
            (
                "{sources: [\"rtsp://a/1\", \"rtsp://b/1\"], main: \"rtsp://c/1\"}",
                "main: found main beside sources, expected one of main, sdp, template, sources"
            ),
            (
                "{sources: [\"rtsp://a/1\", {url: \"rtsp://a/1\", transport: udp}]}",
                "sources[2]: found the URL of source 1 a second time, expected each source once"
            ),
            (
                "{sources: [\"udp://:5000\", {url: \"rtp://:5000\", source: 10.0.0.2}]}",
                "sources[2]: found the port of source 1 a second time, expected each port once"
            ),
            (
                "{sources: [\"udp://239.1.2.3:5000\", \"udp://239.1.2.3:5000\"]}",
                "sources[2]: found the URL of source 1 a second time, expected each source once"
            ),
            (
                "{sources: [\"rtsp://a/1\", \"ftp://b/1\"]}",
                "sources[2]: found \"ftp://b/1\", expected an rtsp:// or rtsps:// URL"
            ),
            (
                "{sources: [\"rtsp://a/1\", {transport: udp}]}",
                "sources[2].url: found nothing, expected a URL such as rtsp://10.0.0.1:554/path"
            ),
            (
                "{sources: [\"rtsp://a/1\", {url: \"rtsp://b/1\", linger: 3s}]}",
                "sources[2].linger: found linger for one source, expected linger for the camera, beside sources"
            ),
            (
                "{sources: [\"rtsp://a/1\", {url: \"rtsp://b/1\", colour: red}]}",
                "sources[2].colour: found unknown key \"colour\", expected"
            ),
            (
                "{sources: [\"rtsp://a/1\", {url: \"rtsp://b/1\", interface: lo}]}",
                "sources[2].interface: found interface for a camera that is pulled, expected no such key here"
            ),
            (
                "{sources: [\"rtsp://a/1\", {url: \"rtsp://b/1\", password: x}]}",
                "sources[2].username: found nothing, expected a user name for the password"
            ),
            (
                "{sources: [\"rtsp://a/1\", \"rtsp://b/1\"], return_after: soon}",
                "return_after: found \"soon\", expected a duration from 1s to 1d, or never"
            ),
            (
                "{main: \"rtsp://a/1\", return_after: 30s}",
                "return_after: found return_after without sources, expected sources beside it"
            ),
        ])
    func wrong(camera: String, text: String) {
        let found = errors("cameras: {gate: \(camera)}")
        #expect(found.count == 1 && found[0].contains("cameras.gate.\(text)"), "\(found)")
    }
}
