import Media
import NIOCore
import RTSPTransport
import Reflector
import TestSupport
import Testing

@testable import Egress

@Suite("Sessions by multicast", .enabled("\(LoopbackMulticast.comment)", LoopbackMulticast.works))
struct MulticastSessionTests {
    /// A viewer that has set up both tracks by multicast.
    private struct Watcher {
        let viewer: FakeViewer
        let url: String
        let session: String
        /// The answers to SETUP.
        let setups: [FakeViewer.Answer]

        init(_ relay: LoopbackRelay, extra: String = "") async throws {
            viewer = try await relay.viewer()
            url = relay.url("gate")
            let first = try await viewer.setUp(url, track: 0, transport: "RTP/AVP;multicast\(extra)")
            session = first.session ?? ""
            let second = try await viewer.setUp(url, track: 1, transport: "RTP/AVP;multicast\(extra)", session: session)
            setups = [first, second]
        }

        func play() async throws -> FakeViewer.Answer { try await viewer.play(url, session) }

        /// PLAY of a stream that is sent already, which is answered when the next packets come.
        func join(_ camera: SyntheticCamera) async throws -> FakeViewer.Answer {
            let isAnswered = Locked(false)
            let answer = Task {
                defer { isAnswered.change { $0 = true } }
                return try await play()
            }
            try await eventually("PLAY is answered") {
                try await camera.sendGroup(pictures: 2)
                return isAnswered.value
            }
            return try await answer.value
        }

        func ask(_ method: String) async throws -> Int {
            try await viewer.request(method, url, [("Session", session)]).status
        }
    }

    /// One group of its own, with ports for two tracks.
    private static func configuration(_ group: String) async throws -> (MulticastConfiguration, port: Int) {
        for _ in 0..<64 {
            let first = try await FreePorts.pair()
            guard let ports = MulticastPorts(first: first, last: first &+ 3) else { continue }
            let sending = MulticastSending(ttl: 3, interface: group.contains(":") ? "::1" : "127.0.0.1")
            let range = try MulticastRange(parsing: group)
            return (MulticastConfiguration(addresses: range, ports: ports, sending: sending), Int(first))
        }
        throw CancellationError()
    }

    private static func run(
        _ group: String, _ body: (LoopbackRelay, SyntheticCamera, _ port: Int, FakeGroupMember) async throws -> Void
    ) async throws {
        let (configuration, port) = try await configuration(group)
        let member = try await FakeGroupMember.join(group, port: port)
        try await LoopbackRelay.run(multicast: configuration) { relay, camera in
            try await body(relay, camera, port, member)
        }
        await member.leave()
    }

