import NIOCore
import TestSupport
import Testing

/// The forms in which players write the URL of a track, and what they sign.
@Suite struct SetupURLTests {
    @Test(
        "M2 SETUP finds its track by every form of URL, whatever form an Authorization header signs",
        arguments: [
            ("%/gate/trackID=0", "%/gate/"), ("%/gate/trackID=0", "%/gate"), ("%/gate/trackID=0", "/gate/trackID=0"),
            ("%/gate//trackID=0", "trackID=0"), ("%//gate/trackID=0/", "*"), ("/gate/trackID=0", "%/gate/"),
            ("gate/trackID=0", ""),
        ])
    func forms(uri: String, signed: String) async throws {
        try await LoopbackRelay.run { relay, _ in
            let root = "rtsp://127.0.0.1:\(relay.port)"
            let viewer = try await relay.viewer()
            let credentials = """
                Digest username="u", realm="r", nonce="n", uri="\(signed.replacing("%", with: root))", \
                response="00000000000000000000000000000000"
                """
            let answer = try await viewer.request(
                "SETUP", uri.replacing("%", with: root),
                [("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1"), ("Authorization", credentials)])
            #expect(answer.status == 200)
            #expect(answer.session?.isEmpty == false)
        }
    }
}
