import RTSPTransport
import Testing

@testable import Egress

@Suite("Where a movie is broadcast to")
struct BroadcastTargetTests {
    private static func address(_ text: String) throws -> DatagramPushTarget? {
        guard case .address(let target) = try BroadcastTarget(parsing: text) else { return nil }
        return target
    }

    @Test("rtp:// is an address or a name and an even port, with ttl and interface behind a question mark")
    func addresses() throws {
        let group = try #require(try Self.address("rtp://239.1.1.1:5004?ttl=8&interface=eth0"))
        #expect(group.host == "239.1.1.1" && group.port == 5004)
        #expect(group.sending == MulticastSending(ttl: 8, interface: "eth0"))
        #expect(try Self.address("RTP://decoder.lan:5006/")?.host == "decoder.lan")
        #expect(try Self.address("rtp://[ff15::1]:65000")?.host == "ff15::1")
    }

    @Test("rtsp:// and rtsps:// are servers, with an account")
    func servers() throws {
        for text in ["rtsp://u:p%20w@relay:8554/studio?x=1", "rtsps://u:p%20w@relay:8554/studio?x=1"] {
            guard case .server(let url) = try BroadcastTarget(parsing: text) else {
                Issue.record("no server")
                continue
            }
            #expect(url.credentials?.username == "u" && url.pathAndQuery == "/studio?x=1")
        }
    }

    @Test(
        "Anything else is refused, and what is said of it never has a password",
        arguments: [
            "", "movie.sdp", "http://u:secret@relay/x", "rtsp+http://u:secret@relay/x", "rtsp://u:secret@", "rtp://",
            "rtp://239.1.1.1", "rtp://239.1.1.1:5005", "rtp://u:secret@239.1.1.1:5004", "rtp://0.0.0.0:5004",
            "rtp://[::]:5004", "rtp://239.1.1.1:5004/secret", "rtp://239.1.1.1:5004?ttl=256", "rtp://h:5004?ttl",
            "rtp://h:5004?secret=1", "rtp://h:70000", "rtp://h:5004?interface=", "rtp://127.0.0.1:5004?ttl=8",
            "rtp://[::1]:5004?interface=eth0",
        ])
    func refused(text: String) throws {
        let error = #expect(throws: BroadcastError.self) { try BroadcastTarget(parsing: text) }
        #expect(error?.description.contains("secret") == false)
    }
}
