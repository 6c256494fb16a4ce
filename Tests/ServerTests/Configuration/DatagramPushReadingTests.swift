import Egress
import RTSPTransport
import Testing

@testable import Server

@Suite("What is sent to addresses, by relays.yaml")
struct DatagramPushReadingTests {
    private static let cameras = """
        cameras:
          gate: {main: "rtsp://h/1", groups: [docks]}
          yard: {main: "rtsp://h/3", groups: [docks]}
        push:

        """

    private func pushes(_ entries: String...) throws -> [PushConfiguration] {
        let lines = entries.enumerated().map { "  e\($0): \($1)\n" }.joined()
        return try load(Self.cameras + lines, file: "/etc/relays.yaml").pushes
    }

    private func error(_ entries: String...) -> String {
        let lines = entries.enumerated().map { "  e\($0): \($1)\n" }.joined()
        return errors(Self.cameras + lines).joined(separator: "\n")
    }

    @Test("A group has its TTL, its interface and its description's file, which is named by the camera")
    func group() throws {
        let push = try pushes(
            "{to: \"udp://239.70.0.1:5004\", cameras: gate, ttl: 8, interface: eth1, sdp: \"out/{camera}.sdp\"}")
        let target = DatagramPushTarget(
            host: "239.70.0.1", port: 5004, sending: MulticastSending(ttl: 8, interface: "eth1"),
            descriptionFile: "/etc/out/gate.sdp")
        #expect(push == [PushConfiguration(name: "e0", path: "gate", target: .datagrams(target))])
    }

    @Test("A target has the tracks for which there are ports below the next one on the same host")
    func room() throws {
        let pushes = try pushes(
            "{to: \"rtp://10.0.0.1:5008\", cameras: gate}", "{to: \"rtp://10.0.0.1:5004\", cameras: yard}",
            "{to: \"rtp://10.0.0.2:5004\", cameras: yard}")
        let tracks = pushes.map { push in
            if case .datagrams(let target) = push.target { target.mostTracks } else { 0 }
        }
        #expect(tracks == [16, 2, 16])
    }

    @Test("Two cameras that would meet, and settings that would come to nothing, are refused where they stand")
    func wrong() {
        #expect(
            error("{to: \"rtp://10.0.0.1:5004\", cameras: group:docks}").contains("one camera for these ports, not 2"))
        let close = error(
            "{to: \"rtp://10.0.0.1:5004\", cameras: gate}", "{to: \"rtp://10.0.0.1:5006\", cameras: yard}")
        #expect(close.contains("push.e1.to") && close.contains("that rtp://10.0.0.1:5004 does not reach"))
        #expect(
            error(
                "{to: \"rtp://10.0.0.1:5004\", cameras: gate, sdp: x.sdp}",
                "{to: \"rtp://10.0.0.2:5004\", cameras: yard, sdp: x.sdp}"
            ).contains("another entry writes it"))
        #expect(error("{to: \"rtp://10.0.0.1:5004\", cameras: gate, ttl: 3}").contains("ttl for one receiver"))
        #expect(
            error("{to: \"rtp://239.1.1.1:5004\", cameras: gate, username: u}").contains("username where no server"))
        #expect(error("{to: \"rtsp://s/x\", cameras: gate, sdp: x.sdp}").contains("sdp for a server"))
        #expect(error("{to: \"rtp://239.1.1.1:5004\", cameras: gate, ttl: 256}").contains("from 0 to 255"))
        #expect(error("{to: \"rtp://239.1.1.1:5005\", cameras: gate}").contains("an even port"))
    }

    @Test("Two spellings of one address are one, and groups that viewers are sent are nobody else's")
    func sameGroup() throws {
        let spelled = error(
            "{to: \"rtp://[ff15::1]:5004\", cameras: gate}", "{to: \"rtp://[ff15:0::1]:5006\", cameras: yard}")
        #expect(spelled.contains("that rtp://[ff15::1]:5004 does not reach"))
        let listen = "listen: {multicast: {addresses: 239.64.0.1-239.64.0.9, ports: 8002-8033}}\n" + Self.cameras
        func entry(_ to: String) -> String { listen + "  e0: {to: \"\(to)\", cameras: gate}\n" }
        for to in ["rtp://239.64.0.9:8032", "rtp://239.64.0.1:8000"] {
            let found = errors(entry(to)).joined(separator: "\n")
            #expect(found.contains("push.e0.to") && found.contains("a group that listen.multicast does not use"))
        }
        for (to, most) in [
            ("rtp://239.64.0.10:8002", 16), ("rtp://239.64.0.0:8002", 16), ("rtp://239.64.0.1:8034", 16),
            ("rtp://239.64.0.1:7998", 2),
        ] {
            let target = try load(entry(to)).pushes.first?.target
            guard case .datagrams(let target) = target else {
                Issue.record("no target for \(to)")
                continue
            }
            #expect(target.mostTracks == most)
        }
    }

    @Test("check says where it goes")
    func summary() throws {
        let text = Self.cameras + "  wall: {to: \"udp://239.70.0.1:5004\", cameras: gate}\n"
        #expect(try load(text).summary.contains("wall: gate  to rtp://239.70.0.1:5004"))
    }
}
