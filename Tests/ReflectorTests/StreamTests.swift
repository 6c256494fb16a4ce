import Media
import NIOCore
import NIOEmbedded
import RTP
import Testing

@testable import Reflector

@Suite struct StreamTests {
    @Test("A viewer who joins in the middle of a group starts with its key frame, and goes on without a gap")
    func startsFromTheRing() throws {
        let camera = try PublishedStream()
        try camera.publish()
        camera.sendVideo(NALUnit.slice, timestamp: 0)
        camera.sendVideo(NALUnit.idr, timestamp: 3600)
        for index in 2..<40 { camera.sendVideo(NALUnit.slice, timestamp: UInt32(index) * 3600) }
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        camera.sendVideo(NALUnit.slice, timestamp: 40 * 3600)

        let packets = viewer.packets(of: 0)
        #expect(packets.count == 40)
        #expect(packets.first?.payload.getInteger(at: packets[0].payload.readerIndex, as: UInt8.self) == NALUnit.idr)
        for (earlier, later) in zip(packets, packets.dropFirst()) {
            #expect(later.sequenceNumber.distance(from: earlier.sequenceNumber) == 1)
            #expect(Int32(bitPattern: later.timestamp &- earlier.timestamp) > 0)
        }
    }

    @Test("The pictures of the past lie within the window before the live edge")
    func drawnTogether() throws {
        let camera = try PublishedStream()
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 0)
        for index in 1...250 { camera.sendVideo(NALUnit.slice, timestamp: UInt32(index) * 3600) }
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        camera.sendVideo(NALUnit.slice, timestamp: 251 * 3600)

