import Ingest
import NIOCore
import RTSP
import TestSupport
import Testing

/// Paths of the packets: channels, ports, and what happens when they do not work.
@Suite(.serialized) struct TransportTests {
    @Test("C1 D1 a description of one bare m= line is set up at the base itself")
    func bareDescription() async throws {
        var behaviour = FakeCameraBehaviour(tracks: [.video(control: "")])
        behaviour.sdp = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        try await PullBench.run(behaviour) { bench in
            try await bench.moreVideo()
            #expect(bench.camera.requests("SETUP").map(\.uri) == ["\(bench.camera.url)/"])
        }
    }

    @Test("C26 K18 E11 E12 the back channel of a doorbell is never asked for")
    func backChannel() async throws {
        var talk = FakeTrack.audio(control: "trackID=3")
        talk.lines.append("a=sendonly")
        try await PullBench.run(FakeCameraBehaviour(tracks: [.video(), .audio(), talk])) { bench in
            try await bench.moreVideo(track: 1)
            #expect(bench.camera.requests("SETUP").count == 2)
            #expect(bench.camera.requests.allSatisfy { $0["Require"] == nil })
        }
    }

    @Test("C25 a camera whose only media is sendonly is received")
    func onlySendOnly() async throws {
        var track = FakeTrack.video()
        track.lines.append("a=sendonly")
        try await PullBench.run(FakeCameraBehaviour(tracks: [track])) { try await $0.moreVideo() }
    }

    @Test("E1 E2 channels other than asked, even odd ones, are used", arguments: [10, 1, 200])
    func otherChannels(channel: Int) async throws {
        var behaviour = FakeCameraBehaviour(tracks: [.video(), .audio()])
        behaviour.firstChannel = channel
        try await PullBench.run(behaviour) { bench in
            try await bench.moreVideo()
            try await bench.moreVideo(track: 1)
            #expect(Set(bench.packets(track: 1).map(\.payloadType)) == [0])
        }
    }

