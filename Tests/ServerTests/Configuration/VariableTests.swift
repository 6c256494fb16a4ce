import Testing

@testable import Server

@Suite("Variables in values")
struct VariableTests {
    private func site(
        _ value: String,
        environment: [String: String] = [:],
        files: [String: String] = [:],
        file: String = "relays.yaml"
    ) throws -> String? {
        try load(
            "site: \"\(value)\"\ncameras: {test: {test_camera: {}}}\n",
            environment: environment,
            files: files,
            file: file
        ).site
    }

    @Test("Several variables of the environment in one value are filled in")
    func several() throws {
        #expect(try site("${A}-${B_2}-x", environment: ["A": "north", "B_2": "depot"]) == "north-depot-x")
    }

    @Test("What a variable holds is not expanded again")
    func once() throws {
        #expect(try site("${A}", environment: ["A": "${B} $$ {host}", "B": "no"]) == "${B} $$ {host}")
    }

    @Test("$$ is a dollar sign, and a dollar sign before anything else is one too")
    func dollars() throws {
        #expect(try site("$$ $a pa$$word $${A} $", environment: [:]) == "$ $a pa$word ${A} $")
    }

    @Test("A file is read beside the configuration, without its last line end")
    func fileBeside() throws {
        let files = ["/etc/heliograph/name": "north\ndepot\n"]
        #expect(try site("${file:name}", files: files, file: "/etc/heliograph/relays.yaml") == "north\ndepot")
        #expect(try site("${file:/run/x}", files: ["/run/x": "a\r\n"], file: "/etc/heliograph/relays.yaml") == "a")
        #expect(try site("${file:sub/x}", files: ["sub/x": "a\n\n"]) == "a\n")
    }

    @Test("A bare name is looked for among systemd's credentials first")
    func credentials() throws {
        let environment = ["CREDENTIALS_DIRECTORY": "/run/credentials/heliograph"]
        let files = ["/run/credentials/heliograph/p": "system", "p": "beside", "sub/p": "path"]
        #expect(try site("${file:p}", environment: environment, files: files) == "system")
        #expect(try site("${file:sub/p}", environment: environment, files: files) == "path")
        #expect(try site("${file:p}", environment: environment, files: ["p": "beside"]) == "beside")
    }

    @Test("A value out of a variable is taken for the type that is expected")
    func typed() throws {
        let text =
            "listen: {rtsp: \":${PORT}\"}\ndefaults: {on_demand: \"${D}\", timeout: \"${T}s\"}\n"
            + "cameras: {gate: {main: \"rtsp://${H}/a\"}}"
        let relay = try load(text, environment: ["PORT": "554", "D": "true", "T": "5", "H": "10.0.0.1"])
        #expect(relay.listen.rtsp == ListenAddress(port: 554))
        #expect(relay.pull("gate")?.onDemand == true)
        #expect(relay.pull("gate")?.timeout == .seconds(5))
        #expect(relay.pull("gate")?.url == "rtsp://10.0.0.1/a")
    }

    @Test("What cannot be filled in is an error at the value")
    func unresolved() {
        let text = "site: a ${NO}\ncameras: {gate: {main: \"rtsp://a/1\", username: u, password: \"${file:no}\"}}\n"
        #expect(
            errors(text, environment: ["CREDENTIALS_DIRECTORY": "/c"], file: "/etc/relays.yaml") == [
                "/etc/relays.yaml:1:7: site: found ${NO}, which is not set, expected a variable of the environment; "
                    + "set NO for the relay, in its systemd unit or container",
                "/etc/relays.yaml:2:61: cameras.gate.password: found ${file:no}, "
                    + "expected a readable text file at /c/no or /etc/no",
            ]
        )
    }

    @Test(
        "A brace that is missing or an odd name is an error", arguments: ["${A", "${}", "${a-b}", "${1A}", "${file:}"])
    func malformed(_ value: String) {
        let found = errors(
            "site: \"\(value)\"\ncameras: {test: {test_camera: {}}}\n", environment: ["A": "x", "a": "y"])
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("relays.yaml:1:7: site: found ${") == true)
    }

    @Test("An error about a value out of a variable does not show the value")
    func hidden() {
        let found = errors(
            "defaults: {transport: \"${T}\"}\ncameras: {test: {test_camera: {}}}", environment: ["T": "hunter2"])
        #expect(
            found == [
                #"relays.yaml:1:23: defaults.transport: found "${T}", expected one of tcp, udp, auto, multicast, http, websocket; "#
                    + "what a variable holds is not shown"
            ]
        )
    }
}