        let timestamps = viewer.packets(of: 0).map(\.timestamp)
        #expect(timestamps.count == 252)
        let live = try #require(timestamps.last)
        #expect(live &- timestamps[250] == 3600)
        #expect(timestamps[250] &- timestamps[0] <= 13_500)
        #expect(Set(timestamps).count == timestamps.count)
    }

    @Test("A group that has only just begun keeps its timestamps")
    func shortGroup() throws {
        let camera = try PublishedStream()
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 0)
        for index in 1...9 { camera.sendVideo(NALUnit.slice, timestamp: UInt32(index) * 3600) }
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        let timestamps = viewer.packets(of: 0).map(\.timestamp)
        #expect(zip(timestamps, timestamps.dropFirst()).allSatisfy { $1 &- $0 == 3600 })
    }

    @Test("Audio older than the window is left out of a viewer's start")
    func recentAudioOnly() throws {
        let camera = try PublishedStream()
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 0)
        for index in 1...100 {
            camera.sendVideo(NALUnit.slice, timestamp: UInt32(index) * 3600, after: .milliseconds(20))
            camera.sendAudio(timestamp: UInt32(index) * 320, after: .milliseconds(20))
        }
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)

        let audio = viewer.packets(of: 1)
        #expect((1...8).contains(audio.count))
        #expect(viewer.start?.firstPackets[1]?.timestamp == audio.first?.timestamp)
        #expect(viewer.start?.firstPackets[1]?.sequenceNumber == audio.first?.sequenceNumber.rawValue)
    }

    @Test("A viewer's start begins with a sender report of each track")
    func freshReports() throws {
        let camera = try PublishedStream()
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 0)
        camera.sendAudio(timestamp: 0)
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)

        let start = try #require(viewer.start)
        #expect(start.bursts[0].entries.prefix(2).map(\.isControl) == [true, true])
        let reports = viewer.reports
        #expect(reports.map(\.track) == [0, 1])
        guard case .senderReport(let report)? = reports.first?.packets.first else {
            Issue.record("no sender report")
            return
        }
        #expect(report.ssrc == viewer.packets(of: 0).first?.ssrc)
        #expect(report.packetCount == 1)
        #expect(abs(report.ntp.unixNanoseconds - 1_700_000_000_000_000_000) < 1_000_000_000)
    }

    @Test(
        "A viewer stays through the camera's reboot: one SSRC, sequence numbers that go on, a step of less than a second"
    )
    func survivesReboot() throws {
        let camera = try PublishedStream()
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 3600)
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        camera.sendVideo(NALUnit.slice, timestamp: 7200)
        camera.endPublication()

        camera.now = camera.now + .seconds(30)
        camera.ssrc = 4711
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 3_000_000_000)
        camera.sendVideo(NALUnit.slice, timestamp: 3_000_003_600)

        let packets = viewer.packets(of: 0)
        #expect(packets.count == 4)
        #expect(Set(packets.map(\.ssrc)).count == 1)
        for (earlier, later) in zip(packets, packets.dropFirst()) {
            #expect(later.sequenceNumber.distance(from: earlier.sequenceNumber) == 1)
            #expect((1...90_000).contains(Int32(bitPattern: later.timestamp &- earlier.timestamp)))
        }
        #expect(!viewer.hasEnded)
    }

    @Test("Of a camera that comes back in the middle of a group, viewers get the next key frame first, and no gap")
    func resumesWithGroup() throws {
        let camera = try PublishedStream()
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 3600)
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        camera.endPublication()
        camera.ssrc = 4711
        try camera.publish()
        for index in 0..<5 { camera.sendVideo(NALUnit.slice, timestamp: 900_000 + UInt32(index) * 3600) }
        camera.sendVideo(NALUnit.idr, timestamp: 918_000)

        let packets = viewer.packets(of: 0)
        #expect(packets.count == 2)
        #expect(packets[1].sequenceNumber.distance(from: packets[0].sequenceNumber) == 1)
        #expect(packets[1].payload.getInteger(at: packets[1].payload.readerIndex, as: UInt8.self) == NALUnit.idr)
    }

    @Test("A camera that comes back and never sends a key frame is let through after some seconds")
    func resumesWithoutGroup() throws {
        let camera = try PublishedStream()
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 3600)
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        camera.endPublication()
        try camera.publish()
        for index in 0..<400 { camera.sendVideo(NALUnit.slice, timestamp: 900_000 + UInt32(index) * 3600) }
        #expect((50...120).contains(viewer.packets(of: 0).count))
    }

    @Test("A source that comes back as something else ends the viewers")
    func incompatibleSource() throws {
        let camera = try PublishedStream()
        try camera.publish()
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        camera.endPublication()
        try camera.publish([PublishedStream.video])
        #expect(viewer.hasEnded)
    }

    @Test("A viewer who goes by the description of a former source is told that it has ended")
    func staleDescription() throws {
        let camera = try PublishedStream()
        try camera.publish()
        let description = camera.stream.describe(on: camera.loop)
        camera.loop.run()
        let tracks = try description.wait().tracks
        camera.endPublication()
        try camera.publish([PublishedStream.video])
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, knowing: tracks, on: camera.loop)
        camera.loop.run()
        #expect(viewer.hasEnded)
        #expect(viewer.subscription == nil)
    }

    @Test("On demand: a DESCRIBE that nobody follows lets the source go when the linger is over")
    func describedOnly() async throws {
        let camera = try PublishedStream(policy: StreamPolicy(onDemand: true, linger: .seconds(30)))
        var demand = camera.stream.demand.makeAsyncIterator()
        for _ in 0..<2 {
            _ = camera.stream.describe(on: camera.loop)
            camera.loop.run()
        }
        #expect(await demand.next() == true)
        try camera.publish()
        camera.loop.run()
        camera.loop.advanceTime(by: .seconds(20))
        _ = camera.stream.describe(on: camera.loop)
        camera.loop.run()
        camera.loop.advanceTime(by: .seconds(30))
        #expect(await demand.next() == false)
    }

    @Test(
        "On demand: a source that never comes is no longer wanted when the DESCRIBE has timed out and the linger is over"
    )
    func describedInVain() async throws {
        let camera = try PublishedStream(
            policy: StreamPolicy(onDemand: true, linger: .seconds(30), startTimeout: .seconds(10))
        )
        var demand = camera.stream.demand.makeAsyncIterator()
        let description = camera.stream.describe(on: camera.loop)
        camera.loop.run()
        #expect(await demand.next() == true)
        camera.loop.advanceTime(by: .seconds(10))
        await #expect(throws: StreamError.self) { try await description.get() }
        camera.loop.advanceTime(by: .seconds(30))
        #expect(await demand.next() == false)
    }

    @Test("A stream takes one source at a time")
    func oneSource() throws {
        let camera = try PublishedStream()
        try camera.publish()
        #expect(throws: StreamError.alreadyPublished(camera.stream.path)) { try camera.publish() }
        camera.endPublication()
        try camera.publish()
    }

    @Test("H13 packets larger than the path takes are cut to the size that is set")
    func packetSize() throws {
        let camera = try PublishedStream(policy: StreamPolicy(packetSize: 600))
        try camera.publish()
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        camera.sendVideo(NALUnit.idr, timestamp: 0, size: 5000)
        let sizes = viewer.bursts.flatMap { $0.entries.filter { !$0.isControl }.map(\.length) }
        #expect(sizes.count >= 9)
        #expect(sizes.allSatisfy { $0 <= 600 })
        #expect(viewer.packets(of: 0).map(\.marker).filter { $0 }.count == 1)
    }

    @Test("H11 a camera whose sender reports step back by 1.7 s moves no viewer's clock by a step")
    func reportsStepBack() throws {
        let camera = try PublishedStream()
        try camera.publish()
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        for index in 0..<250 {
            camera.sendVideo(
                index % 50 == 0 ? NALUnit.idr : NALUnit.slice, timestamp: UInt32(index) * 3600, after: .milliseconds(20)
            )
            camera.sendAudio(timestamp: UInt32(index) * 320, after: .milliseconds(20))
            if index % 25 == 0 { camera.report(at: Double(index) * 0.04, videoBehind: index < 125 ? 0 : 1.7) }
        }
        var told: [Int: [Double]] = [:]
        for (track, packets) in viewer.reports {
            guard case .senderReport(let report)? = packets.first else { continue }
            let rate = track == 0 ? 90_000.0 : 8000.0
            told[track, default: []].append(
                Double(report.ntp.unixNanoseconds % 1_000_000_000_000) / 1e9 - Double(report.rtpTimestamp) / rate
            )
        }
        for lines in [told[0] ?? [], told[1] ?? []] {
            #expect(lines.count >= 4)
            for (earlier, later) in zip(lines, lines.dropFirst()) { #expect(abs(later - earlier) < 0.02) }
        }
    }

    @Test("A stream without video can be joined at any packet")
    func audioOnly() throws {
        let camera = try PublishedStream()
        camera.publishAudioOnly()
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        #expect(viewer.start != nil)
    }

    @Test("On demand: the first viewer wakes the source, and it is let go when the linger after the last is over")
    func onDemand() async throws {
        let camera = try PublishedStream(policy: StreamPolicy(onDemand: true, linger: .seconds(30)))
        var demand = camera.stream.demand.makeAsyncIterator()
        let description = camera.stream.describe(on: camera.loop)
        camera.loop.run()
        #expect(await demand.next() == true)
        try camera.publish()
        camera.loop.run()
        #expect(try await description.get().tracks.count == 2)
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        viewer.leave()
        camera.loop.run()
        camera.loop.advanceTime(by: .seconds(29))
        let again = RecordingSubscriber()
        camera.stream.subscribe(again, on: camera.loop)
        camera.loop.advanceTime(by: .seconds(60))
        #expect(camera.publication?.isEnded == false)
        again.leave()
        camera.loop.run()
        camera.loop.advanceTime(by: .seconds(30))
        #expect(await demand.next() == false)
    }

    @Test("DESCRIBE of a source that does not come fails after the start time-out")
    func describeTimesOut() throws {
        let camera = try PublishedStream(policy: StreamPolicy(onDemand: true, startTimeout: .seconds(10)))
        let description = camera.stream.describe(on: camera.loop)
        camera.loop.run()
        camera.loop.advanceTime(by: .seconds(10))
        #expect(throws: StreamError.unavailable(camera.stream.path)) { try description.wait() }
    }

    @Test("A ring that outgrows its bounds empties, and fills again with the next key frame")
    func ringBounds() throws {
        let camera = try PublishedStream(policy: StreamPolicy(ringBytes: 2000))
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 0, size: 900)
        for index in 1...3 { camera.sendVideo(NALUnit.slice, timestamp: UInt32(index) * 3600, size: 900) }
        let early = RecordingSubscriber()
        camera.stream.subscribe(early, on: camera.loop)
        #expect(early.start == nil)
        camera.sendVideo(NALUnit.idr, timestamp: 40_000, size: 900)
        let late = RecordingSubscriber()
        camera.stream.subscribe(late, on: camera.loop)
        #expect(late.start?.firstPackets[0] != nil)
    }
}

extension PublishedStream {
    fileprivate func publishAudioOnly() {
        try? publish([Self.audio])
        now = now + .milliseconds(20)
        publication?.receive(
            RTPPacket(
                marker: false, payloadType: 0, sequenceNumber: SequenceNumber(1), timestamp: 0, ssrc: 5,
                payload: ByteBuffer(repeating: 0xFF, count: 160)
            ),
            track: 0, at: now
        )
        publication?.readEnded(at: now)
    }

    @Test("What is over for good ends its viewers, and who asks afterwards waits for the next source")
    func finished() throws {
        let camera = try PublishedStream(policy: StreamPolicy(startTimeout: .seconds(3)))
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 0)
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        camera.publication?.finish()
        camera.publication?.finish()
        #expect(viewer.hasEnded && camera.publication?.isEnded == true)
        let described = camera.stream.describe(on: camera.loop)
        camera.loop.advanceTime(by: .seconds(2))
        try camera.publish([PublishedStream.audio])
        #expect(try described.wait().tracks.count == 1)
    }
}
