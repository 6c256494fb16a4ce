import Testing

@testable import Server

@Suite("A wrong configuration is refused with place, key, what was found and what was expected")
struct ConfigurationErrorTests {
    struct Wrong: Sendable, CustomTestStringConvertible {
        var testDescription: String { name }
        var name: String
        var text: String
        var error: String

        init(_ name: String, _ text: String, _ error: String) {
            self.name = name
            self.text = text
            self.error = error
        }
    }

    private static let camera = "cameras: {gate: {main: \"rtsp://10.0.0.1/a\"}}"

    static let values: [Wrong] = [
        Wrong(
            "a transport that is a slip", "cameras:\n  gate:\n    main: rtsp://10.0.0.1/a\n    transport: tpc",
            #"relays.yaml:4:16: cameras.gate.transport: found "tpc", expected one of tcp, udp, auto, multicast, http, websocket; did you mean tcp?"#
        ),
        Wrong(
            "a duration without a unit", "defaults:\n  timeout: 10\n\(camera)",
            #"relays.yaml:2:12: defaults.timeout: found "10", expected a duration from 1s to 10m; write 10s for seconds"#
        ),
        Wrong(
            "a duration with an odd unit", "defaults: {linger: 3weeks}\n\(camera)",
            #"relays.yaml:1:20: defaults.linger: found "3weeks", expected a duration from 0s to 1d; the units are ms, s, m, h and d"#
        ),
        Wrong(
            "a duration past all bounds", "defaults: {timeout: 99999999999999d}\n\(camera)",
            #"relays.yaml:1:21: defaults.timeout: found "99999999999999d", expected a duration from 1s to 10m"#
        ),
        Wrong(
            "12:30, which YAML 1.1 takes for 750", "limits: {idle_timeout: 12:30}\n\(camera)",
            #"relays.yaml:1:24: limits.idle_timeout: found "12:30", expected a duration from 1s to 1d; the units are ms, s, m, h and d"#
        ),
        Wrong(
            "012, which YAML 1.1 takes for 10", "limits: {simultaneous_connects: 012}\n\(camera)",
            #"relays.yaml:1:33: limits.simultaneous_connects: found "012", expected a number from 1 to 1000000; write 12, without leading zeros"#
        ),
        Wrong(
            "yes, which YAML 1.1 takes for true", "defaults: {on_demand: yes}\n\(camera)",
            #"relays.yaml:1:23: defaults.on_demand: found "yes", expected true or false; write true"#
        ),
        Wrong(
            "a number below its range", "limits: {connections_per_address: 0}\n\(camera)",
            #"relays.yaml:1:35: limits.connections_per_address: found "0", expected a number from 1 to 1000000"#
        ),
        Wrong(
            "a negative number", "limits: {connections_per_address: -1}\n\(camera)",
            #"relays.yaml:1:35: limits.connections_per_address: found "-1", expected a number from 1 to 1000000"#
        ),
        Wrong(
            "a port that is none", "listen: {rtsp: \":99999\"}\n\(camera)",
            #"relays.yaml:1:16: listen.rtsp: found ":99999", expected an address such as ":8554", "127.0.0.1:8554" or "[::1]:8554""#
        ),
        Wrong(
            "an IPv6 address without brackets", "listen: {rtsp: \"::1:8554\"}\n\(camera)",
            #"relays.yaml:1:16: listen.rtsp: found "::1:8554", expected an address such as ":8554", "127.0.0.1:8554" or "[::1]:8554"; put an IPv6 address in brackets"#
        ),
        Wrong(
            "an odd RTP port", "listen: {rtp: 8001-8002}\n\(camera)",
            #"relays.yaml:1:15: listen.rtp: found "8001-8002", expected an even port and the next above it, such as 8000-8001"#
        ),
        Wrong(
            "RTP ports apart", "listen: {rtp: 8000-8003}\n\(camera)",
            #"relays.yaml:1:15: listen.rtp: found "8000-8003", expected an even port and the next above it, such as 8000-8001"#
        ),
        Wrong(
            "a list for a text", "site: [a]\n\(camera)",
            #"relays.yaml:1:7: site: found a list, expected text; put a value that begins with { or [ in quotes"#
        ),
        Wrong(
            "a text for a mapping", "listen: \":8554\"\n\(camera)",
            "relays.yaml:1:9: listen: found text, expected a mapping; write listen: {key: value} or indented lines below it"
        ),
        Wrong(
            "a key without a value", "site:\n\(camera)",
            "relays.yaml:1:1: site: found nothing, expected text"
        ),
        Wrong(
            "a list of cameras", "cameras:\n  - gate",
            "relays.yaml:2:3: cameras: found a list, expected a mapping; write cameras: {key: value} or indented lines below it"
        ),
        Wrong(
            "a log level that is none", "log: {level: verbose}\n\(camera)",
            #"relays.yaml:1:14: log.level: found "verbose", expected one of debug, info, notice, warning, error"#
        ),
        Wrong(
            "a picture of odd width", "cameras: {test: {test_camera: {width: 641}}}",
            #"relays.yaml:1:39: cameras.test.test_camera.width: found "641", expected an even number of pixels"#
        ),
        Wrong(
            "a bit rate without a unit", "cameras: {test: {test_camera: {bit_rate: 2000}}}",
            #"relays.yaml:1:42: cameras.test.test_camera.bit_rate: found "2000", expected a bit rate from 50kbit to 50000kbit; write a number with kbit or Mbit, such as 2Mbit"#
        ),
    ]

