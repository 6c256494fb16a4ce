import Testing

@testable import Server

@Suite("Templates and defaults")
struct TemplateTests {
    private static let hikvision = """
        templates:
          hikvision:
            main: rtsp://{host}:554/Streaming/Channels/{channel}01
            sub: rtsp://{host}:554/Streaming/Channels/{channel}02
            channel: 1

        """

    @Test("Holes are filled from the camera and then from the template")
    func holes() throws {
        let relay = try load(
            Self.hikvision + "cameras:\n  gate: {template: hikvision, host: 10.0.0.1}\n"
                + "  dvr: {template: hikvision, host: \"[fe80::2]\", channel: 010}\n"
        )
        #expect(relay.cameras.map(\.name) == ["gate", "dvr"])
        #expect(relay.cameras.flatMap(\.streams).map(\.path) == ["gate", "gate/sub", "dvr", "dvr/sub"])
        #expect(relay.pull("gate")?.url == "rtsp://10.0.0.1:554/Streaming/Channels/101")
        #expect(relay.pull("gate/sub")?.url == "rtsp://10.0.0.1:554/Streaming/Channels/102")
        #expect(relay.pull("dvr")?.url == "rtsp://[fe80::2]:554/Streaming/Channels/01001")
    }

    @Test("The camera comes before the template, the template before defaults, defaults before what is built in")
    func precedence() throws {
        let relay = try load(
            """
            defaults: {transport: udp, timeout: 5s, linger: 1m, username: all, password: one}
            templates:
              a: {main: "rtsp://{host}/a", timeout: 6s, linger: 2m, keepalive: options}
            cameras:
              gate: {template: a, host: h, linger: 3m, password: two}
            """
        )
        let pull = try #require(relay.pull("gate"))
        #expect(pull.transport == .udp)
        #expect(pull.timeout == .seconds(6))
        #expect(pull.linger == .minutes(3))
        #expect(pull.keepalive == .options)
        #expect(pull.onDemand == false)
        #expect(pull.username == "all")
        #expect(pull.password?.reveal() == "two")
    }

    @Test("A camera's own URL takes the place of its template's")
    func ownURL() throws {
        let relay = try load(
            Self.hikvision + "cameras: {gate: {template: hikvision, host: h, sub: \"rtsp://other/2\"}}"
        )
        #expect(relay.pull("gate")?.url == "rtsp://h:554/Streaming/Channels/101")
        #expect(relay.pull("gate/sub")?.url == "rtsp://other/2")
    }

    @Test("What comes out of a variable or a key has no holes of its own")
    func noHolesInValues() {
        let text = "templates: {a: {main: \"rtsp://{host}/${P}\"}}\ncameras: {gate: {template: a, host: \"{x}\"}}"
        #expect(
            errors(text, environment: ["P": "{host}"]) == [
                #"relays.yaml:2:28: cameras.gate.main: found "rtsp://{host}/${P}", expected rtsp://host:port/path; "#
                    + "{…} is filled in in templates only; what a variable holds is not shown"
            ]
        )
    }

    @Test(
        "What is wrong with a template or its use is said once",
        arguments: [
            (
                "cameras:\n  a: {template: hikvison, host: h}",
                #"relays.yaml:7:17: cameras.a.template: found "hikvison", expected one of hikvision; did you mean hikvision?"#
            ),
            (
                "cameras:\n  a: {template: hikvision}",
                "relays.yaml:7:3: cameras.a.host: found nothing, expected a value for {host} of the template"
            ),
            (
                "cameras:\n  a: {template: hikvision, host: h, chanel: 2}",
                #"relays.yaml:7:37: cameras.a.chanel: found unknown key "chanel", expected one of channel, file, fingerprint, groups, host, interface, keepalive, linger, main, on_demand, password, playlist, publish, return_after, sdp, source, sources, sub, template, test_camera, timeout, title, transport, username, verify, websocket_path; did you mean channel?"#
            ),
            (
                "  one: {main: \"rtsp://{host}/a\"}\ncameras:\n  a: {template: one, host: \"h h\"}",
                #"relays.yaml:8:17: cameras.a.main: found "rtsp://h h/a", expected a URL without spaces and control characters"#
            ),
            (
                "  bad: {main: \"rtmps://{host}/a\"}\ncameras:\n  a: {template: bad, host: h}\n  b: {template: bad, host: h}",
                #"relays.yaml:6:15: templates.bad.main: found "rtmps://{host}/a", expected an rtsp:// or rtsps:// URL; rtmps:// is planned, not built yet"#
            ),
            (
                "  bad: {main: \"rtsp://{host/a\"}\ncameras:\n  a: {template: bad, host: h}",
                #"relays.yaml:6:15: templates.bad.main: found "rtsp://{host/a", expected holes such as {host} or {channel}"#
            ),
            (
                "  bad: {main: \"rtsp://{username}/a\"}\ncameras:\n  a: {template: bad}",
                #"relays.yaml:6:15: templates.bad.main: found "rtsp://{username}/a", expected holes with names of their own; {username} is a setting of the camera"#
            ),
            (
                "  bad: {main: \"rtsp://{host}/a\", stride: 1}\ncameras:\n  a: {template: bad, host: h}",
                #"relays.yaml:6:34: templates.bad.stride: found unknown key "stride", expected one of fingerprint, host, keepalive, linger, main, on_demand, password, sub, timeout, transport, username, verify, websocket_path; a value for a hole needs the hole, such as {channel}, in main or sub"#
            ),
            (
                "  bad: {sub: \"rtsp://{host}/a\"}\ncameras:\n  a: {template: bad, host: h}",
                "relays.yaml:6:3: templates.bad.main: found nothing, expected a URL such as rtsp://{host}:554/path"
            ),
        ]
    )
    func wrong(_ rest: String, _ error: String) {
        #expect(errors(Self.hikvision + rest) == [error])
    }
}