    @Test("All viewers of a stream are told one group and are sent it once, from where RTP-Info says")
    func oneSender() async throws {
        try await Self.run("239.255.78.1") { relay, camera, port, member in
            let first = try await Watcher(relay)
            let second = try await Watcher(relay)
            for (track, setup) in first.setups.enumerated() {
                #expect(setup.status == 200)
                let ssrc = setup.parameter("ssrc", of: "Transport") ?? ""
                let ports = "\(port + 2 * track)-\(port + 2 * track + 1)"
                #expect(
                    setup["Transport"] == "RTP/AVP;multicast;destination=239.255.78.1;port=\(ports);ttl=3;ssrc=\(ssrc)")
            }
            #expect(second.setups.map { $0["Transport"] } == first.setups.map { $0["Transport"] })
            #expect(try await camera.stream.viewerCount().get() == 0)
            try await camera.sendGroup()
            let answer = try await first.play()
            let packet = try #require(SeenPacket(try await member.media.next().bytes))
            #expect(answer.parameter("seq", of: "RTP-Info") == "\(packet.sequenceNumber)")
            #expect(answer.parameter("rtptime", of: "RTP-Info") == "\(packet.timestamp)")
            #expect(answer["RTP-Info"]?.contains("/trackID=1;seq=") == true)
            _ = try await member.control.next { holds(RTCPType.senderReport, $0.bytes) }

            // The second one joins what runs: the answer waits for the next packets, and names them.
            let begins = try await second.join(camera)
            let number = try #require(begins.parameter("seq", of: "RTP-Info").flatMap { UInt16($0) })
            #expect(number > packet.sequenceNumber)
            let named = try await member.media.next { SeenPacket($0.bytes)?.sequenceNumber == number }
            #expect(begins.parameter("rtptime", of: "RTP-Info") == SeenPacket(named.bytes).map { "\($0.timestamp)" })
            #expect(try await camera.stream.viewerCount().get() == 1)
            // Every packet came once.
            let numbers = member.media.elements.compactMap { SeenPacket($0.bytes)?.sequenceNumber }
            #expect(Set(numbers).count == numbers.count)
        }
    }
    @Test(
        "PAUSE and TEARDOWN of one leave the others what they have; the last one ends it with BYE, a closed connection too"
    )
    func leaving() async throws {
        try await Self.run("239.255.78.2") { relay, camera, _, member in
            let watchers = [try await Watcher(relay), try await Watcher(relay), try await Watcher(relay)]
            try await camera.sendGroup()
            #expect(try await watchers[0].play().status == 200)
            for watcher in watchers.dropFirst() { #expect(try await watcher.join(camera).status == 200) }
            #expect(try await watchers[0].ask("PAUSE") == 200)
            #expect(try await watchers[1].ask("TEARDOWN") == 200)
            let known = member.media.elements.count
            try await eventually("it goes on") {
                try await camera.sendPictures(1)
                return member.media.elements.count > known
            }
            await watchers[2].viewer.close()
            // One has paused: nothing is sent, and it is not told that all is over.
            try await camera.viewersLeft()
            #expect(!member.control.elements.contains { holds(RTCPType.goodbye, $0.bytes) })
            let answer = try await watchers[0].join(camera)
            #expect(answer.status == 200 && answer["RTP-Info"] != nil)
            #expect(try await watchers[0].ask("TEARDOWN") == 200)
            _ = try await member.control.next { holds(RTCPType.goodbye, $0.bytes) }
            try await camera.viewersLeft()
            let numbers = member.media.elements.compactMap { SeenPacket($0.bytes) }.filter { $0.payloadType == 96 }
            for (before, after) in zip(numbers, numbers.dropFirst()) {
                #expect(Int16(bitPattern: after.sequenceNumber &- before.sequenceNumber) > 0)
            }
        }
    }

    @Test("A viewer without a sign of life is forgotten, and the group falls silent")
    func silence() async throws {
        let configuration = PlayConfiguration(sessionTimeout: .seconds(4), sessionGrace: .zero)
        let (multicast, port) = try await Self.configuration("239.255.78.3")
        let member = try await FakeGroupMember.join("239.255.78.3", port: port)
        try await LoopbackRelay.run(configuration: configuration, multicast: multicast) { relay, camera in
            let watcher = try await Watcher(relay)
            try await camera.sendGroup()
            #expect(try await watcher.play().status == 200)
            _ = try await member.control.next { holds(RTCPType.goodbye, $0.bytes) }
            try await camera.viewersLeft()
            #expect(try await watcher.play().status == 454)
        }
        await member.leave()
    }

    @Test("The end of the stream ends the sessions of all, with BYE to the group")
    func streamEnds() async throws {
        try await Self.run("239.255.78.4") { relay, camera, _, member in
            let playing = try await Watcher(relay)
            let waiting = try await Watcher(relay)
            try await camera.sendGroup()
            #expect(try await playing.play().status == 200)
            try await camera.stream.close().get()
            _ = try await member.control.next { holds(RTCPType.goodbye, $0.bytes) }
            try await playing.viewer.closed()
            #expect(try await waiting.play().status == 503)
        }
    }

    @Test("A relay that takes the group has to ask again when the stream comes another way; other viewers stay")
    func otherWay() async throws {
        try await Self.run("239.255.78.9") { relay, camera, _, member in
            let watcher = try await Watcher(relay)
            let next = try await relay.viewer()
            let headers = [("Transport", "RTP/AVP;multicast"), ("Via", "RTSP/1.0 heliograph-1")]
            let setup = try await next.request("SETUP", relay.url("gate/trackID=0"), headers)
            try await camera.sendGroup()
            #expect(try await watcher.play().status == 200)
            let playing = Task { try await next.play(relay.url("gate"), setup.session ?? "") }
            try await eventually("both are there") {
                try await camera.sendPictures(1)
                return try await camera.stream.viewerCount().get() == 2
            }
            #expect(try await playing.value.status == 200)
            try await camera.leave()
            let tracks = [SyntheticCamera.video, SyntheticCamera.audio]
            let other = try await SyntheticCamera(
                stream: camera.stream, tracks: tracks, via: RelayChain(["another"]))
            try await next.closed()
            let known = member.media.elements.count
            try await eventually("it goes on") {
                try await other.sendGroup()
                return member.media.elements.count > known
            }
            #expect(try await watcher.ask("TEARDOWN") == 200)
        }
    }

    @Test("A relay that pauses counts for nobody, and is watched over again when it plays")
    func pausedRelay() async throws {
        try await Self.run("239.255.78.10") { relay, camera, _, _ in
            let next = try await relay.viewer()
            let headers = [("Transport", "RTP/AVP;multicast"), ("Via", "RTSP/1.0 heliograph-1")]
            let setup = try await next.request("SETUP", relay.url("gate/trackID=0"), headers)
            let session = setup.session ?? ""
            try await camera.sendGroup()
            for _ in 0..<2 {
                #expect(try await next.play(relay.url("gate"), session).status == 200)
                try await eventually("sent and watched over") { try await camera.stream.viewerCount().get() == 2 }
                #expect(try await next.request("PAUSE", relay.url("gate"), [("Session", session)]).status == 200)
                try await camera.viewersLeft()
                try await camera.sendGroup()
            }
        }
    }

    @Test("S36 where a viewer wants it sent, and how far, is not listened to")
    func destination() async throws {
        try await Self.run("239.255.78.5") { relay, _, port, _ in
            let watcher = try await Watcher(
                relay, extra: ";destination=239.9.9.9;port=\(port + 100)-\(port + 101);ttl=99")
            #expect(watcher.setups[0].parameter("destination", of: "Transport") == "239.255.78.5")
            #expect(watcher.setups[0].parameter("port", of: "Transport") == "\(port)-\(port + 1)")
            #expect(watcher.setups[0].parameter("ttl", of: "Transport") == "3")
        }
    }

    @Test("453 while every group is held by other streams, 461 for a track without ports and for half a session")
    func refused() async throws {
        try await Self.run("239.255.78.6") { relay, _, _, _ in
            let other = try await relay.addCamera("yard", tracks: Array(repeating: SyntheticCamera.audio, count: 3))
            let watcher = try await Watcher(relay)
            let url = relay.url("yard")
            let second = try await relay.viewer()
            #expect(try await second.setUp(url, track: 0, transport: "RTP/AVP;multicast").status == 453)
            #expect(try await second.request("DESCRIBE", url + "?multicast").status == 453)
            let both = try await second.setUp(url, track: 0, transport: "RTP/AVP;multicast,RTP/AVP/TCP")
            #expect(both["Transport"]?.hasPrefix("RTP/AVP/TCP;unicast;interleaved=0-1") == true)
            let session = both.session ?? ""
            #expect(try await watcher.ask("TEARDOWN") == 200)
            try await eventually("the group is free") {
                try await second.request("DESCRIBE", url + "?multicast").status == 200
            }
            // One track goes one way already.
            let half = try await second.setUp(url, track: 1, transport: "RTP/AVP;multicast", session: session)
            #expect(half.status == 461)
            let third = try await relay.viewer()
            #expect(try await third.setUp(url, track: 2, transport: "RTP/AVP;multicast").status == 461)
            #expect(try await third.setUp(url, track: 0, transport: "RTP/AVP;multicast").status == 200)
            try await other.leave()
        }
    }

    @Test("A second SETUP by another way gives the group back")
    func setupAgain() async throws {
        try await Self.run("239.255.78.7") { relay, camera, _, member in
            let viewer = try await relay.viewer()
            let url = relay.url("gate")
            let first = try await viewer.setUp(url, track: 0, transport: "RTP/AVP;multicast")
            let again = try await viewer.setUp(url, track: 0, session: first.session)
            #expect(again.status == 200)
            _ = try await relay.addCamera("yard", tracks: [SyntheticCamera.audio])
            let other = try await relay.viewer()
            try await eventually("the group is free") {
                try await other.setUp(relay.url("yard"), track: 0, transport: "RTP/AVP;multicast").status == 200
            }
            try await camera.sendGroup()
            #expect(try await viewer.play(url, first.session ?? "").status == 200)
            _ = try await viewer.frames.next { $0.channel == 0 }
            #expect(member.media.elements.isEmpty)
        }
    }

    @Test(
        "M1 who asks for it in the URL is described the group and its ports, and nothing is sent for that",
        arguments: ["?multicast", "?vlcmulticast", "?token=x&vlcmulticast=1"])
    func describe(_ query: String) async throws {
        try await Self.run("239.255.78.8") { relay, camera, port, member in
            let viewer = try await relay.viewer()
            let answer = try await viewer.request("DESCRIBE", relay.url("gate") + query)
            #expect(answer.status == 200)
            let lines = answer.body.split(separator: "\r\n").map(String.init)
            #expect(lines.contains("c=IN IP4 239.255.78.8/3"))
            let media = lines.filter { $0.hasPrefix("m=") }
            #expect(media == ["m=video \(port) RTP/AVP 96", "m=audio \(port + 2) RTP/AVP 0"])
            #expect(try await camera.stream.viewerCount().get() == 0)
            // And it is set up from there.
            let base = try #require(answer["Content-Base"])
            let transport = "RTP/AVP;multicast;port=\(port)-\(port + 1)"
            let setup = try await viewer.request("SETUP", "\(base)trackID=0", [("Transport", transport)])
            try await camera.sendGroup()
            let session = [("Session", setup.session ?? "")]
            let played = try await viewer.request("PLAY", base, session)
            #expect(played.status == 200)
            let packet = try #require(SeenPacket(try await member.media.next().bytes))
            #expect(played.parameter("seq", of: "RTP-Info") == "\(packet.sequenceNumber)")
            // Others are described what they always were.
            let plain = try await viewer.request("DESCRIBE", relay.url("gate"))
            #expect(plain.body.contains("c=IN IP4 0.0.0.0\r\n") && plain.body.contains("m=video 0 RTP/AVP 96"))
        }
    }

    @Test("An IPv6 group is told as it is, and without a TTL where a description has none")
    func version6() async throws {
        let (configuration, port) = try await Self.configuration("ff15::7801")
        try await LoopbackRelay.run(multicast: configuration) { relay, _ in
            let watcher = try await Watcher(relay)
            #expect(watcher.setups[1].parameter("destination", of: "Transport") == "ff15::7801")
            #expect(watcher.setups[1].parameter("port", of: "Transport") == "\(port + 2)-\(port + 3)")
            let described = try await watcher.viewer.request("DESCRIBE", relay.url("gate?multicast"))
            #expect(described.body.contains("c=IN IP6 ff15::7801\r\n"))
        }
    }
}