    static let keys: [Wrong] = [
        Wrong(
            "a slip in a key", "limits: {idle_timout: 30s}\n\(camera)",
            #"relays.yaml:1:10: limits.idle_timout: found unknown key "idle_timout", expected one of connections_per_address, group_memory, idle_timeout, packet_size, request_timeout, requests_before_session, session_timeout, simultaneous_connects; did you mean idle_timeout?"#
        ),
        Wrong(
            "a key in another style", "defaults: {onDemand: true}\n\(camera)",
            #"relays.yaml:1:12: defaults.onDemand: found unknown key "onDemand", expected one of fingerprint, keepalive, linger, on_demand, password, timeout, transport, username, verify, websocket_path; did you mean on_demand?"#
        ),
        Wrong(
            "a key of another relay", "cameras: {gate: {main: \"rtsp://10.0.0.1/a\", rtspTransport: tcp}}",
            #"relays.yaml:1:45: cameras.gate.rtspTransport: found unknown key "rtspTransport", expected one of file, fingerprint, groups, interface, keepalive, linger, main, on_demand, password, playlist, publish, return_after, sdp, source, sources, sub, template, test_camera, timeout, title, transport, username, verify, websocket_path; did you mean transport?"#
        ),
        Wrong(
            "a key to come at the top", "recording: {week: 6s}\n\(camera)",
            #"relays.yaml:1:1: recording: found "recording", planned, not built yet, expected one of cameras, defaults, hls, http, limits, listen, log, media, push, site, templates, tls"#
        ),
        Wrong(
            "a key to come in listen", "listen:\n  api: \":8080\"\n\(camera)",
            #"relays.yaml:2:3: listen.api: found "api", planned, not built yet, expected one of http, https, multicast, rtp, rtsp, rtsps"#
        ),
        Wrong(
            "a key to come in a camera", "cameras: {gate: {main: \"rtsp://10.0.0.1/a\", record: week}}",
            #"relays.yaml:1:45: cameras.gate.record: found "record", planned, not built yet, expected one of file, fingerprint, groups, interface, keepalive, linger, main, on_demand, password, playlist, publish, return_after, sdp, source, sources, sub, template, test_camera, timeout, title, transport, username, verify, websocket_path"#
        ),
        Wrong(
            "a hole's key without a template", "cameras: {gate: {main: \"rtsp://10.0.0.1/a\", host: a}}",
            #"relays.yaml:1:45: cameras.gate.host: found unknown key "host", expected one of file, fingerprint, groups, interface, keepalive, linger, main, on_demand, password, playlist, publish, return_after, sdp, source, sources, sub, template, test_camera, timeout, title, transport, username, verify, websocket_path; a key for a hole such as {host} needs a template that has the hole"#
        ),
        Wrong(
            "a list as a key", "? [a, b]\n: c\n\(camera)",
            "relays.yaml:1:3: found a list as a key, expected a name"
        ),
        Wrong(
            "no cameras at all", "site: depot",
            "relays.yaml:1:1: cameras: found nothing, expected at least one camera; cameras: {test: {test_camera: {}}}"
        ),
        Wrong(
            "cameras without a camera", "cameras:\n",
            "relays.yaml:1:1: cameras: found nothing, expected at least one camera; cameras: {test: {test_camera: {}}}"
        ),
        Wrong(
            "an empty file", "",
            "relays.yaml: found an empty file, expected cameras; cameras: {test: {test_camera: {}}}"
        ),
        Wrong(
            "a file of comments", "# cameras:\n",
            "relays.yaml: found an empty file, expected cameras; cameras: {test: {test_camera: {}}}"
        ),
        Wrong("a file that is a list", "- a\n- b\n", "relays.yaml:1:1: found a list, expected a mapping with cameras"),
    ]

