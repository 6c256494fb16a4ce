import NIOCore
import RTSP
import Testing

@testable import Load

@Suite("Where load may be put")
struct LoadTargetTests {
    private func address(_ text: String) throws -> HostAddress {
        try #require(try HostAddress.resolving(text).get().first)
    }

    @Test(
        "loopback, private, link-local and unique-local addresses are one's own",
        arguments: [
            "127.0.0.1", "127.255.0.9", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.7.7", "169.254.1.1", "::1",
            "fe80::1", "febf::1", "fd00::1", "fc12::9", "::ffff:10.0.0.1",
        ])
    func local(_ text: String) throws {
        #expect(try address(text).isLocal)
        #expect(throws: Never.self) { try LoadTarget(Self.url(text), allowingPublic: false) }
    }

    @Test(
        "every other one is a stranger's, unless one is told otherwise",
        arguments: [
            "8.8.8.8", "172.15.0.1", "172.32.0.1", "192.169.0.1", "11.0.0.1", "169.253.0.1", "128.0.0.1", "0.0.0.0",
            "100.64.0.1", "2001:db8::1", "fec0::1", "fe00::1", "::ffff:8.8.8.8", "::",
        ])
    func strangers(_ text: String) throws {
        #expect(try !address(text).isLocal)
        #expect(throws: LoadTargetError.self) { try LoadTarget(Self.url(text), allowingPublic: false) }
        #expect(throws: Never.self) { try LoadTarget(Self.url(text), allowingPublic: true) }
    }

    @Test("of a name with several addresses one stranger is enough")
    func severalAddresses() throws {
        let url = try #require(RTSPURL("rtsp://cameras.example/1"))
        #expect(throws: LoadTargetError.publicAddress("cameras.example", .v4(0x0808_0808))) {
            try LoadTarget(url: url, addresses: [.v4(0x7F00_0001), .v4(0x0808_0808)], allowingPublic: false)
        }
    }

    @Test("a refusal names the host and what to do, and tells no password")
    func refusals() {
        for text in [
            "rtsp://admin:s3cret@8.8.8.8/a", "rtsps://admin:s3cret@127.0.0.1/a",
            "rtsp+http://admin:s3cret@127.0.0.1/a", "http://admin:s3cret@h/a",
        ] {
            do {
                _ = try LoadTarget(text, allowingPublic: false)
                Issue.record("\(text) was taken")
            } catch {
                #expect(!error.description.contains("s3cret"))
                #expect(error.description.contains(";"))
            }
        }
    }

    private static func url(_ host: String) -> String {
        "rtsp://\(host.contains(":") ? "[\(host)]" : host):554/stream"
    }

    @Test("durations are read with their unit")
    func durations() {
        #expect(TimeAmount(duration: "500ms") == .milliseconds(500))
        #expect(TimeAmount(duration: "30s") == .seconds(30))
        #expect(TimeAmount(duration: "2m") == .minutes(2))
        #expect(TimeAmount(duration: "1h") == .hours(1))
        #expect(TimeAmount(duration: "0") == .zero)
        for text in ["", "5", "s", "-1s", "1.5s", "5 s", "99999999999999999999s", "9223372036854775807m", "25h"] {
            #expect(TimeAmount(duration: text) == nil)
        }
    }
}
