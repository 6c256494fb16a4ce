import Media
import NIOCore
import RTSP
import Testing

@Suite struct PlayClientMulticastTests {
    private static let answer =
        "RTP/AVP;multicast;destination=239.1.2.3;ttl=4;port=5004-5005;source=10.0.0.1;mode=\"PLAY\""
    private static let group = PlayClientPath.group(
        address: "239.1.2.3", ports: PortPair(rtp: 5004, rtcp: 5005), source: "10.0.0.1")

    @Test("E15 multicast is asked for without ports, and the answer's group is the path")
    func asked() throws {
        let dialogue = try PlayDialogue(over: .udp, isMulticast: true)
        dialogue.describe()
        #expect(dialogue.asked?.method == .setup)
        #expect(dialogue.asked?.headers["Transport"] == "RTP/AVP;multicast")
        dialogue.answer(200, ["Session": "1", "Transport": Self.answer])
        #expect(dialogue.asked?.method == .play)
        #expect(dialogue.tracks.map(\.path) == [Self.group])
    }

    @Test("E15 a camera that answers unicast UDP with its group is taken at its word")
    func unasked() throws {
        let dialogue = try PlayDialogue(over: .udp)
        dialogue.describe()
        dialogue.answer(200, ["Session": "1", "Transport": Self.answer])
        #expect(dialogue.tracks.map(\.path) == [Self.group])
    }

    @Test("E15 what the answer leaves out the description tells")
    func described() throws {
        let dialogue = try PlayDialogue(over: .udp, isMulticast: true)
        dialogue.describe("c=IN IP4 239.9.9.9/16\r\nm=video 6000 RTP/AVP 96\r\na=control:v\r\n")
        dialogue.answer(200, ["Session": "1", "Transport": "RTP/AVP;multicast"])
        let path = PlayClientPath.group(address: "239.9.9.9", ports: PortPair(rtp: 6000, rtcp: 6001), source: nil)
        #expect(dialogue.tracks.map(\.path) == [path])
    }

    @Test(
        "E15 an answer without a group, or with another transport, is refused",
        arguments: [
            ("RTP/AVP;multicast", PlayClientError.noGroup), ("RTP/AVP;multicast;destination=239.1.2.3", .noGroup),
            ("RTP/AVP;unicast;client_port=6000-6001", .transportRefused(offered: .udp)),
            ("RTP/AVP/TCP;unicast;interleaved=0-1", .transportRefused(offered: .tcp)),
        ])
    func refused(transport: String, error: PlayClientError) throws {
        let dialogue = try PlayDialogue(over: .udp, isMulticast: true)
        dialogue.describe()
        #expect(dialogue.answer(200, ["Session": "1", "Transport": transport]).error == error)
    }

    @Test("A group in answer to TCP is refused")
    func overTCP() throws {
        let dialogue = try PlayDialogue()
        dialogue.describe()
        let answered = dialogue.answer(200, ["Session": "1", "Transport": Self.answer])
        #expect(answered.error == .transportRefused(offered: .udp))
    }
}