    static let cameras: [Wrong] = [
        Wrong(
            "a camera that is a URL", "cameras:\n  gate: rtsp://10.0.0.1/a",
            #"relays.yaml:2:9: cameras.gate: found text, expected a mapping; write gate: {main: "rtsp://host/path"}"#
        ),
        Wrong(
            "a camera without a source", "cameras:\n  gate: {title: Gate}",
            "relays.yaml:2:3: cameras.gate.main: found nothing, expected one of main, sdp, sources, template, playlist, file, publish, test_camera"
        ),
        Wrong(
            "a name with a space", "cameras:\n  main gate: {test_camera: {}}",
            #"relays.yaml:2:3: cameras.main gate: found the camera name "main gate", expected letters, digits, -, _ and . in segments divided by /, 128 characters at most; title: takes any text"#
        ),
        Wrong(
            "a name that climbs", "cameras:\n  a/../b: {test_camera: {}}",
            #"relays.yaml:2:3: cameras.a/../b: found the camera name "a/../b", expected letters, digits, -, _ and . in segments divided by /, 128 characters at most; title: takes any text"#
        ),
        Wrong(
            "two cameras at one path",
            "cameras:\n  gate: {main: \"rtsp://a/1\", sub: \"rtsp://a/2\"}\n  gate/sub: {test_camera: {}}",
            "relays.yaml:3:3: cameras.gate/sub: found a stream at the path gate/sub, which camera gate has already, expected a path of its own for every stream; give one of the two another name"
        ),
        Wrong(
            "a camera twice",
            "cameras:\n  gate: {test_camera: {}}\n  dock: {test_camera: {}}\n  gate: {test_camera: {}}",
            #"relays.yaml:4:3: cameras.gate: found "gate" a second time, expected each key once; the first is in line 2"#
        ),
        Wrong(
            "a camera twice, once in quotes", "cameras:\n  \"gate\": {test_camera: {}}\n  gate: {test_camera: {}}",
            #"relays.yaml:3:3: cameras.gate: found "gate" a second time, expected each key once; the first is in line 2"#
        ),
        Wrong(
            "a key twice in one line", "cameras: {gate: {main: \"rtsp://a/1\", main: \"rtsp://a/2\"}}",
            #"relays.yaml:1:38: cameras.gate.main: found "main" a second time, expected each key once; the first is in line 1"#
        ),
        Wrong(
            "a setting beside a test camera", "cameras:\n  test: {test_camera: {}, transport: udp}",
            "relays.yaml:2:27: cameras.test.transport: found transport beside test_camera, expected test_camera, title and groups alone"
        ),
        Wrong(
            "a URL without a scheme", "cameras: {gate: {main: 10.0.0.1/a}}",
            #"relays.yaml:1:24: cameras.gate.main: found "10.0.0.1/a", expected a URL such as rtsp://10.0.0.1:554/path"#
        ),
        Wrong(
            "a scheme to come", "cameras: {gate: {main: \"rtmps://10.0.0.1/a\"}}",
            #"relays.yaml:1:24: cameras.gate.main: found "rtmps://10.0.0.1/a", expected an rtsp:// or rtsps:// URL; rtmps:// is planned, not built yet"#
        ),
        Wrong(
            "a scheme that is none", "cameras: {gate: {main: \"gopher://10.0.0.1/a\"}}",
            #"relays.yaml:1:24: cameras.gate.main: found "gopher://10.0.0.1/a", expected an rtsp:// or rtsps:// URL"#
        ),
        Wrong(
            "port 0 of a camera", "cameras: {gate: {main: \"rtsp://10.0.0.1:0/a\"}}",
            #"relays.yaml:1:24: cameras.gate.main: found "rtsp://10.0.0.1:0/a", expected rtsp://host:port/path"#
        ),
        Wrong(
            "a URL with a space", "cameras: {gate: {main: \"rtsp://10.0.0.1/a b\"}}",
            #"relays.yaml:1:24: cameras.gate.main: found "rtsp://10.0.0.1/a b", expected a URL without spaces and control characters"#
        ),
        Wrong(
            "two @ where either may end the password", "cameras: {gate: {main: \"rtsp://u:pa@ss/x@10.0.0.1/a\"}}",
            #"relays.yaml:1:24: cameras.gate.main: found "rtsp://***@10.0.0.1/a", expected a URL with one @ at most; write username: and password: beside the URL"#
        ),
        Wrong(
            "a user twice", "cameras: {gate: {main: \"rtsp://u:p@10.0.0.1/a\", username: v}}",
            #"relays.yaml:1:24: cameras.gate.main: found "rtsp://***@10.0.0.1/a", expected the user and password once; leave them out of the URL"#
        ),
        Wrong(
            "a password without a user", "cameras:\n  gate: {main: \"rtsp://10.0.0.1/a\", password: secret}",
            "relays.yaml:2:3: cameras.gate.username: found nothing, expected a user name for the password"
        ),
        Wrong(
            "a hole outside a template", "cameras: {gate: {main: \"rtsp://{host}/a\"}}",
            #"relays.yaml:1:24: cameras.gate.main: found "rtsp://{host}/a", expected rtsp://host:port/path; {…} is filled in in templates only"#
        ),
    ]

