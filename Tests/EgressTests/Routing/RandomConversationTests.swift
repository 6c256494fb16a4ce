import NIOCore
import Reflector
import TestSupport
import Testing

@testable import Egress

/// Requests in no sensible order, with headers of no sensible content.
@Suite struct RandomConversationTests {
    @Test("any order of any requests is answered one by one, and nothing is left behind", arguments: 1...4)
    func conversation(seed: UInt64) async throws {
        try await LoopbackRelay.run { relay, camera in
            var chance = Chance(seed: seed)
            let viewer = try await relay.viewer()
            var sessions = ["", "12345678", ";timeout=5"]
            for number in 0..<300 {
                if number % 20 == 0 { try await camera.sendGroup(pictures: 2) }
                if chance.isOneIn(4) {
                    try await viewer.send(frame: chance.report(), channel: UInt8(chance.number(below: 8)))
                }
                let request = chance.request(relay, sessions)
                let answer = try await viewer.request(request.method, request.uri, request.headers, body: request.body)
                #expect(Self.statuses.contains(answer.status), "\(request) → \(answer.status)")
                if let session = answer.session { sessions.append(session) }
            }
            #expect(try await viewer.request("OPTIONS", "*").status == 200)
            await viewer.close()
            try await camera.viewersLeft()
            #expect(relay.claims == 0)
        }
    }

    private static let statuses: Set<Int> = [
        200, 400, 404, 405, 406, 451, 454, 455, 457, 459, 460, 461, 462, 501, 503, 551,
    ]
}

/// Choices that are the same in every run.
private struct Chance: RandomNumberGenerator {
    struct Request {
        let method: String
        let uri: String
        let headers: [(String, String)]
        let body: String
    }

    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 33)
    }

    mutating func number(below bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    mutating func isOneIn(_ count: Int) -> Bool { number(below: count) == 0 }

    mutating func one(of choices: [String]) -> String { choices[number(below: choices.count)] }

    /// RTCP of a viewer, more or less.
    mutating func report() -> [UInt8] {
        var bytes = isOneIn(10) ? ReportBytes.goodbye : ReportBytes.alive
        if isOneIn(2) { bytes[number(below: bytes.count)] = UInt8(truncatingIfNeeded: next()) }
        return Array(bytes.prefix(number(below: bytes.count + 1)))
    }

    mutating func request(_ relay: LoopbackRelay, _ sessions: [String]) -> Request {
        let methods = [
            "OPTIONS", "DESCRIBE", "SETUP", "SETUP", "SETUP", "PLAY", "PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER",
            "SET_PARAMETER", "ANNOUNCE", "RECORD", "BREW",
        ]
        let paths = [
            "gate", "gate/", "gate/trackID=0", "gate/trackID=1", "gate?x/trackID=1", "gate/trackID=9",
            "gate/trackID=-1",
            "nowhere", "", "../gate", "gate/%00", "stream=0", "gate//trackID=1", "g%61te/trackID=0",
        ]
        let optional: [(String, [String])] = [
            ("Session", sessions),
            (
                "Transport",
                [
                    "RTP/AVP/TCP;unicast;interleaved=0-1", "RTP/AVP/TCP;interleaved=2-3", "RTP/AVP/TCP",
                    "RTP/AVP;unicast;client_port=40000-40001", "RTP/AVP;client_port=1-2", "RTP/AVP;multicast", "",
                    ",,;",
                    "RTP/AVP/TCP;interleaved=255-256", "RTP/AVP;client_port=65535", "RTP/SAVP;unicast",
                ]
            ),
            ("Range", ["npt=0-", "npt=now-", "npt=9-1", "clock=x", "", "smpte=0:0:0-"]),
            ("Accept", ["application/sdp", "text/html", ";;,"]),
            ("Scale", ["1", "-1", "x"]),
        ]
        let uri = isOneIn(12) ? one(of: ["*", "/gate", "gate", "rtsp://", "\u{e9}"]) : relay.url(one(of: paths))
        var headers: [(String, String)] = []
        for (name, values) in optional where !isOneIn(3) { headers.append((name, one(of: values))) }
        if isOneIn(20) { headers.append(("Require", "x")) }
        let body = isOneIn(6) ? one(of: ["jitter\r\n", "\r\n", "v=0\r\n"]) : ""
        return Request(method: one(of: methods), uri: uri, headers: headers, body: body)
    }
}
