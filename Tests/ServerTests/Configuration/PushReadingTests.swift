import Egress
import Media
import RTSP
import Testing

@testable import Server

@Suite("What is pushed, and where to")
struct PushReadingTests {
    private static let cameras = """
        cameras:
          gate: {main: "rtsp://h/1", sub: "rtsp://h/2", groups: [docks, perimeter]}
          yard: {main: "rtsp://h/3", groups: docks}
          van: {publish: true}
          in/*: {publish: true}
        push:
          hq:

        """

    private func pushes(_ text: String) throws -> [PushConfiguration] {
        try load(Self.cameras.dropLast() + "    \(text)\n").pushes
    }

    private func urls(_ text: String) throws -> [String] {
        try pushes(text).map { push in
            switch push.target {
            case .rtsp(let target): "\(push.path) \(target.url)"
            case .datagrams(let target): "\(push.path) \(target)"
            }
        }
    }

    private func error(_ text: String) -> String {
        errors(Self.cameras.dropLast() + "    \(text)\n").joined(separator: "\n")
    }

    @Test("cameras are meant by name, by group, or all at once, each once and in the order of the file")
    func chosen() throws {
        #expect(
            try urls("{to: \"rtsp://s:1/x/{camera}\", cameras: [yard, gate]}") == [
                "gate rtsp://s:1/x/gate", "yard rtsp://s:1/x/yard",
            ])
        #expect(try urls("{to: \"rtsp://s/{camera}\", cameras: gate}") == ["gate rtsp://s/gate"])
        #expect(try urls("{to: \"rtsp://s/{camera}\", cameras: [group:perimeter, gate]}") == ["gate rtsp://s/gate"])
        #expect(try urls("{to: \"rtsp://s/{camera}\", cameras: [\"group:docks\"]}").count == 2)
        #expect(try pushes("{to: \"rtsp://s/{camera}\", cameras: \"*\"}").map(\.path) == ["gate", "yard", "van"])
    }

    @Test("a sub stream goes where there is one; a camera without one is refused by name and left out of many")
    func sub() throws {
        #expect(
            try urls("{to: \"rtsp://s/{camera}\", cameras: \"*\", stream: sub}") == ["gate/sub rtsp://s/gate"])
        #expect(error("{to: \"rtsp://s/{camera}\", cameras: yard, stream: sub}").contains("a camera with a sub stream"))
    }

    @Test("the account, the certificate, the transport and the time-out are those of the entry")
    func settings() throws {
        let fingerprint = "sha256:" + String(repeating: "ab", count: 32)
        let pinned = try #require(CertificateFingerprint(fingerprint))
        let push = try #require(
            try pushes(
                "{to: \"rtsps://s/{camera}\", cameras: gate, username: u, password: p, fingerprint: \"\(fingerprint)\", timeout: 3s}"
            ).first)
        #expect(
            push
                == PushConfiguration(
                    name: "hq", path: "gate",
                    target: .rtsp(
                        RTSPPushTarget(
                            url: "rtsps://s/gate", username: "u", password: Secret("p"), trust: .fingerprint(pinned),
                            timeout: .seconds(3)))))
        guard case .rtsp(let target) = try pushes("{to: \"rtsp://s/x\", cameras: gate, transport: udp}").first?.target
        else {
            Issue.record("no push to a server")
            return
        }
        #expect(target.transport == .udp && target.trust == .authorities)
    }

    @Test("what is wrong is refused where it stands, with what to do")
    func wrong() {
        #expect(error("{to: \"rtsp://s/{camera}\", cameras: gat}").contains("did you mean gate?"))
        #expect(error("{to: \"rtsp://s/{camera}\", cameras: [\"group:dock\"]}").contains("did you mean docks?"))
        #expect(error("{to: \"rtsp://s/{camera}\", cameras: []}").contains("push.hq.cameras: found no camera"))
        #expect(
            errors(
                "cameras: {a: {main: \"rtsp://h/1\"}}\npush: {hq: {to: \"rtsp://s/x\", cameras: \"*\", stream: sub}}"
            )
            .first?.contains("found no camera with a sub stream") == true)
        #expect(error("{to: \"rtsp://s/{camera}\", cameras: in/*}").contains("stands for many paths"))
        #expect(error("{cameras: gate}").contains("push.hq.to: found nothing"))
        #expect(error("{to: \"rtsp://s/{camera}\"}").contains("push.hq.cameras: found nothing"))
        #expect(
            error("{to: \"rtsp://s/x\", cameras: [gate, yard]}").contains("gate and yard to the same place"))
        #expect(error("{to: \"rtsp://s/{name}\", cameras: gate}").contains("{camera} is the only hole"))
        #expect(error("{to: \"http://s/{camera}\", cameras: gate}").contains("rtsps://"))
        #expect(error("{to: \"rtsp://{camera}/x\", cameras: gate}").contains("{camera} in the path"))
        #expect(error("{to: \"rtsps://s/x\", cameras: gate, transport: udp}").contains("media stay inside of TLS"))
        #expect(error("{to: \"rtsp://s/x\", cameras: gate, verify: false}").contains("verify without TLS"))
        #expect(error("{to: \"rtsp://s/x\", cameras: gate, password: p}").contains("a user name for the password"))
        #expect(error("{to: \"rtsp://s/x\", cameras: gate, linger: 3s}").contains("unknown key \"linger\""))
        #expect(error("{to: \"rtsp://s/x\", cameras: gate, stream: third}").contains("main, sub"))
        #expect(errors("cameras: {a: {main: \"rtsp://h/1\", groups: [\"a b\"]}}").first?.contains("groups[0]") == true)
    }

    @Test("two entries may not send two cameras to one place either")
    func twoEntries() {
        let text = """
            cameras: {a: {main: "rtsp://h/1"}, b: {main: "rtsp://h/2"}}
            push:
              one: {to: "rtsp://s/x", cameras: a}
              two: {to: "rtsp://s/x", cameras: b}
            """
        #expect(
            errors(text) == [
                "relays.yaml:4:13: push.two.to: found a and b to the same place, expected a place of its own for each; put {camera} into the URL, where the camera's name is to stand"
            ])
    }

    @Test(
        "one place is one place in whatever spelling; another path, port or case of the path is another",
        arguments: [
            ("rtsp://S:554/x", true), ("RTSP://s/x", true), ("rtsps://s:554/x", true), ("rtsp://s:555/x", false),
            ("rtsps://s/x", false), ("rtsp://s/X", false), ("rtsp://s/x?y", false),
        ])
    func spellings(_ other: String, _ isSame: Bool) {
        let text = """
            cameras: {a: {main: "rtsp://h/1"}, b: {main: "rtsp://h/2"}}
            push:
              one: {to: "rtsp://s/x", cameras: a}
              two: {to: "\(other)", cameras: b}
            """
        let found = isSame ? errors(text).joined() : (try? load(text)).map { _ in "" } ?? "not loaded"
        #expect(isSame == found.contains("a and b to the same place"), "\(found)")
        #expect(isSame || found.isEmpty)
    }

    @Test("a password in the URL is refused and not shown, and neither the summary nor an error shows another")
    func secrets() throws {
        let refused = error("{to: \"rtsp://u:hunter2@s/{camera}\", cameras: gate}")
        #expect(refused.contains("write username: and password: beside the URL") && !refused.contains("hunter2"))
        for to in [
            "rtsp://h/{camera}?password=hunter2{", "rtsp://h/{camera}?streamkey=hunter2&x={y}", "http://h/?jwt=hunter2",
            "rtp://h:5004?token=hunter2",
        ] {
            let wrong = error("{to: \"\(to)\", cameras: gate}")
            #expect(wrong.contains("push.hq.to") && !wrong.contains("hunter2"), "\(wrong)")
        }
        let relay = try load(
            Self.cameras.dropLast()
                + "    {to: \"rtsp://s/{camera}?key=hunter2\", cameras: gate, username: u, password: hunter3}\n")
        #expect(relay.summary.contains("1 push\n  hq: gate  to rtsp://s/gate?key=*** (tcp)"))
        #expect(!"\(relay.pushes)".contains("hunter"))
    }

    @Test("a camera with errors of its own is no unknown one, nor are its groups")
    func brokenCamera() {
        let found = errors(
            "cameras: {a: {main: \"http://h/1\", groups: [g]}, b: {main: \"rtsp://h/2\"}}\npush: {hq: {to: \"rtsp://s/{camera}\", cameras: [a, \"group:g\"]}}\n"
        )
        #expect(found.count == 1, "\(found)")
    }
}
