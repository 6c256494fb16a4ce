import Ingest
import RTSP
import RTSPTransport
import Testing

@testable import Server

@Suite("Keys for TLS")
struct SecurityKeysTests {
    private static let digits = "33949e05fffb5ff3e8aa16f8213a6251b4d9363804ba53233c4da9a46d6f2739"
    private static let camera = "cameras: {test: {test_camera: {}}}"

    private var pinned: PeerTrust {
        get throws { .fingerprint(try #require(CertificateFingerprint(Self.digits))) }
    }

    @Test("files of a certificate are found beside the configuration")
    func certificate() throws {
        let text =
            "listen: {rtsps: \"[::1]:8322\"}\ntls: {certificate: tls/full.pem, key: /run/key.pem}\n\(Self.camera)"
        let relay = try load(text, file: "/etc/heliograph/relays.yaml")
        #expect(relay.listen.rtsps == ListenAddress(host: "::1", port: 8322))
        #expect(
            relay.certificate == CertificateFiles(certificate: "/etc/heliograph/tls/full.pem", key: "/run/key.pem")
        )
        #expect(relay.summary.contains("rtsps://[::1]:8322/, with its certificate"))
        #expect(try load("listen: {rtsps: \":1\"}\n\(Self.camera)").summary.contains("rtsps://HOST:1/, self-signed"))
    }

    @Test("a camera is checked, pinned or believed, by its own keys or by those it inherits; a fingerprint goes first")
    func trust() throws {
        let relay = try load(
            """
            defaults: {verify: false, transport: udp}
            templates: {axis: {main: "rtsps://{host}/a", sub: "rtsp://{host}/b", fingerprint: "SHA256:\(Self.digits.uppercased())"}}
            cameras:
              believed: {main: "RTSPS://h/a"}
              checked: {main: "rtsps://h/a", verify: true}
              pinned: {template: axis, host: h}
              own: {main: "rtsps://u:p@h/a", fingerprint: "\(Self.digits)", verify: true}
            """
        )
        #expect(relay.pull("believed")?.trust == .anything)
        #expect(relay.pull("believed")?.url == "rtsps://h/a")
        #expect(relay.pull("checked")?.trust == .authorities)
        #expect(relay.pull("pinned")?.trust == (try pinned))
        #expect(relay.pull("own")?.trust == (try pinned))
        #expect(relay.pull("own")?.username == "u")
        // Media stay inside of TLS, whatever the default; beside it they go as they are told.
        #expect(relay.pull("pinned")?.transport == .tcp)
        #expect(relay.pull("pinned/sub")?.transport == .udp)
    }

    @Test(
        "carriers are named by the URL or by the transport, in TLS as well, and a WebSocket may have a path of its own")
    func carriers() throws {
        let relay = try load(
            """
            cameras:
              tunnel: {main: "RTSPS+https://h/a", fingerprint: "\(Self.digits)"}
              secure: {main: "rtsps://h/a", transport: http, verify: false}
              socket: {main: "rtsp+ws://u:p@h:8080/a", websocket_path: "/rtsp-over-websocket?x=1"}
              both: {main: "rtsps+wss://h/a", sub: "rtsp://h/b", transport: websocket}
            """
        )
        #expect(relay.pull("tunnel")?.url == "rtsps+https://h/a")
        #expect(relay.pull("tunnel")?.trust == (try pinned))
        #expect(relay.pull("secure")?.transport == .http)
        #expect(relay.pull("socket")?.url == "rtsp+ws://h:8080/a" && relay.pull("socket")?.username == "u")
        #expect(relay.pull("socket")?.webSocketPath == "/rtsp-over-websocket?x=1")
        #expect(relay.pull("both")?.transport == .websocket && relay.pull("both/sub")?.transport == .websocket)
        #expect(relay.pull("both")?.webSocketPath == nil)
    }

    @Test(
        "what would protect nobody is refused",
        arguments: [
            (
                "tls: {certificate: a, key: b}\n\(camera)",
                #"relays.yaml:1:1: tls: found a certificate that nobody is shown, expected listen.rtsps or listen.https; listen: {rtsps: ":8322"}"#
            ),
            (
                "listen: {rtsps: \":1\"}\ntls: {certificate: a}\n\(camera)",
                "relays.yaml:2:1: tls.key: found nothing, expected a file in PEM; certificate and key go together"
            ),
            (
                "listen: {rtsps: \":1\"}\ntls: {key: a}\n\(camera)",
                "relays.yaml:2:1: tls.certificate: found nothing, expected a file in PEM; certificate and key go together"
            ),
            (
                "cameras: {gate: {main: \"rtsp://h/a\", fingerprint: \"\(digits)\"}}",
                "relays.yaml:1:38: cameras.gate.fingerprint: found fingerprint without TLS, expected an rtsps:// URL; rtsp:// has no certificate"
            ),
            (
                "cameras: {gate: {main: \"rtsp://h/a\", verify: false}}",
                "relays.yaml:1:38: cameras.gate.verify: found verify without TLS, expected an rtsps:// URL; rtsp:// has no certificate"
            ),
            (
                "cameras: {gate: {main: \"rtsps+wss://h/a\", transport: multicast}}",
                "relays.yaml:1:54: cameras.gate.transport: found multicast for rtsps://, expected tcp; media stay inside of TLS"
            ),
            (
                "cameras: {gate: {main: \"rtsp://h/a\", websocket_path: /x}}",
                "relays.yaml:1:38: cameras.gate.websocket_path: found websocket_path without a WebSocket, expected an rtsp+ws:// URL, or transport: websocket"
            ),
            (
                "cameras: {gate: {main: \"rtsp+ws://h/a\", websocket_path: x}}",
                "relays.yaml:1:57: cameras.gate.websocket_path: found \"x\", expected a path such as /rtsp-over-websocket"
            ),
            (
                "cameras: {gate: {main: \"rtsps://h/a\", transport: udp}}",
                "relays.yaml:1:50: cameras.gate.transport: found udp for rtsps://, expected tcp; media stay inside of TLS"
            ),
            (
                "cameras: {gate: {main: \"rtsps://h/a\", fingerprint: \"sha1:33949e05\"}}",
                #"relays.yaml:1:52: cameras.gate.fingerprint: found "sha1:33949e05", expected sha256: and 64 hexadecimal digits; the log shows it when the camera is refused; so does openssl x509 -fingerprint -sha256"#
            ),
            (
                "cameras: {gate: {main: \"rtsps://h/a\", verify: maybe}}",
                #"relays.yaml:1:47: cameras.gate.verify: found "maybe", expected true or false"#
            ),
        ])
    func refused(text: String, error: String) {
        #expect(errors(text) == [error])
    }
}