    @Test("values", arguments: values)
    func value(_ wrong: Wrong) {
        #expect(errors(wrong.text) == [wrong.error])
    }

    @Test("keys", arguments: keys)
    func key(_ wrong: Wrong) {
        #expect(errors(wrong.text) == [wrong.error])
    }

    @Test("cameras", arguments: cameras)
    func camera(_ wrong: Wrong) {
        #expect(errors(wrong.text) == [wrong.error])
    }

    @Test("All errors are found in one reading, in the order of the file")
    func allAtOnce() {
        let text = """
            site: ${SITE}
            listen: {rtsp: ":x", rtps: 1}
            metrics: true
            defaults: {timeout: 10, transport: htpp}
            cameras:
              gate: {main: "rtsp://a/1", transport: tpc}
              gate: {test_camera: {}}
              dock: {template: hikvison}
              hall: {test_camera: {width: 12}}
            """
        let places = errors(text).map {
            $0.split(separator: ":", maxSplits: 4).dropFirst().prefix(3).joined(separator: ":")
        }
        #expect(
            places == [
                "1:7: site", "2:16: listen.rtsp", "2:22: listen.rtps", "3:1: metrics", "4:21: defaults.timeout",
                "4:36: defaults.transport", "6:41: cameras.gate.transport", "7:3: cameras.gate",
                "8:20: cameras.dock.template", "9:31: cameras.hall.test_camera.width",
            ]
        )
    }

    @Test("A file past the size limit is refused unread")
    func size() {
        let text = "cameras: {test: {test_camera: {}}}\n" + String(repeating: "# long\n", count: 150_000)
        #expect(errors(text) == ["relays.yaml: found 1050035 bytes, expected 1000000 bytes at most"])
    }
}
