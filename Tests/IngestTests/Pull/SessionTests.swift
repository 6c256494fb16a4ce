import Ingest
import Media
import NIOCore
import TestSupport
import Testing

/// PLAY, and what ends a session.
@Suite(.serialized) struct SessionTests {
    @Test("F7 K17 over UDP receiver reports go out regularly, without any sender report", arguments: [true, false])
    func receiverReports(sendsSenderReports: Bool) async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.sendsSenderReports = sendsSenderReports
        try await PullBench.run(behaviour, configure: { $0.transport = .udp }) { bench in
            try await eventually("three reports") { bench.camera.datagrams.filter(\.isReport).count >= 3 }
            let report = try #require(bench.camera.datagrams.last { $0.isReport })
            let source = try #require(bench.packets.first)
            #expect(Array(report.bytes[0..<2]) == [0x81, 201], "one block")
            #expect(source.payloadType == 96)
            #expect(bench.camera.frames.isEmpty)
        }
    }

    @Test("F8 over TCP nothing but requests is sent to the camera")
    func nothingInterleaved() async throws {
        try await PullBench.run { bench in
            try await bench.moreVideo(30)
            #expect(bench.camera.frames.isEmpty)
        }
    }

    @Test("F9 a camera that refuses PLAY without Range is pulled")
    func range() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.answers["PLAY"] = { $0["Range"] == "npt=0.000-" ? .usual : .status(457, "Invalid Range") }
        try await PullBench.run(behaviour) { try await $0.moreVideo() }
    }

    @Test("F11 packets in front of PLAY's answer are not lost")
    func early() async throws {
        var behaviour = FakeCameraBehaviour(tracks: [.video().silenced])
        let packet = FakeCameraPacket.rtp(sequenceNumber: 7, timestamp: 1, payload: SyntheticH264.sequenceParameterSet)
        behaviour.answers["PLAY"] = { _ in .before(FakeCameraPacket.framed(packet, channel: 0)) }
        try await PullBench.run(behaviour) { bench in
            try await bench.untilPlaying()
            try await bench.camera.send(FakeCameraPacket.rtp(sequenceNumber: 8, timestamp: 3_001), track: 0)
            try await eventually("both") { bench.packets.count == 2 }
            #expect(bench.payloads().first == SyntheticH264.sequenceParameterSet)
        }
    }

    @Test(
        "F12 RTP-Info with zeros, holes or nonsense does not matter",
        arguments: [
            "url=trackID=1;seq=0;rtptime=0", "url=/x;rtptime=4294967296 , url=;seq=", "session=1;;;", "",
        ])
    func strangeInformation(value: String) async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.answers["PLAY"] = { _ in .usualWith([("RTP-Info", value)]) }
        try await PullBench.run(behaviour) { try await $0.moreVideo() }
    }

    @Test("F13 an event track may be silent for as long as it likes")
    func silentEvents() async throws {
        var patience = PullBench.patience
        patience.stall = .milliseconds(500)
        let behaviour = FakeCameraBehaviour(tracks: [.events()])
        try await PullBench.run(behaviour, patience: patience) { bench in
            try await bench.untilPlaying()
            try await bench.camera.send(
                FakeCameraPacket.rtp(payloadType: 107, sequenceNumber: 1, timestamp: 0), track: 0)
            let begin = NIODeadline.now()
            try await eventually("three times the patience is over") { .now() - begin > .milliseconds(1_500) }
            #expect(bench.outcome.value == nil)
        }
    }

    @Test("F15 video that stops while audio goes on is a reason to reconnect, and viewers stay")
    func stalledVideo() async throws {
        var patience = PullBench.patience
        patience.stall = .milliseconds(800)
        let behaviour = FakeCameraBehaviour(tracks: [.video(), .audio()])
        try await PullBench.run(behaviour, supervised: true, patience: patience) { bench in
            try await bench.moreVideo()
            try await bench.camera.mute(track: 0)
            try await eventually("a second PLAY") { bench.camera.requests("PLAY").count == 2 }
            try await bench.camera.mute(track: 0, false)
            try await bench.moreVideo()
            #expect(bench.log.contains("reason=no video for some seconds"))
            #expect(bench.viewer.value.endings == 0)
            #expect(Set(bench.packets(track: 0).map(\.ssrc)).count == 1)
        }
    }

    @Test("F15 audio that flowed and stops is one too; audio that never came is not")
    func stalledAudio() async throws {
        var patience = PullBench.patience
        patience.stall = .seconds(1)
        let never = FakeCameraBehaviour(tracks: [.video(), .audio().silenced])
        try await PullBench.run(never, patience: patience) { bench in
            try await bench.moreVideo(60)
            #expect(bench.outcome.value == nil)
        }
        let behaviour = FakeCameraBehaviour(tracks: [.video(), .audio()])
        try await PullBench.run(behaviour, patience: patience) { bench in
            try await bench.moreVideo(track: 1)
            try await bench.camera.mute(track: 1)
            let error = try await bench.untilEnd().error
            #expect(error == .stalled(.audio))
        }
    }

    @Test("F16 a camera without a free session says so, and is left alone for long")
    func busy() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.answers["SETUP"] = { _ in .status(453, "Not Enough Bandwidth") }
        try await PullBench.run(behaviour) { bench in
            let outcome = try await bench.untilEnd()
            #expect(outcome.error.isBusy)
            var schedule = ReconnectSchedule()
            #expect(schedule.pause(after: outcome.error, livedFor: nil, random: 0) >= .seconds(30))
        }
    }

    @Test("RTCP BYE ends the session when nothing follows it")
    func goodbye() async throws {
        try await PullBench.run { bench in
            let packet = try #require(try await bench.moreVideo().last)
            #expect(packet.payloadType == 96)
            try await bench.camera.send([0x81, 203, 0, 1, 0, 0, 0, 1], track: 0, control: true)
            try await bench.moreVideo()
            #expect(bench.outcome.value == nil, "it sent on")
            try await bench.camera.mute(track: 0)
            try await bench.camera.send([0x81, 203, 0, 1, 0, 0, 0, 1], track: 0, control: true)
            let error = try await bench.untilEnd().error
            #expect(error == .goodbye)
        }
    }

    @Test("K8 REDIRECT in mid-stream is followed")
    func redirectedWhilePlaying() async throws {
        let second = try await FakeCamera.start()
        try await PullBench.run { bench in
            try await bench.moreVideo()
            try await bench.camera.sendRaw("REDIRECT * RTSP/1.0\r\nCSeq: 1\r\nLocation: \(second.url)\r\n\r\n")
            try await eventually("a PLAY there") { second.requests("PLAY").count == 1 }
            try await bench.moreVideo()
            #expect(bench.camera.requests("TEARDOWN").count == 1)
        }
        try await second.stop()
    }
}
