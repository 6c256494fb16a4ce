import NIOCore
import Reflector
import TestSupport
import Testing

@testable import Egress

/// Sessions over the RTSP connection.
@Suite struct PlaySessionTests {
    @Test("S11 S21 S22 a viewer sets both tracks up and gets them on the channels it asked for, behind the answer")
    func play() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let url = relay.url("gate")
            let first = try await viewer.setUp(url, track: 0, transport: "RTP/AVP/TCP;unicast;interleaved=0-1")
            #expect(first.status == 200)
            #expect(first["Session"]?.hasSuffix(";timeout=60") == true)
            let session = try #require(first.session)
            let transport = "RTP/AVP/TCP;unicast;interleaved=6-7"
            let second = try await viewer.setUp(url, track: 1, transport: transport, session: session)
            #expect(second.session == session)
            #expect(second.parameter("interleaved", of: "Transport") == "6-7")
            try await camera.sendGroup()
            let answer = try await viewer.play(relay.url("gate/"), session, [("Range", "npt=0.000-")])
            #expect(answer.status == 200)
            #expect(answer.session == session)
            #expect(answer["Range"] == "npt=now-")
            #expect(answer.framesBefore == 0)
            for (channel, setup) in [(UInt8(0), first), (UInt8(6), second)] {
                let frame = try await viewer.frames.next { $0.channel == channel }
                let packet = try #require(SeenPacket(frame.payload))
                let ssrc = setup.parameter("ssrc", of: "Transport").flatMap { UInt32($0, radix: 16) }
                #expect(packet.ssrc == ssrc)
            }
            #expect(viewer.frames.elements.allSatisfy { [0, 1, 6, 7].contains($0.channel) })
        }
    }

    @Test("S17 RTP-Info names each track as the viewer did, with the sequence and time of its first packet")
    func rtpInfo() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let url = relay.url("gate")
            let session = try await viewer.setUpBoth(url)
            try await camera.sendGroup()
            let entries = try await viewer.play(url, session)["RTP-Info"].map { $0.split(separator: ",") } ?? []
            #expect(entries.count == 2)
            for (track, entry) in entries.enumerated() {
                let frame = try await viewer.frames.next { $0.channel == UInt8(2 * track) }
                let packet = try #require(SeenPacket(frame.payload))
                #expect(
                    entry == "url=\(url)/trackID=\(track);seq=\(packet.sequenceNumber);rtptime=\(packet.timestamp)")
            }
        }
    }

    @Test("PLAY is answered without RTP-Info where the source is silent, and what comes later flows")
    func silentSource() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let session = try await viewer.setUpBoth(relay.url("gate"))
            let answer = try await viewer.play(relay.url("gate"), session)
            #expect(answer.status == 200)
            #expect(answer["RTP-Info"] == nil)
            try await camera.sendGroup()
            _ = try await viewer.frames.next { $0.channel == 0 }
        }
    }

    @Test(
        "M3 the track may stand before the query or behind it",
        arguments: ["gate?token=x/trackID=1", "gate/trackID=1?token=x", "gate/trackID=1/", "gate/trackid=1"]
    )
    func trackForms(path: String) async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let answer = try await viewer.request("SETUP", relay.url(path), [("Transport", "RTP/AVP/TCP")])
            #expect(answer.status == 200)
            try await camera.sendGroup()
            let play = try await viewer.play(relay.url("gate?token=x"), answer.session ?? "")
            #expect(play.parameter("url", of: "RTP-Info") == relay.url(path))
            let frame = try await viewer.frames.next { $0.channel == 0 }
            #expect(SeenPacket(frame.payload)?.payloadType == 0)
        }
    }

    @Test("M10 a viewer that sets up the video alone gets the video alone")
    func subset() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let session = try await viewer.setUp(relay.url("gate"), track: 0).session ?? ""
            try await camera.sendGroup(pictures: 3)
            let answer = try await viewer.play(relay.url("gate"), session)
            #expect(answer["RTP-Info"]?.split(separator: ",").count == 1)
            for _ in 0..<3 { _ = try await viewer.frames.next { $0.channel == 0 } }
            try await camera.sendGroup(pictures: 3)
            for _ in 0..<3 { _ = try await viewer.frames.next { $0.channel == 0 } }
            #expect(viewer.frames.elements.allSatisfy { $0.channel == 1 && holds(RTCPType.senderReport, $0.payload) })
        }
    }

    @Test("M11 who asks for no channels is told those it gets")
    func channelsTold() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            let first = try await viewer.setUp(relay.url("gate"), track: 0, transport: "RTP/AVP/TCP")
            #expect(first.parameter("interleaved", of: "Transport") == "0-1")
            let second = try await viewer.setUp(
                relay.url("gate"), track: 1, transport: "RTP/AVP/TCP", session: first.session)
            #expect(second.parameter("interleaved", of: "Transport") == "2-3")
        }
    }

    @Test("S18 after PAUSE nothing flows, and PLAY goes on at the live edge")
    func pause() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let url = relay.url("gate")
            let session = try await viewer.setUpBoth(url)
            try await camera.sendGroup()
            _ = try await viewer.play(url, session)
            let before = try #require(SeenPacket(try await viewer.frames.next { $0.channel == 0 }.payload))
            let paused = try await viewer.request("PAUSE", url, [("Session", session)])
            #expect(paused.status == 200)
            try await camera.sendGroup()
            let alive = try await viewer.request("GET_PARAMETER", url, [("Session", session)])
            #expect(alive.framesBefore == paused.framesBefore)
            try await camera.sendGroup()
            #expect(try await viewer.play(url, session).status == 200)
            let last = try await viewer.video(from: before.sequenceNumber &+ 5)
            #expect(last.sequenceNumber == before.sequenceNumber &+ 10)
            #expect(last.ssrc == before.ssrc)
        }
    }

    @Test("S26 PAUSE behind a packet of audio alone does not let the pictures begin again at the group's start")
    func pauseBehindAudio() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let url = relay.url("gate")
            let session = try await viewer.setUpBoth(url)
            try await camera.sendGroup()
            _ = try await viewer.play(url, session)
            let first = try #require(SeenPacket(try await viewer.frames.next { $0.channel == 0 }.payload))
            try await camera.sendAudio()
            _ = try await viewer.video(from: first.sequenceNumber &+ 4)
            #expect(try await viewer.request("PAUSE", url, [("Session", session)]).status == 200)
            let seen = viewer.frames.elements.count
            // The start will hold the audio of the last moments only.
            try await camera.sendAudio(after: .milliseconds(200))
            #expect(try await viewer.play(url, session).status == 200)
            try await camera.sendGroup()
            _ = try await viewer.video(from: first.sequenceNumber &+ 9)
            let numbers = viewer.frames.elements.dropFirst(seen).filter { $0.channel == 0 }
                .compactMap { SeenPacket($0.payload)?.sequenceNumber }
            #expect(numbers.allSatisfy { Int16(bitPattern: $0 &- first.sequenceNumber) >= 5 }, "\(numbers)")
        }
    }

    @Test("M13 PLAY twice is answered twice and disturbs nothing")
    func playTwice() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let url = relay.url("gate")
            let session = try await viewer.setUpBoth(url)
            try await camera.sendGroup()
            #expect(try await viewer.play(url, session).status == 200)
            #expect(try await viewer.play(url, session).status == 200)
            try await camera.sendGroup()
            var numbers: [UInt16] = []
            for _ in 0..<10 {
                let frame = try await viewer.frames.next { $0.channel == 0 }
                numbers.append(try #require(SeenPacket(frame.payload)).sequenceNumber)
            }
            #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 &+ 1 })
        }
    }

    @Test("S14 what comes too early is answered 455 with what is allowed")
    func tooEarly() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            for method in ["PLAY", "PAUSE", "TEARDOWN"] {
                let answer = try await viewer.request(method, relay.url("gate"))
                #expect(answer.status == 455)
                #expect(answer["Allow"]?.contains("SETUP") == true)
            }
        }
    }

    @Test("S14 SETUP while it plays is answered 455, with PAUSE allowed")
    func setupWhilePlaying() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let session = try await viewer.setUp(relay.url("gate"), track: 0).session ?? ""
            try await camera.sendGroup()
            _ = try await viewer.play(relay.url("gate"), session)
            let answer = try await viewer.setUp(relay.url("gate"), track: 1, session: session)
            #expect(answer.status == 455)
            #expect(answer["Allow"]?.contains("PAUSE") == true)
            #expect(answer["Allow"]?.contains("SETUP") == false)
        }
    }

    @Test("S15 one track of a session of two: 460 for PLAY and PAUSE, TEARDOWN takes it out")
    func trackOfTwo() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let url = relay.url("gate")
            let session = try await viewer.setUpBoth(url)
            #expect(try await viewer.play(url + "/trackID=0", session).status == 460)
            #expect(try await viewer.request("PAUSE", url + "/trackID=1", [("Session", session)]).status == 460)
            let teardown = try await viewer.request("TEARDOWN", url + "/trackID=1", [("Session", session)])
            #expect(teardown.status == 200)
            #expect(teardown.session == session)
            try await camera.sendGroup()
            #expect(try await viewer.play(url + "/trackID=0", session).status == 200)
            #expect(try await viewer.frames.next().channel < 2)
            #expect(try await viewer.request("TEARDOWN", url + "/trackID=0", [("Session", session)]).status == 200)
            #expect(try await viewer.play(url, session).status == 454)
        }
    }

    @Test("S15 459 for SETUP of a stream of two tracks, and for a second stream in a session")
    func aggregate() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            let transport = [("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1")]
            #expect(try await viewer.request("SETUP", relay.url("gate"), transport).status == 459)
            let yard = try await relay.addCamera("yard", tracks: [SyntheticCamera.video])
            let session = try await viewer.setUp(relay.url("gate"), track: 0).session ?? ""
            #expect(try await viewer.setUp(relay.url("yard"), track: 0, session: session).status == 459)
            try await yard.leave()
        }
    }

    @Test("the only track of a stream goes by the stream's own URL too")
    func onlyTrack() async throws {
        try await LoopbackRelay.run { relay, _ in
            let yard = try await relay.addCamera("yard", tracks: [SyntheticCamera.video])
            let viewer = try await relay.viewer()
            let transport = [("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1")]
            let session = try await viewer.request("SETUP", relay.url("yard"), transport).session ?? ""
            try await yard.sendGroup()
            let play = try await viewer.play(relay.url("yard"), session)
            #expect(play.parameter("url", of: "RTP-Info") == relay.url("yard"))
        }
    }

    @Test("S16 457 for a range that makes no sense, and the session waits for a better one")
    func range() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let session = try await viewer.setUpBoth(relay.url("gate"))
            try await camera.sendGroup()
            #expect(try await viewer.play(relay.url("gate"), session, [("Range", "npt=100-50")]).status == 457)
            #expect(try await viewer.play(relay.url("gate"), session, [("Range", "npt=now-")]).status == 200)
        }
    }

    @Test("S20 who asks for a speed is told the one there is")
    func scale() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let session = try await viewer.setUpBoth(relay.url("gate"))
            try await camera.sendGroup()
            let answer = try await viewer.play(relay.url("gate"), session, [("Scale", "2.0")])
            #expect(answer.status == 200)
            #expect(answer["Scale"] == "1")
        }
    }

    @Test("two sessions of one connection play two streams on channels of their own")
    func twoSessions() async throws {
        try await LoopbackRelay.run { relay, gate in
            let yard = try await relay.addCamera("yard", tracks: [SyntheticCamera.video])
            let viewer = try await relay.viewer()
            let first = try await viewer.setUpBoth(relay.url("gate"))
            let setup = try await viewer.setUp(relay.url("yard"), track: 0, transport: "RTP/AVP/TCP;interleaved=0-1")
            #expect(setup.parameter("interleaved", of: "Transport") == "4-5")
            #expect(setup.session != first)
            try await gate.sendGroup()
            try await yard.sendGroup()
            #expect(try await viewer.play(relay.url("gate"), first).status == 200)
            #expect(try await viewer.play(relay.url("yard"), setup.session ?? "").status == 200)
            for channel: UInt8 in [0, 2, 4] { _ = try await viewer.frames.next { $0.channel == channel } }
            #expect(try await viewer.request("TEARDOWN", relay.url("gate"), [("Session", first)]).status == 200)
            try await yard.sendGroup()
            _ = try await viewer.frames.next { $0.channel == 4 }
        }
    }

    @Test("a player that names no session means its only one")
    func unnamedSession() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            _ = try await viewer.setUp(relay.url("gate"), track: 0)
            try await camera.sendGroup()
            #expect(try await viewer.request("PLAY", relay.url("gate")).status == 200)
            #expect(try await viewer.request("TEARDOWN", relay.url("gate")).status == 200)
        }
    }

    @Test("sessions of one connection are bounded")
    func bounded() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            for _ in 0..<16 { #expect(try await viewer.setUp(relay.url("gate"), track: 0).status == 200) }
            #expect(try await viewer.setUp(relay.url("gate"), track: 0).status == 503)
        }
    }

    @Test("VLC without live555: SETUP without DESCRIBE, then PLAY /stream=0, and the server lives on")
    func satellite() async throws {
        try await LoopbackRelay.run { relay, _ in
            let viewer = try await relay.viewer()
            let transport = [("Transport", "RTP/AVP;unicast;client_port=9000-9001")]
            #expect(try await viewer.request("SETUP", relay.url("gate"), transport).status == 459)
            #expect(try await viewer.request("PLAY", relay.url("stream=0")).status == 455)
            let session = try await viewer.setUp(relay.url("gate"), track: 0).session ?? ""
            #expect(try await viewer.play(relay.url("stream=0"), session).status == 455)
            #expect(try await viewer.request("OPTIONS", "*").status == 200)
        }
    }
}