    @Test(
        "E3 E4 E8 single channels, UDP answers that mean TCP, and odd ssrc values are understood",
        arguments: [
            "RTP/AVP/TCP;unicast;interleaved=0", "RTP/AVP;unicast;interleaved=0-1",
            "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= 4317f",
            "RTP/AVP/TCP;interleaved=0-1;ssrc=1449463210;mode=\"PLAY\"",
            "RTP/AVP/TCP;unicast;interleaved=0-1;source=;destination=cam.lan",
        ])
    func transportAnswers(transport: String) async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.answers["SETUP"] = { _ in .usualWith([("Transport", transport)]) }
        try await PullBench.run(behaviour) { try await $0.moreVideo() }
    }

    @Test("Over UDP packets come, sequence numbers without a hole")
    func overUDP() async throws {
        try await PullBench.run(
            FakeCameraBehaviour(tracks: [.video(), .audio()]),
            configure: { $0.transport = .udp }
        ) { bench in
            let video = try await bench.moreVideo(40)
            for (before, after) in zip(video, video.dropFirst()) {
                #expect(after.sequenceNumber == before.sequenceNumber &+ 1)
            }
            try await bench.moreVideo(track: 1)
            #expect(bench.log.contains("transport=udp"))
        }
    }

    @Test(
        "E3 E6 E7 ports that are single, missing, zero or not the ones that send, and odd sources",
        arguments: [
            "client_port=6000", "client_port=6000-6001", "server_port=0-0", "server_port=0-1;source=",
            "server_port=9-10;source=cam.lan", "server_port=9;destination=cam.lan", "server_port=9-10;source=192.0.2.7",
        ])
    func oddPorts(parameters: String) async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.answers["SETUP"] = { _ in .usualWith([("Transport", "RTP/AVP;unicast;\(parameters)")]) }
        try await PullBench.run(behaviour, configure: { $0.transport = .udp }) { bench in
            try await bench.moreVideo()
            #expect(bench.camera.connectionsAccepted == 1)
        }
    }

    @Test(
        "E15 the group that a camera answers with is joined on the interface of its connection, asked for or not",
        arguments: [PullTransport.multicast, .udp])
    func multicast(transport: PullTransport) async throws {
        let port = try await FreePorts.pair()
        let group = transport == .udp ? "239.255.77.21" : "239.255.77.22"
        var behaviour = FakeCameraBehaviour(tracks: [.video().silenced])
        behaviour.answers["SETUP"] = { _ in
            .usualWith([("Transport", "RTP/AVP;multicast;destination=\(group);ttl=1;port=\(port)-\(port + 1)")])
        }
        try await PullBench.run(behaviour, configure: { $0.transport = transport }) { bench in
            try await bench.untilPlaying()
            let asked = try #require(bench.camera.requests("SETUP").first?["Transport"])
            #expect(asked.contains("multicast") == (transport == .multicast))
            let sender = try await FakeSender.start()
            for number in 1...3 {
                let packet = FakeCameraPacket.rtp(sequenceNumber: UInt16(number), timestamp: UInt32(number) * 3600)
                try await sender.send(packet, toGroup: group, port: Int(port))
            }
            try await eventually("all three") { bench.packets.count == 3 }
            #expect(bench.log.contains("transport=multicast"))
            try await sender.stop()
        }
    }

    @Test("E6 packets of another host or of a second port do not get in")
    func foreignPackets() async throws {
        let track = FakeTrack.video().silenced
        try await PullBench.run(FakeCameraBehaviour(tracks: [track]), configure: { $0.transport = .udp }) { bench in
            try await bench.untilPlaying()
            try await bench.camera.send(FakeCameraPacket.rtp(sequenceNumber: 1, timestamp: 0), track: 0)
            try await eventually("the first") { bench.packets.count == 1 }
            let intruder = try await FakeSender.start()
            let ports = try #require(bench.camera.requests("SETUP").first?["Transport"])
            let port = try #require(Int(ports.split(separator: "=").last?.split(separator: "-").first ?? ""))
            try await intruder.send(
                FakeCameraPacket.rtp(sequenceNumber: 2, timestamp: 3000, payload: [0x41, 9, 9]), to: port)
            try await bench.camera.send(FakeCameraPacket.rtp(sequenceNumber: 2, timestamp: 3000), track: 0)
            try await eventually("the second") { bench.packets.count == 2 }
            #expect(!bench.payloads().contains([0x41, 9, 9]))
            let foreignDatagrams = try await bench.countersAtEnd().foreignDatagrams
            #expect(foreignDatagrams == 1)
            try await intruder.stop()
        }
    }

    @Test("E5 461 over UDP leads to TCP on a new connection")
    func refusedUDP() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.refusesUDP = true
        try await PullBench.run(behaviour, configure: { $0.transport = .udp }) { bench in
            try await bench.moreVideo()
            #expect(bench.camera.connectionsAccepted == 2)
            #expect(bench.log.contains("transport changed"))
        }
    }

    @Test("E5 TCP answered for UDP leads to TCP, the half-made session torn down first")
    func answeredTCP() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.sessionLimit = 1
        behaviour.answers["SETUP"] = { request in
            request["Transport"]?.contains("TCP") == true
                ? .usual : .usualWith([("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1")])
        }
        try await PullBench.run(behaviour, configure: { $0.transport = .udp }) { bench in
            try await bench.moreVideo()
            let teardown = try #require(bench.camera.requests("TEARDOWN").first)
            #expect(teardown.connection == 0)
        }
    }

    @Test("E13 silence over UDP leads to TCP, and is remembered")
    func silentUDP() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.udpIsSilent = true
        try await PullBench.run(behaviour, configure: { $0.transport = .udp }) { bench in
            try await bench.moreVideo()
            #expect(bench.camera.connectionsAccepted == 2)
            try await bench.camera.dropConnections()
            let transport = try await bench.untilEnd().transport.current
            #expect(transport == .tcp)
        }
    }

    @Test("K19 auto asks for TCP, and for UDP where TCP is refused; tcp asks for nothing else")
    func refusedTCP() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.refusesTCP = true
        try await PullBench.run(behaviour, configure: { $0.transport = .auto }) { bench in
            try await bench.moreVideo()
            #expect(bench.log.contains("transport=udp"))
        }
        try await PullBench.run(behaviour, configure: { $0.transport = .tcp }) { bench in
            let error = try await bench.untilEnd().error
            #expect(error == .connection(.conversation(.transportRefused(offered: nil))))
            #expect(bench.camera.connectionsAccepted == 1)
        }
    }

    @Test("E14 before PLAY a packet goes out of both sockets")
    func punched() async throws {
        try await PullBench.run(configure: { $0.transport = .udp }) { bench in
            try await eventually("two punches") {
                bench.camera.datagrams.contains { !$0.isControl } && bench.camera.datagrams.contains { $0.isControl }
            }
            try await bench.moreVideo()
            let first = try #require(bench.camera.datagrams.first { !$0.isControl })
            #expect(first.bytes.count == 12)
            #expect(first.bytes[0] == 0x80)
        }
    }

    @Test("E16 a track that cannot be set up is left out, and the log says so")
    func badTrack() async throws {
        var behaviour = FakeCameraBehaviour(tracks: [.audio(), .video()])
        behaviour.answers["SETUP"] = { $0.uri.hasSuffix("trackID=2") ? .status(500, "Oops") : .usual }
        try await PullBench.run(behaviour) { bench in
            let video = try await bench.moreVideo()
            #expect(Set(video.map(\.payloadType)) == [96])
            #expect(bench.log.contains("notice track left out track=audio: 500 Oops"))
        }
    }

    @Test("E17 a camera with one session is pulled again and again, one session at a time")
    func oneSession() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.sessionLimit = 1
        var patience = PullBench.patience
        patience.stall = .milliseconds(600)
        try await PullBench.run(behaviour, supervised: true, patience: patience) { bench in
            try await bench.moreVideo()
            try await bench.camera.mute(track: 0)
            try await eventually("a second session") { bench.camera.requests("PLAY").count == 2 }
            try await bench.camera.mute(track: 0, false)
            try await bench.moreVideo()
            #expect(bench.camera.mostSessions == 1)
            #expect(bench.camera.requests("TEARDOWN").first?.connection == 0)
            #expect(bench.camera.requests("SETUP").count == 2)
        }
    }
}
