import NIOCore
import RTSP
import Testing

@Suite struct PlayClientMutationTests {
    private static let headers: [(String, [String])] = [
        ("CSeq", ["1", "2", "3", "4", "99999999999999999999", "", "-1"]),
        ("Public", ["GET_PARAMETER", ",,,", ""]),
        ("Session", ["1", ";timeout=0", "x;timeout=99999999999999999999", ""]),
        (
            "Transport",
            [
                "RTP/AVP/TCP;interleaved=255-0", "RTP/AVP/TCP;interleaved=300", "RTP/AVP;server_port=65535-65535",
                "RTP/AVP;multicast;destination=239.0.0.1;port=1-2;ttl=300", "X", "",
            ]
        ),
        ("Location", ["rtsp://a", "rtsps://b/c", "http://x", "", "rtsp://"]),
        ("Content-Base", ["", "rtsp://", "////", "\u{0}", "rtsp://h:99999/"]),
        ("WWW-Authenticate", ["Basic realm=x", "Digest nonce=a", "Digest", "Digest nonce=b,stale=true", ""]),
    ]
    private static let bodies = [
        "", "m=video 0 RTP/AVP 96\r\n", "m=audio 0 RTP/AVP 0\r\nm=video 0 RTP/AVP 96 97\r\na=control:\r\n",
        String(repeating: "m=video 0 RTP/AVP 96\r\na=control:*\r\n", count: 64), "a=control:rtsp://\r\nm=x 0 RTP/AVP 1",
    ]
    private static let codes = [100, 200, 200, 200, 200, 299, 301, 302, 400, 401, 404, 454, 461, 500, 503, 551, 599]

    @Test("Four thousand conversations with a server out of its mind neither trap nor go on for ever")
    func madServer() throws {
        var state: UInt64 = 42
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for round in 0..<4_000 {
            let dialogue = try PlayDialogue("rtsp://u:p@h/x", over: round.isMultiple(of: 2) ? .tcp : .udp)
            var requests = 0
            for _ in 0..<40 {
                switch next(12) {
                case 0: _ = dialogue.machine.timedOut()
                case 1: _ = dialogue.keepalive()
                case 2: _ = dialogue.machine.requestReceived(RTSPRequest(.redirect, uri: "*"))
                default:
                    var headers = RTSPHeaders()
                    for (name, values) in Self.headers where next(2) == 0 { headers[name] = values[next(values.count)] }
                    if next(3) > 0 { headers["CSeq"] = dialogue.asked?.headers["CSeq"] }
                    let code = Self.codes[next(Self.codes.count)]
                    let result = dialogue.answer(code, headers, body: Self.bodies[next(Self.bodies.count)])
                    if case .send = result { requests += 1 }
                    #expect(dialogue.tracks.count <= 16)
                }
            }
            #expect(requests < 40)
            _ = dialogue.machine.stopRequested()
            _ = dialogue.machine.stopRequested()
            #expect(dialogue.isStopped)
        }
    }
}
