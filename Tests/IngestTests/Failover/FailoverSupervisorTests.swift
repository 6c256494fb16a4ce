import Ingest
import NIOCore
import RTSPTransport
import Reflector
import TestSupport
import Testing

/// Two cameras, the stream they feed in turn, and a viewer that writes down every packet.
private struct FailoverBench: Sendable {
    let cameras: [FakeCamera]
    let stream: Stream
    let viewer: Locked<ViewerRecord>
    let log: LogRecord

    static func run(
        stall: TimeAmount = .seconds(5), returnAfter: TimeAmount? = .milliseconds(500),
        policy: StreamPolicy = StreamPolicy(), watches: Bool = true,
        _ body: (FailoverBench) async throws -> Void
    ) async throws {
        let cameras = [try await FakeCamera.start(), try await FakeCamera.start()]
        let log = LogRecord()
        let stream = try PullBench.stream("gate", policy: policy, logger: log.logger)
        let viewer = watches ? try await PullBench.watch(stream) : Locked(ViewerRecord())
        var failover = FailoverPolicy()
        // Longer than any hiccup of a busy machine, where a test does not wait for it.
        failover.stall = stall
        failover.headStart = .seconds(30)
        failover.trial = .milliseconds(300)
        failover.returnAfter = returnAfter
        let pulls = cameras.map { PullConfiguration(url: $0.url) }
        let supervisor = FailoverSupervisor(stream: stream, count: 2, policy: failover, logger: log.logger) {
            source, place in
            await PullSupervisor(
                stream: place, configuration: pulls[source], limiter: ConnectLimiter(), patience: PullBench.patience,
                logger: log.logger
            ).run()
        }
        let task = Task { await supervisor.run() }
        let bench = FailoverBench(cameras: cameras, stream: stream, viewer: viewer, log: log)
        let result: Result<Void, any Error>
        do { result = .success(try await body(bench)) } catch { result = .failure(error) }
        task.cancel()
        await task.value
        try await stream.close().get()
        for camera in cameras { try await camera.stop() }
        try result.get()
    }

    /// Waits until a source, counted from 1, has the air once more.
    func untilOnAir(_ source: Int, _ nth: Int = 1) async throws {
        try await eventually("source \(source) on the air, time \(nth)") { takeovers(of: source) >= nth }
    }

    func takeovers(of source: Int) -> Int {
        log.lines.count { $0.hasPrefix("notice source on the air") && $0.contains("source=\(source)") }
    }

    func morePackets(_ count: Int = 15) async throws {
        let before = viewer.value.packets.count
        try await eventually("\(count) more packets") { viewer.value.packets.count >= before + count }
    }

    func expectOneLine() {
        let packets = viewer.value.packets
        #expect(viewer.value.endings == 0)
        #expect(Set(packets.map(\.ssrc)).count == 1)
        for (before, after) in zip(packets, packets.dropFirst()) {
            #expect(after.sequenceNumber == before.sequenceNumber &+ 1)
            let step = Int32(bitPattern: after.timestamp &- before.timestamp)
            #expect(step >= 0 && step < 90_000, "\(step)")
        }
    }
}

/// Sources in order, with cameras that fail.
@Suite(.serialized) struct FailoverSupervisorTests {
    @Test("A camera that is switched off is followed by the next, and takes the stream back when it is well again")
    func powerCycle() async throws {
        try await FailoverBench.run { bench in
            try await bench.untilOnAir(1)
            try await bench.morePackets()
            #expect(bench.cameras[1].connectionsAccepted == 0, "the second is left alone")
            try await bench.cameras[0].stop()
            let gone = NIODeadline.now()
            try await bench.untilOnAir(2)
            #expect(NIODeadline.now() - gone < .seconds(5), "the end of a session is no silence waited for")
            try await bench.morePackets()
            let again = try await FakeCamera.start(port: bench.cameras[0].port)
            try await bench.untilOnAir(1, 2)
            #expect(bench.log.contains("source on the air again"))
            try await bench.morePackets()
            try await eventually("the second is released") { bench.cameras[1].connectionsOpen == 0 }
            bench.expectOneLine()
            try await again.stop()
        }
    }

    @Test("A camera that falls silent while its connection stands is followed by the next, and never is never")
    func silence() async throws {
        try await FailoverBench.run(stall: .seconds(2), returnAfter: nil) { bench in
            try await bench.untilOnAir(1)
            try await bench.morePackets()
            try await bench.cameras[0].mute(track: 0)
            try await bench.untilOnAir(2)
            try await bench.morePackets()
            try await eventually("the first is released") { bench.cameras[0].connectionsOpen == 0 }
            try await bench.cameras[0].mute(track: 0, false)
            try await bench.morePackets(100)
            #expect(bench.takeovers(of: 1) == 1)
            bench.expectOneLine()
        }
    }

    @Test("A camera that refuses at once is followed by the next at once")
    func refused() async throws {
        let policy = StreamPolicy(onDemand: true)
        try await FailoverBench.run(policy: policy, watches: false) { bench in
            try await bench.cameras[0].stop()
            let asked = NIODeadline.now()
            _ = try await PullBench.watch(bench.stream)
            try await bench.untilOnAir(2)
            #expect(NIODeadline.now() - asked < .seconds(15), "the head start is 30 s")
        }
    }

    @Test("On demand nothing is connected to before the first viewer, and nothing after the last")
    func onDemand() async throws {
        let policy = StreamPolicy(onDemand: true, linger: .milliseconds(50))
        try await FailoverBench.run(policy: policy, watches: false) { bench in
            #expect(bench.cameras[0].connectionsAccepted == 0)
            let record = Locked(ViewerRecord())
            let viewer = NIOLoopBoundBox.makeBoxSendingValue(
                RecordingViewer?.some(RecordingViewer(record: record)), eventLoop: bench.stream.homeLoop)
            try await bench.stream.homeLoop.submit {
                if let value = viewer.value { bench.stream.subscribe(value, on: bench.stream.homeLoop) }
            }.get()
            try await eventually("packets come") { record.value.packets.count > 10 }
            try await bench.stream.homeLoop.submit {
                viewer.value?.leave()
                viewer.value = nil
            }.get()
            try await eventually("the camera is released") { bench.cameras[0].connectionsOpen == 0 }
            #expect(bench.cameras[1].connectionsAccepted == 0)
        }
    }
}
