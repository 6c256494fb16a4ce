import Egress
import RTSPTransport
import Testing

@testable import Server

@Suite("listen.multicast in relays.yaml")
struct MulticastTests {
    private static let camera = "cameras: {gate: {main: \"rtsp://h/a\"}}\n"

    private func multicast(_ text: String) throws -> MulticastConfiguration? {
        try load("listen: {multicast: \(text)}\n" + Self.camera).listen.multicast
    }

    private func problems(_ text: String) -> [String] {
        errors("listen: {multicast: \(text)}\n" + Self.camera)
    }

    @Test("It is off unless it is given, and the addresses alone will do")
    func values() throws {
        #expect(try load(Self.camera).listen.multicast == nil)
        let range = try MulticastRange(parsing: "239.64.0.0/24")
        #expect(try multicast("{addresses: 239.64.0.0/24}") == MulticastConfiguration(addresses: range))
        let whole = try multicast(
            "{addresses: 239.64.0.1-239.64.0.9, ports: 20000-20003, ttl: 16, interface: 10.0.0.5}")
        #expect(whole?.addresses.count == 9 && whole?.ports == MulticastPorts(first: 20_000, last: 20_003))
        #expect(whole?.sending == MulticastSending(ttl: 16, interface: "10.0.0.5"))
        #expect(try multicast("{addresses: \"ff15::1000/120\"}")?.addresses.count == 256)
    }

    @Test(
        "What is wrong is told with its place and what would do",
        arguments: [
            ("{}", "listen.multicast.addresses"), ("{addresses: 10.0.0.0/8}", "multicast addresses only"),
            ("{addresses: 224.0.0.1}", "routing protocols"), ("{addresses: 239.1.1.9-239.1.1.1}", "one behind it"),
            ("{addresses: gate}", "239.64.0.0/24"), ("{addresses: 239.1.1.1, ports: 8003-8004}", "an even port"),
            ("{addresses: 239.1.1.1, ports: 8002}", "an even port"),
            ("{addresses: 239.1.1.1, ttl: -1}", "from 0 to 255"),
            ("{addresses: 239.1.1.1, ttl: 256}", "from 0 to 255"), ("{addresses: 239.1.1.1, port: 1}", "unknown key"),
            ("true", "a mapping"),
        ]
    )
    func wrong(_ text: String, _ message: String) {
        let problems = problems(text)
        #expect(problems.count == 1 && problems[0].contains(message), "\(problems)")
    }

    @Test("check says where it goes")
    func summary() throws {
        let relay = try load("listen: {multicast: {addresses: 239.64.0.0/24}}\n" + Self.camera)
        #expect(relay.summary.contains("multicast to 239.64.0.0-239.64.0.255, ports 8002-8033"))
    }
}
