import Ingest
import NIOCore
import Testing

@testable import Server

@Suite("Cameras that send by themselves, as they are written")
struct ListenedSourceTests {
    private func source(_ camera: String, file: String = "relays.yaml") throws -> ListenSourceConfiguration? {
        let relay = try load("cameras: {gate: \(camera)}", file: file)
        guard case .listen(let listen) = relay.cameras[0].streams[0].source else { return nil }
        return listen
    }

    @Test(
        "A URL with an address and a port is listened on",
        arguments: [
            ("udp://239.1.1.1:1234", .transportStream(host: "239.1.1.1", port: 1234), nil),
            ("udp://:1234", .transportStream(host: nil, port: 1234), nil),
            ("UDP://@:1234/", .transportStream(host: nil, port: 1234), nil),
            ("rtp://@239.1.2.3:5004", .rtp(host: "239.1.2.3", port: 5004), nil),
            ("rtp://10.0.0.9@239.1.2.3:5004", .rtp(host: "239.1.2.3", port: 5004), "10.0.0.9"),
            ("udp://[ff15::1]:1234", .transportStream(host: "ff15::1", port: 1234), nil),
        ] as [(String, ListenSourceConfiguration.Origin, String?)])
    func urls(url: String, origin: ListenSourceConfiguration.Origin, from: String?) throws {
        #expect(try source("{main: \"\(url)\"}") == ListenSourceConfiguration(origin: origin, source: from))
    }

    @Test("Interface, source, demand and times go with it")
    func keys() throws {
        let written =
            "{main: \"udp://239.1.1.1:1234\", interface: eth1, source: 10.0.0.9, on_demand: true, linger: 5s, timeout: 3s}"
        let expected = ListenSourceConfiguration(
            origin: .transportStream(host: "239.1.1.1", port: 1234), interface: "eth1", source: "10.0.0.9",
            onDemand: true, linger: .seconds(5), timeout: .seconds(3))
        #expect(try source(written) == expected)
    }

    @Test(
        "A description's file is looked for beside the configuration",
        arguments: [
            ("x.sdp", "relays.yaml", "x.sdp"), ("x.sdp", "/etc/h/relays.yaml", "/etc/h/x.sdp"),
            ("/srv/x.sdp", "/etc/h/relays.yaml", "/srv/x.sdp"),
        ])
    func file(written: String, file: String, path: String) throws {
        #expect(try source("{sdp: \(written)}", file: file)?.origin == .description(file: path))
    }

    @Test("A described main stream may have a pulled sub stream")
    func mixed() throws {
        let relay = try load("cameras: {gate: {sdp: x.sdp, sub: \"rtsp://h/a\", interface: lo, transport: udp}}")
        #expect(relay.cameras[0].streams.map(\.path) == ["gate", "gate/sub"])
        #expect(relay.pull("gate/sub")?.transport == .udp)
        #expect(relay.summary.contains("x.sdp always"))
    }

    private static let form = "udp://239.1.1.1:1234, udp://:1234, or the like with rtp://"

    @Test(
        "What cannot be meant is refused",
        arguments: [
            ("{main: \"udp://239.1.1.1\"}", "found \"udp://239.1.1.1\", expected \(form); the port is what is sent to"),
            ("{main: \"udp://:0\"}", "found \"udp://:0\", expected \(form); the port is what is sent to"),
            (
                "{main: \"rtp://encoder:5004\"}",
                "found \"rtp://encoder:5004\", expected \(form); an address of this machine, or a multicast group; IPv6 in brackets"
            ),
            (
                "{main: \"udp://:1234?pkt_size=1316\"}",
                "found \"udp://:1234?pkt_size=1316\", expected \(form); write interface: and source: beside the URL in place of ?…"
            ),
            ("{sdp: x.sdp, main: \"rtsp://h/a\"}", "found main beside sdp, expected one of main, sdp, template"),
            (
                "{main: \"udp://:1234\", source: encoder}",
                "found \"encoder\", expected the address of the sender, such as 10.0.0.9"
            ),
            (
                "{main: \"udp://:1234\", transport: udp}",
                "found transport for a source that sends by itself, expected no such key here"
            ),
            (
                "{main: \"rtsp://h/a\", interface: lo}",
                "found interface for a camera that is pulled, expected no such key here"
            ),
        ])
    func wrong(camera: String, text: String) {
        let found = errors("cameras: {gate: \(camera)}")
        #expect(found.count == 1 && found[0].hasSuffix(text), "\(found)")
    }
}
