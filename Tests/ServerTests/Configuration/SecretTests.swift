import Ingest
import Logging
import Media
import Testing

@testable import Server

@Suite("Passwords are never printed")
struct SecretTests {
    private static let text = """
        defaults: {username: viewer, password: "hunter2"}
        templates: {a: {main: "rtsp://{host}/user=admin&password=hunter2&channel=1/x.sdp?pwd=hunter2"}}
        cameras:
          gate: {main: "rtsp://10.0.0.1/a"}
          dock: {main: "rtsp://root:hunter2@10.0.0.2/a", sub: "rtsp://root:hunter2@10.0.0.2/b"}
          hall: {main: "rtsp://10.0.0.3/a", password: "${file:p}"}
          lab: {main: "rtsp://10.0.0.4/a", password: "${P}"}
          xm: {template: a, host: h}

        """

    @Test("No description, dump, reflection, summary or log line of a configuration shows one")
    func configuration() throws {
        let relay = try load(Self.text, environment: ["P": "hunter2"], files: ["p": "hunter2\n"])
        for path in ["gate", "dock", "dock/sub", "hall", "lab", "xm"] {
            #expect(relay.pull(path)?.password?.reveal() == "hunter2")
        }
        var dumped = ""
        dump(relay, to: &dumped)
        let secret = Secret("hunter2")
        var dumpedSecret = ""
        dump(secret, to: &dumpedSecret)
        let line = LogLine(
            milliseconds: 0,
            level: .info,
            message: "\(relay)",
            metadata: [(key: "relay", value: "\(relay)"), (key: "password", value: .stringConvertible(secret))]
        )
        let shown = [
            "\(relay)", String(describing: relay), String(reflecting: relay), dumped, relay.summary, line.text,
            line.json,
            "\(secret)", String(reflecting: secret), "\(secret as Any)", "\(Optional(secret) as Any)", dumpedSecret,
            "\([secret])", "\(Mirror(reflecting: secret).children.map { "\($0)" })",
        ]
        for text in shown {
            #expect(!text.contains("hunter2"))
        }
        #expect("\(secret)" == "***")
        #expect(dumped.contains("root"))
    }

    @Test("The URL without its credentials says so in no other place, and a password in its query is starred")
    func urls() throws {
        let relay = try load(Self.text, environment: ["P": "hunter2"], files: ["p": "hunter2"])
        #expect(relay.pull("dock")?.url == "rtsp://10.0.0.2/a")
        #expect(relay.pull("dock")?.username == "root")
        #expect(relay.pull("xm")?.redactedURL == "rtsp://h/user=admin&password=***&channel=1/x.sdp?pwd=***")
        let names = [
            "psw", "pw", "passw", "loginpas", "auth", "key", "secret", "TOKEN", "jwt", "streamkey", "apikey", "api_key",
            "accessToken", "sig", "signature",
        ]
        for name in names {
            #expect(
                PullConfiguration(url: "rtsp://h/a?x=1&\(name)=S&y=2").redactedURL == "rtsp://h/a?x=1&\(name)=***&y=2")
        }
        #expect(PullConfiguration(url: "rtsp://h/a?pwd=S/T?U").redactedURL == "rtsp://h/a?pwd=***")
        #expect(PullConfiguration(url: "rtsp://h/a?b=c&d").redactedURL == "rtsp://h/a?b=c&d")
    }

    @Test(
        "No error shows one",
        arguments: [
            "cameras: {gate: {main: \"rtps://root:hunter2@10.0.0.1/a\"}}",
            "cameras: {gate: {main: \"root:hunter2@10.0.0.1/a\"}}",
            "cameras: {gate: {main: \"rtsp://root:hunter2@10.0.0.1:x/a\"}}",
            "cameras: {gate: {main: \"rtsp://root:hunter2@10.0.0.1/a@b\"}}",
            "cameras: {gate: {main: \"rtsp://:hunter2@10.0.0.1/a\"}}",
            "cameras: {gate: {main: \"rtsp://${P}/a b\"}}",
            "cameras: {gate: {main: \"rtsp://10.0.0.1/a\", passwrd: hunter2}}",
            "cameras: {gate: {main: \"rtsp://10.0.0.1/{x}?password=hunter2\"}}",
            "cameras: {gate: {main: \"rtsp://10.0.0.1:x/a?user=u&password=hunter2\"}}",
            "cameras: {gate: {main: \"rtsp://10.0.0.1/user=u&password=hunter2 &channel=1\"}}",
            "cameras: {gate: {main: \"rtsp://10.0.0.1/a\", sub: \"rtps://10.0.0.1/a?token=hunter2\"}}",
            "cameras: {gate: {sources: [\"rtps://10.0.0.1/a?token=hunter2\"]}}",
            "cameras: {gate: {main: \"rtsp://10.0.0.1/a\", password: [hunter2]}}",
            "cameras: {gate: {main: \"rtsp://10.0.0.1/a\", password: {a: hunter2}}}",
            "cameras: {gate: {main: \"rtsp://10.0.0.1/a\", username: u, password: \"${hunter2\"}}",
            "cameras: {gate: {main: \"rtsp://10.0.0.1/a\", username: u, password: \"${hunter2!}\"}}",
            "cameras: {gate: {main: \"rtsp://10.0.0.1/a\", username: u, password: @hunter2}}",
            "cameras: {gate: {main: \"rtsp://10.0.0.1/a\", username: u, password: *hunter2}}",
            "cameras: {gate: {main: \"rtsp://10.0.0.1/a\", username: u, password: &hunter2 x}}",
            "cameras: {gate: {main: \"rtsp://10.0.0.1/a\", username: u, password: hunter2",
            "cameras: {gate: {main: \"rtsp://10.0.0.1/a\", password: hunter2}}",
            "users: {admin: {password: hunter2}}",
            "templates: {a: {main: \"rtsp://{u}:{p}@{host}/a b\"}}\ncameras: {g: {template: a, u: u, p: hunter2, host: h}}",
        ]
    )
    func noError(_ text: String) {
        let found = errors(text, environment: ["P": "hunter2"])
        #expect(!found.isEmpty)
        #expect(!found.joined().contains("hunter2"))
    }
}

