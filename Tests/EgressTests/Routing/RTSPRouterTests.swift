import Media
import NIOCore
import Reflector
import TestSupport
import Testing

@testable import Egress

/// What viewers are answered before anything plays.
@Suite struct RTSPRouterTests {
    @Test("S3 OPTIONS is answered for any URI, for *, and lists the methods")
    func options() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            for uri in ["*", relay.url("gate"), relay.url("nowhere/at/all"), relay.url("../../etc"), "/gate"] {
                let answer = try await viewer.request("OPTIONS", uri)
                #expect(answer.status == 200)
                let methods = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN"
                #expect(answer["Public"] == methods)
            }
        }
    }

    @Test("S8 S9 S10 M17 DESCRIBE answers an exact description with a base that ends in a slash")
    func describe() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            let answer = try await viewer.request("DESCRIBE", relay.url("gate"), [("Accept", "application/sdp")])
            #expect(answer.status == 200)
            #expect(answer["Content-Type"] == "application/sdp")
            #expect(answer["Content-Base"] == relay.url("gate/"))
            #expect(answer["Content-Length"] == "\(answer.body.utf8.count)")
            let lines = answer.body.split(separator: "\r\n").map(String.init)
            for line in ["v=0", "t=0 0", "c=IN IP4 0.0.0.0", "a=control:*", "a=range:npt=now-"] {
                #expect(lines.contains(line), "\(line)")
            }
            #expect(lines.filter { $0.hasPrefix("m=") } == ["m=video 0 RTP/AVP 96", "m=audio 0 RTP/AVP 0"])
            #expect(
                lines.filter { $0.hasPrefix("a=control:trackID=") } == ["a=control:trackID=0", "a=control:trackID=1"])
        }
    }

    @Test(
        "the base is the URL as the viewer wrote it, but for its credentials",
        arguments: [
            ("rtsp://user:secret@relay.example:8554/gate", "rtsp://relay.example:8554/gate/"),
            ("rtsp://relay.example/gate/", "rtsp://relay.example/gate/"),
            ("rtsp://relay.example/gate?token=x", "rtsp://relay.example/gate?token=x/"),
            ("rtsps://relay.example/gate", "rtsps://relay.example/gate/"),
        ]
    )
    func base(written: String, base: String) async throws {
        try await LoopbackRelay.run { relay, _ in
            let answer = try await relay.viewer().request("DESCRIBE", written)
            #expect(answer["Content-Base"] == base)
        }
    }

    @Test("a path alone is put behind the address the viewer connected to")
    func basePath() async throws {
        try await LoopbackRelay.run { relay, _ in
            let answer = try await relay.viewer().request("DESCRIBE", "/gate")
            #expect(answer["Content-Base"] == relay.url("gate/"))
        }
    }

    @Test("M13 DESCRIBE again and again describes the same two tracks")
    func describeAgain() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            let first = try await viewer.request("DESCRIBE", relay.url("gate"))
            for _ in 0..<3 {
                #expect(try await viewer.request("DESCRIBE", relay.url("gate")).body == first.body)
            }
        }
    }

    @Test(
        "406 when the viewer takes no session description",
        arguments: [
            ("text/html", 406), ("application/rtsl, application/mheg", 406), ("application/sdp;q=0", 406),
            ("application/rtsl, application/SDP;level=2", 200), ("*/*", 200), ("application/*", 200), ("", 200),
        ]
    )
    func accept(header: String, status: Int) async throws {
        try await LoopbackRelay.run { relay, _ in
            let answer = try await relay.viewer().request("DESCRIBE", relay.url("gate"), [("Accept", header)])
            #expect(answer.status == status)
        }
    }

    @Test("404 for what is not there")
    func notFound() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            #expect(try await viewer.request("DESCRIBE", relay.url("garage")).status == 404)
            #expect(try await viewer.request("DESCRIBE", relay.url("")).status == 404)
            #expect(try await viewer.setUp(relay.url("garage"), track: 0).status == 404)
            #expect(try await viewer.setUp(relay.url("gate"), track: 2).status == 404)
        }
    }

    @Test("503 with Retry-After while the source is not there")
    func unavailable() async throws {
        try await LoopbackRelay.run { relay, _ in
            try relay.addStream("dark", policy: StreamPolicy(startTimeout: .milliseconds(20)))
            let viewer = try await relay.viewer()
            for answer in [
                try await viewer.request("DESCRIBE", relay.url("dark")),
                try await viewer.setUp(relay.url("dark"), track: 0),
            ] {
                #expect(answer.status == 503)
                #expect(answer["Retry-After"] == "5")
            }
        }
    }

    @Test("DESCRIBE waits for a source that is on its way")
    func waits() async throws {
        try await LoopbackRelay.run { relay, _ in
            let stream = try relay.addStream("slow", policy: StreamPolicy(onDemand: true))
            let viewer = try await relay.viewer()
            async let answer = viewer.request("DESCRIBE", relay.url("slow"))
            for await isWanted in stream.demand where isWanted { break }
            let camera = try await SyntheticCamera(stream: stream, tracks: [SyntheticCamera.video])
            #expect(try await answer.status == 200)
            try await camera.leave()
        }
    }

    @Test("400 for a path that leaves the tree, for SETUP without Transport, and for a method on *")
    func badRequest() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            #expect(try await viewer.request("DESCRIBE", relay.url("../gate")).status == 400)
            #expect(try await viewer.request("SETUP", relay.url("gate/trackID=0")).status == 400)
            #expect(try await viewer.request("DESCRIBE", "*").status == 400)
            #expect(try await viewer.request("SETUP", "*", [("Transport", "RTP/AVP/TCP")]).status == 400)
        }
    }

    @Test("S2 400 for a request without CSeq")
    func noSequence() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            try await viewer.send("OPTIONS * RTSP/1.0\r\n\r\n")
            #expect(try await viewer.answers.next().status == 400)
        }
    }

    @Test("S6 405 with Allow for the methods of publishers, 501 for those nobody knows, 505 for another version")
    func methods() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            for method in ["ANNOUNCE", "RECORD", "REDIRECT"] {
                let answer = try await viewer.request(method, relay.url("gate"))
                #expect(answer.status == 405)
                #expect(answer["Allow"]?.contains("DESCRIBE") == true)
            }
            #expect(try await viewer.request("BREW", relay.url("gate")).status == 501)
            try await viewer.send("OPTIONS * RTSP/2.0\r\nCSeq: 77\r\n\r\n")
            let answer = try await viewer.answers.next { $0["CSeq"] == "77" }
            #expect(answer.status == 505)
            #expect(answer.version == "RTSP/1.0")
        }
    }

    @Test("S7 551 names what is required and not there")
    func require() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            for (header, tag) in [("Require", "www.onvif.org/ver20/backchannel"), ("Proxy-Require", "gstreamer-x")] {
                let answer = try await viewer.request("DESCRIBE", relay.url("gate"), [(header, tag)])
                #expect(answer.status == 551)
                #expect(answer["Unsupported"] == tag)
            }
        }
    }

    @Test("keep-alives are answered with any session or none, parameters with 451")
    func parameters() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            for method in ["GET_PARAMETER", "SET_PARAMETER"] {
                #expect(try await viewer.request(method, relay.url("gate")).status == 200)
                #expect(try await viewer.request(method, "*").status == 200)
                #expect(try await viewer.request(method, relay.url("gate"), [("Session", "12345678")]).status == 200)
                let session = try await viewer.setUp(relay.url("gate"), track: 0).session ?? ""
                let answer = try await viewer.request(method, relay.url("gate"), [("Session", session)])
                #expect(answer.status == 200)
                #expect(answer.session == session)
                let unknown = try await viewer.request(
                    method, relay.url("gate"), [("Session", session)], body: "jitter\r\n")
                #expect(unknown.status == 451)
            }
        }
    }

    @Test("S5 S37 pipelined requests are answered in order, bodies and all")
    func pipelined() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            var text = ""
            for number in 1...10 {
                text += "OPTIONS * RTSP/1.0\r\nCSeq: \(number)\r\nContent-Length: 5\r\n\r\nhello"
                text += "DESCRIBE \(relay.url("gate")) RTSP/1.0\r\nCSeq: \(number)0\r\n\r\n"
            }
            try await viewer.send(text)
            for number in 1...10 {
                #expect(try await viewer.answers.next()["CSeq"] == "\(number)")
                #expect(try await viewer.answers.next()["CSeq"] == "\(number)0")
            }
        }
    }
}
