import Ingest
import Media
import NIOCore
import TestSupport
import Testing

/// What keeps a session alive, and what does not end it.
@Suite(.serialized) struct KeepaliveTests {
    @Test(
        "F1 F2 F4 F14 the keepalive comes in time, by the method that Public lists",
        arguments: [
            ("OPTIONS, GET_PARAMETER", "GET_PARAMETER"), ("OPTIONS, DESCRIBE", "OPTIONS"),
        ])
    func keepalive(publicMethods: String, method: String) async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.publicMethods = publicMethods
        behaviour.session = "851006239; timeout = 2;foo"
        try await PullBench.run(behaviour) { bench in
            try await bench.moreVideo()
            let before = bench.camera.requests(method).count
            try await eventually("a keepalive") { bench.camera.requests(method).count > before }
            let keepalive = try #require(bench.camera.requests(method).last)
            let play = try #require(bench.camera.requests("PLAY").first)
            #expect(keepalive.arrival - play.arrival < .seconds(4))
            #expect(keepalive["Session"] == "851006239")
            #expect(keepalive.uri == play.uri, "D10")
        }
    }

    @Test("F5 F6 keepalives without answer, or refused, do not disturb the stream", arguments: [0, 400])
    func keepaliveRefused(code: Int) async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.session = "1;timeout=2"
        behaviour.answers["GET_PARAMETER"] = { _ in code == 0 ? .silence : .status(code, "No") }
        try await PullBench.run(behaviour, configure: { $0.timeout = .milliseconds(1_500) }) { bench in
            try await eventually("two keepalives") { bench.camera.requests("GET_PARAMETER").count == 2 }
            try await bench.moreVideo()
            #expect(bench.camera.connectionsAccepted == 1)
        }
    }

    @Test("F13 a camera of events alone that answers keepalives no more is asked anew")
    func eventsUnresponsive() async throws {
        var behaviour = FakeCameraBehaviour(tracks: [.events()])
        behaviour.session = "1;timeout=2"
        behaviour.answers["GET_PARAMETER"] = { $0.nth > 1 ? .silence : .usual }
        try await PullBench.run(behaviour) { bench in
            let error = try await bench.untilEnd().error
            #expect(error == .unresponsive)
            #expect(bench.camera.requests("GET_PARAMETER").count == 5)
            #expect(bench.camera.requests("TEARDOWN").count == 1)
        }
    }

    @Test("F6 a keepalive answered 454 leads to a new session, and viewers stay")
    func sessionForgotten() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.session = "1;timeout=2"
        behaviour.answers["GET_PARAMETER"] = { $0.nth == 1 ? .status(454, "Session Not Found") : .usual }
        try await PullBench.run(behaviour, supervised: true) { bench in
            try await eventually("a second PLAY") { bench.camera.requests("PLAY").count == 2 }
            try await bench.moreVideo()
            #expect(bench.viewer.value.endings == 0)
        }
    }
}