@Suite("URLs of cameras")
struct CameraURLTests {
    @Test(
        "User and password are split off, whatever the password holds",
        arguments: [
            ("rtsp://u:p@10.0.0.1/a", "rtsp://10.0.0.1/a", "u", "p"),
            ("rtsp://u:p@ss@10.0.0.1:554/a", "rtsp://10.0.0.1:554/a", "u", "p@ss"),
            ("rtsp://u:p:q@10.0.0.1", "rtsp://10.0.0.1", "u", "p:q"),
            ("rtsp://u:p/q@10.0.0.1/a", "rtsp://10.0.0.1/a", "u", "p/q"),
            ("rtsp://u:p#1?x@cam.example/a?b=c", "rtsp://cam.example/a?b=c", "u", "p#1?x"),
            ("rtsp://u:p%40s%zz@[fe80::1]:554/a", "rtsp://[fe80::1]:554/a", "u", "p@s%zz"),
            ("RTSP://u:@10.0.0.1/a", "rtsp://10.0.0.1/a", "u", ""),
        ]
    )
    func credentials(_ text: String, _ url: String, _ username: String, _ password: String) throws {
        let parsed = try CameraURL(parsing: text)
        #expect(parsed.url == url)
        #expect(parsed.username == username)
        #expect(parsed.password?.reveal() == password)
    }

    @Test(
        "A URL without credentials stays as it is", arguments: ["rtsp://h", "rtsp://h/stream@1", "rtsp://[::1]/a?b#c"])
    func without(_ text: String) throws {
        let parsed = try CameraURL(parsing: text)
        #expect(parsed.url == text)
        #expect(parsed.username == nil && parsed.password == nil)
    }

    @Test("A user alone leaves the password to the keys")
    func userAlone() throws {
        let relay = try load("defaults: {password: p}\ncameras: {a: {main: \"rtsp://u@h/a\"}}")
        #expect(relay.pull("a")?.username == "u")
        #expect(relay.pull("a")?.password == Secret("p"))
    }

    @Test(
        "No host, no port in it, no URL",
        arguments: ["rtsp://", "rtsp:///a", "rtsp://h:/a", "rtsp://h:99999", "rtsp://[::x]/"])
    func invalid(_ text: String) {
        #expect(throws: Expectation.self) { try CameraURL(parsing: text) }
    }
}
