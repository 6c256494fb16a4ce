import Media
import NIOCore
import TestSupport
import Testing

@Suite struct AnnounceTests {
    @Test("S34 ANNOUNCE takes application/sdp and nothing else: 415, and the log says why")
    func contentType() async throws {
        try await AnnounceBench.run { bench in
            let publisher = try await bench.publisher()
            #expect(try await publisher.announce(bench.url(), AnnounceBench.sdp, type: "text/plain").status == 415)
            #expect(try await publisher.announce(bench.url(), AnnounceBench.sdp, type: nil).status == 415)
            #expect(bench.log.contains("notice publisher refused"))
            let good = try await publisher.announce(
                bench.url(), AnnounceBench.sdp, type: "Application/SDP; charset=utf-8")
            #expect(good.status == 200)
        }
    }

    @Test(
        "a body that is none, unreadable, too large or of nothing that can be passed on has a status of its own",
        arguments: [
            ("", 400), ("hello", 400), ("v=0\r\ns=x\r\n", 400),
            ("v=0\r\n" + String(repeating: "m=video 0 RTP/AVP 96\r\n", count: 65), 413),
            ("v=0\r\nm=video 0 RTP/SAVP 96\r\na=rtpmap:96 H264/90000\r\n", 415),
            ("v=0\r\nm=telepathy 0 RTP/AVP 96\r\n", 415),
        ])
    func bodies(_ sdp: String, _ status: Int) async throws {
        try await AnnounceBench.run { bench in
            let publisher = try await bench.publisher()
            #expect(try await publisher.announce(bench.url(), sdp).status == status)
            #expect(bench.log.contains("notice publisher refused"))
            #expect(try await publisher.announce(bench.url(), AnnounceBench.sdp).status == 200)
        }
    }

    @Test(
        "what has come through this relay already is refused with 508 and the reason, and what came through others is taken"
    )
    func loops() async throws {
        try await AnnounceBench.run { bench in
            let again = try await bench.announce(via: "RTSP/1.0 other, RTSP/1.0 \(bench.stream.relay)")
            #expect(again == 508)
            #expect(bench.log.contains("reason=loop:"))
            let long = (0..<RelayChain.limit).map { "RTSP/1.0 relay-\($0)" }.joined(separator: ", ")
            #expect(try await bench.announce(via: long) == 508)
            #expect(try await bench.announce(via: "RTSP/1.0 other") == 200)
        }
    }

    @Test("404 for a path there is not, 403 for one that has a source of its own, 400 for one that is none")
    func paths() async throws {
        try await AnnounceBench.run { bench in
            let publisher = try await bench.publisher()
            #expect(try await publisher.announce(bench.url("nowhere"), AnnounceBench.sdp).status == 404)
            #expect(try await publisher.announce(bench.url("incoming"), AnnounceBench.sdp).status == 404)
            #expect(try await publisher.announce(bench.url("camera"), AnnounceBench.sdp).status == 403)
            #expect(try await publisher.announce(bench.url("incoming/a%20b"), AnnounceBench.sdp).status == 400)
            #expect(try await publisher.announce(bench.url("incoming/a'b"), AnnounceBench.sdp).status == 403)
            #expect(try await publisher.announce(bench.url("../van"), AnnounceBench.sdp).status == 400)
        }
    }

    @Test("S34 SETUP and RECORD without an ANNOUNCE are not valid: 455 with Allow; a session nobody knows is 454")
    func order() async throws {
        try await AnnounceBench.run { bench in
            let publisher = try await bench.publisher()
            let transport = ("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record")
            let setup = try await publisher.request("SETUP", bench.url() + "/streamid=0", [transport])
            #expect(setup.status == 455 && setup["Allow"]?.contains("ANNOUNCE") == true)
            #expect(try await publisher.request("RECORD", bench.url()).status == 455)
            #expect(try await publisher.request("RECORD", bench.url(), [("Session", "x")]).status == 454)
            #expect(try await publisher.announce(bench.url(), AnnounceBench.sdp).status == 200)
            #expect(try await publisher.request("RECORD", bench.url()).status == 455)
            #expect(try await publisher.request("SETUP", bench.url() + "/streamid=7", [transport]).status == 404)
            let other = try await publisher.request(
                "SETUP", bench.url() + "/streamid=0", [transport, ("Session", "x")])
            #expect(other.status == 454)
            let raw = [("Transport", "RAW/RAW/UDP;unicast;client_port=5000-5001;mode=record")]
            #expect(try await publisher.request("SETUP", bench.url() + "/streamid=0", raw).status == 461)
            let good = try await publisher.request("SETUP", bench.url() + "/streamid=0", [transport])
            #expect(good.status == 200 && good["Session"]?.hasSuffix(";timeout=60") == true)
            #expect(good["Transport"] == "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record")
        }
    }

    @Test("a second publisher is refused with 453 while the first is there, at ANNOUNCE and at RECORD")
    func secondRefused() async throws {
        try await AnnounceBench.run { bench in
            let (first, early, late) = (
                try await bench.publisher(), try await bench.publisher(), try await bench.publisher()
            )
            #expect(try await early.announce(bench.url(), AnnounceBench.sdp).status == 200)
            #expect(try await bench.record(first).status == 200)
            let refused = try await bench.record(late)
            #expect(refused.status == 453 && refused.reason == "Another Publisher Has This Path")
            let transport = ("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record")
            #expect(try await early.request("SETUP", bench.url() + "/streamid=0", [transport]).status == 200)
            #expect(try await early.request("RECORD", bench.url()).status == 453)
            await first.close()
            try await eventually("the path is free") { try await early.request("RECORD", bench.url()).status == 200 }
        }
    }

    @Test("where the configuration says so the second publisher takes over, and the first is cut off")
    func takeover() async throws {
        try await AnnounceBench.run { bench in
            let (first, second) = (try await bench.publisher(), try await bench.publisher())
            #expect(try await bench.record(first, "free").status == 200)
            #expect(try await bench.record(second, "free").status == 200)
            try await first.closed()
            #expect(bench.log.contains("another publisher took over"))
            #expect(try await second.request("GET_PARAMETER", bench.url("free")).status == 200)
        }
    }

    @Test("below a prefix any path is made at ANNOUNCE, no more of them than may be, and goes when nobody is there")
    func prefix() async throws {
        try await AnnounceBench.run { bench in
            let (first, second, third) = (
                try await bench.publisher(), try await bench.publisher(), try await bench.publisher()
            )
            #expect(try await bench.record(first, "incoming/a").status == 200)
            #expect(try await second.announce(bench.url("incoming/b/c"), AnnounceBench.sdp).status == 200)
            #expect(
                bench.directory.streams.map(\.path.rawValue).filter { $0.hasPrefix("incoming") } == [
                    "incoming/a", "incoming/b/c",
                ])
            let full = try await third.announce(bench.url("incoming/d"), AnnounceBench.sdp)
            #expect(full.status == 503 && full["Retry-After"] == "5")
            await second.close()
            try await eventually("there is room again") {
                try await third.announce(bench.url("incoming/d"), AnnounceBench.sdp).status == 200
            }
            await first.close()
            await third.close()
            try await eventually("all are gone") {
                !bench.directory.streams.contains { $0.path.rawValue.hasPrefix("incoming") }
            }
        }
    }
}