@Suite("What multicast needs")
struct MulticastRequirementTests {
    @Test("Without groups it is refused with 461, so that a player goes on with TCP, and nobody is described any")
    func without() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            let setup = try await viewer.setUp(relay.url("gate"), track: 0, transport: "RTP/AVP;multicast")
            #expect(setup.status == 461)
            let both = try await viewer.setUp(
                relay.url("gate"), track: 0, transport: "RTP/AVP;multicast,RTP/AVP/TCP;interleaved=0-1")
            #expect(both.status == 200)
            let answer = try await viewer.request("DESCRIBE", relay.url("gate?multicast"))
            #expect(answer.body.contains("c=IN IP4 0.0.0.0\r\n"))
        }
    }

    @Test("An interface that is not there costs multicast alone: PLAY is answered 503 until it comes")
    func interface() async throws {
        let configuration = MulticastConfiguration(
            addresses: try MulticastRange(parsing: "239.64.0.1"), sending: MulticastSending(interface: "nowhere0"))
        try await LoopbackRelay.run(multicast: configuration) { relay, camera in
            let viewer = try await relay.viewer()
            let setup = try await viewer.setUp(relay.url("gate"), track: 0, transport: "RTP/AVP;multicast")
            #expect(setup.status == 200)
            try await camera.sendGroup()
            #expect(try await viewer.play(relay.url("gate"), setup.session ?? "").status == 503)
        }
    }
}
