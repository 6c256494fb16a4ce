import Ingest
import NIOCore
import TestSupport
import Testing

/// Messages, as a camera on a socket has them.
@Suite(.serialized) struct ConversationTests {
    @Test("A camera is pulled from OPTIONS to TEARDOWN, and its packets reach the viewer")
    func wholeConversation() async throws {
        let methods = Locked<[String]>([])
        let camera = Locked<FakeCamera?>(nil)
        try await PullBench.run(FakeCameraBehaviour(tracks: [.video(), .audio()])) { bench in
            camera.change { $0 = bench.camera }
            try await bench.moreVideo()
            try await bench.moreVideo(track: 1)
            let video = bench.packets(track: 0)
            #expect(Set(video.map(\.ssrc)).count == 1)
            for (before, after) in zip(video, video.dropFirst()) {
                #expect(after.sequenceNumber == before.sequenceNumber &+ 1)
            }
            let address = "127.0.0.1:\(bench.camera.port)"
            #expect(bench.log.contains("info camera up address=\(address) codecs=H.264, G.711 µ-law transport=tcp"))
        }
        methods.change { $0 = camera.value?.requests.map(\.method) ?? [] }
        #expect(methods.value == ["OPTIONS", "DESCRIBE", "SETUP", "SETUP", "PLAY", "TEARDOWN"])
        try await eventually("the connection is closed") { camera.value?.connectionsOpen == 0 }
    }

    @Test("A1 the header is spelled CSeq")
    func spelling() async throws {
        try await PullBench.run { bench in
            try await bench.moreVideo()
            for request in bench.camera.requests {
                #expect(request.headers.first?.name == "CSeq")
            }
        }
    }

    @Test("A2 responses without CSeq, or with blanks around it, are answers")
    func looseSequenceNumbers() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.answers["OPTIONS"] = { _ in .raw("RTSP/1.0 200 OK\r\nPublic: OPTIONS\r\n\r\n") }
        behaviour.answers["PLAY"] = { _ in .after(Array("RTSP/1.0 200 OK\r\nCSeq: 4711\r\n\r\n".utf8)) }
        behaviour.answers["SETUP"] = { request in
            .usualWith([("CSeq ", "   \(request["CSeq"] ?? "")  ")])
        }
        try await PullBench.run(behaviour) { try await $0.moreVideo() }
    }

    @Test("A3 A13 status lines without reason and LF line ends are read", arguments: ["\r\n", "\n"])
    func bareStatusLines(lineEnd: String) async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.hasReason = false
        behaviour.lineEnd = lineEnd
        try await PullBench.run(behaviour) { try await $0.moreVideo() }
    }

    @Test("A4 A5 A10 empty values, odd spacing and long values are read")
    func oddHeaders() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.session = String(repeating: "5", count: 300) + ";timeout=60"
        behaviour.answers["DESCRIBE"] = { _ in
            .usualWith([("X-Empty", ""), ("server", String(repeating: "long ", count: 300)), ("X-Spaces", "      7")])
        }
        try await PullBench.run(behaviour) { bench in
            try await bench.moreVideo()
            #expect(bench.camera.requests("PLAY").first?["Session"] == String(repeating: "5", count: 300))
        }
    }

    @Test("A6 OPTIONS answered 404 does not matter, and neither does one never answered")
    func noOptions() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.answers["OPTIONS"] = { _ in .status(404, "Not Found") }
        try await PullBench.run(behaviour) { try await $0.moreVideo() }
        behaviour.answers["OPTIONS"] = { _ in .silence }
        try await PullBench.run(behaviour, configure: { $0.timeout = .milliseconds(500) }) { try await $0.moreVideo() }
    }

    @Test("A7 a camera that answers only to those who name themselves is pulled")
    func userAgent() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.answers["DESCRIBE"] = { $0["User-Agent"] == nil ? .status(401, "Unauthorized") : .usual }
        try await PullBench.run(behaviour) { try await $0.moreVideo() }
    }

    @Test("A8 a redirection is followed, and credentials go along")
    func redirected() async throws {
        var target = FakeCameraBehaviour()
        target.challenges = [.md5]
        let second = try await FakeCamera.start(target)
        var behaviour = FakeCameraBehaviour()
        let location = second.url
        behaviour.answers["DESCRIBE"] = { _ in .status(302, "Found", headers: [("Location", location)]) }
        try await PullBench.run(behaviour, configure: { $0.authenticate() }) { bench in
            try await bench.moreVideo()
            #expect(second.requests("PLAY").count == 1)
            #expect(bench.camera.requests("SETUP").isEmpty)
        }
        try await second.stop()
    }

    @Test("A8 a redirection in a circle is given up after three hops")
    func redirectedInCircles() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.answers["DESCRIBE"] = { .status(301, "Moved", headers: [("Location", $0.uri)]) }
        try await PullBench.run(behaviour) { bench in
            let error = try await bench.untilEnd().error
            #expect(error == .tooManyRedirections)
            #expect(bench.camera.connectionsAccepted == 4)
        }
    }

    @Test("A11 a question of the camera in mid-stream is answered, and the stream goes on")
    func asked() async throws {
        try await PullBench.run { bench in
            try await bench.moreVideo()
            try await bench.camera.sendRaw("OPTIONS * RTSP/1.0\r\nCSeq: 815\r\n\r\n")
            try await eventually("an answer") {
                bench.camera.responses.contains { $0.hasPrefix("RTSP/1.0 200 OK\nCSeq: 815") }
            }
            try await bench.moreVideo()
            #expect(bench.camera.connectionsAccepted == 1)
        }
    }

    @Test(
        "A12 no Content-Base is odd enough to ask the wrong camera",
        arguments: [
            "rtsp://rtsp://host/stream/", "rtsp://::ffff:192.168.1.123/stream", "192.168.253.220:1935/", "/stream/", "",
            nil,
        ])
    func contentBase(base: String?) async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.contentBase = base
        try await PullBench.run(behaviour) { bench in
            try await bench.moreVideo()
            for request in bench.camera.requests {
                #expect(request.uri.hasPrefix("rtsp://127.0.0.1:\(bench.camera.port)/"))
            }
        }
    }

    @Test("A14 a body under two Content-Length headers is taken whole, and once")
    func twoLengths() async throws {
        var behaviour = FakeCameraBehaviour()
        let sdp = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n"
        let lengths = "Content-Length: \(sdp.utf8.count)\r\nContent-Length: \(sdp.utf8.count)\r\n\r\n"
        behaviour.answers["DESCRIBE"] = { _ in .raw("RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n" + lengths + sdp) }
        try await PullBench.run(behaviour) { bench in
            try await bench.moreVideo()
            let discardedBytes = try await bench.countersAtEnd().discardedBytes
            #expect(discardedBytes == 0)
        }
    }

    @Test("A15 junk in front of a response is skipped; a camera that talks nothing else is given up")
    func junk() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.answers["DESCRIBE"] = { _ in .before(Array("HTTP/1.1 200 OK\r\n<html>".utf8)) }
        try await PullBench.run(behaviour) { try await $0.moreVideo() }
        behaviour.answers["OPTIONS"] = { _ in .raw(String(repeating: "<html>", count: 2_000)) }
        try await PullBench.run(behaviour) { bench in
            guard case .connection(.malformed(let error)) = try await bench.untilEnd().error else {
                Issue.record("not given up for garbage")
                return
            }
            #expect(error.cause == .tooMuchGarbage)
        }
    }
}
