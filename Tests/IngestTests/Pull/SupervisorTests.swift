import Ingest
import Media
import NIOCore
import NIOPosix
import RTSPTransport
import Reflector
import TestSupport
import Testing

/// A camera over its life: lost, restarted, wanted and not.
@Suite(.serialized) struct SupervisorTests {
    @Test("A camera that hangs up is back at once, for the viewer one stream goes on")
    func hangsUp() async throws {
        try await PullBench.run(supervised: true) { bench in
            try await bench.moreVideo()
            let before = bench.packets.count
            try await bench.camera.restartEncoder()
            try await bench.camera.dropConnections()
            try await bench.moreVideo()
            let packets = bench.packets
            #expect(bench.viewer.value.endings == 0)
            #expect(Set(packets.map(\.ssrc)).count == 1)
            for (before, after) in zip(packets, packets.dropFirst()) {
                #expect(after.sequenceNumber == before.sequenceNumber &+ 1)
                #expect(Int32(bitPattern: after.timestamp &- before.timestamp) < 90_000)
                #expect(Int32(bitPattern: after.timestamp &- before.timestamp) >= 0)
            }
            let gap = packets[before].arrival - packets[before - 1].arrival
            #expect(gap < .milliseconds(1_500))
            #expect(bench.log.contains("warning camera down reason=the camera closed the connection"))
        }
    }

    @Test("A camera that is switched off and on again at the same port is found again")
    func powerCycle() async throws {
        try await PullBench.run(supervised: true) { bench in
            try await bench.moreVideo()
            try await bench.camera.stop()
            try await eventually("refused") { bench.log.contains("connection refused") }
            let again = try await FakeCamera.start(port: bench.camera.port)
            try await bench.moreVideo()
            #expect(bench.viewer.value.endings == 0)
            try await again.stop()
        }
    }

    @Test("A camera on demand is pulled for its first viewer, and released after its last")
    func onDemand() async throws {
        let camera = try await FakeCamera.start()
        let log = LogRecord()
        let stream = try PullBench.stream(
            "on/demand",
            policy: StreamPolicy(onDemand: true, linger: .milliseconds(50)),
            logger: log.logger
        )
        let supervisor = PullSupervisor(
            stream: stream,
            configuration: PullConfiguration(url: camera.url, onDemand: true),
            limiter: ConnectLimiter(),
            logger: log.logger
        )
        let task = Task { await supervisor.run() }
        for round in 1...2 {
            let snapshot = try await stream.describe(on: stream.homeLoop).get()
            #expect(snapshot.tracks.map(\.description.kind) == [.video])
            #expect(camera.requests("PLAY").count == round)
            try await eventually("released") {
                camera.requests("TEARDOWN").count == round && camera.connectionsOpen == 0
            }
        }
        try await stream.close().get()
        await task.value
        try await camera.stop()
    }

    @Test("The status tells address, counters and what went wrong last")
    func status() async throws {
        let camera = try await FakeCamera.start()
        let log = LogRecord()
        let stream = try PullBench.stream("status", logger: log.logger)
        let supervisor = PullSupervisor(
            stream: stream,
            configuration: PullConfiguration(url: camera.url),
            limiter: ConnectLimiter(),
            patience: PullBench.patience,
            logger: log.logger
        )
        let before = try await supervisor.status()
        #expect(before.state == .idle)
        let task = Task { await supervisor.run() }
        try await eventually("live and counted") {
            let status = try await supervisor.status()
            return status.state == .live && status.counters.packets > 20
        }
        let live = try await supervisor.status()
        #expect(live.address == "127.0.0.1:\(camera.port)")
        #expect(live.connects == 1)
        #expect(live.lastError == nil)
        try await camera.stop()
        try await eventually("waiting") { try await supervisor.status().state == .waiting }
        let waiting = try await supervisor.status()
        #expect(waiting.lastError != nil)
        #expect(waiting.counters.packets >= live.counters.packets)
        task.cancel()
        await task.value
        let after = try await supervisor.status()
        #expect(after.state == .idle)
        try await stream.close().get()
    }

    @Test("B11 a locked account is a state of its own, and viewers who come and go do not make more tries of it")
    func locked() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.challenges = [.md5]
        let camera = try await FakeCamera.start(behaviour)
        var configuration = PullConfiguration(url: camera.url, onDemand: true)
        configuration.authenticate()
        configuration.password = Secret("wrong")
        var patience = PullBench.patience
        patience.refused = .milliseconds(20)
        let log = LogRecord()
        let stream = try PullBench.stream(
            "locked",
            policy: StreamPolicy(onDemand: true, linger: .milliseconds(20)),
            logger: log.logger
        )
        let supervisor = PullSupervisor(
            stream: stream, configuration: configuration, limiter: ConnectLimiter(), patience: patience,
            logger: log.logger
        )
        let task = Task { await supervisor.run() }
        for round in 1...3 {
            let viewer = NIOLoopBoundBox.makeBoxSendingValue(
                RecordingViewer(record: Locked(ViewerRecord())), eventLoop: stream.homeLoop
            )
            try await stream.homeLoop.submit { stream.subscribe(viewer.value, on: stream.homeLoop) }.get()
            try await eventually("locked") { try await supervisor.status().state == .locked }
            let lastError = try await supervisor.status().lastError
            #expect(lastError?.isRefusedCredentials == true)
            try await stream.homeLoop.submit { viewer.value.leave() }.get()
            try await eventually("released") { log.lines.count { $0.contains("camera released") } == round }
            #expect(camera.requests.count { $0["Authorization"] != nil } == 2)
        }
        #expect(log.contains("warning camera auth locked"))
        task.cancel()
        await task.value
        try await stream.close().get()
        try await camera.stop()
    }

    @Test("E13 that a camera is only reached over TCP is still known when the next viewer comes")
    func transportKnown() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.refusesUDP = true
        let camera = try await FakeCamera.start(behaviour)
        let log = LogRecord()
        let stream = try PullBench.stream(
            "known", policy: StreamPolicy(onDemand: true, linger: .milliseconds(20)), logger: log.logger
        )
        let supervisor = PullSupervisor(
            stream: stream,
            configuration: PullConfiguration(url: camera.url, transport: .udp, onDemand: true),
            limiter: ConnectLimiter(),
            patience: PullBench.patience,
            logger: log.logger
        )
        let task = Task { await supervisor.run() }
        for round in 1...2 {
            _ = try await stream.describe(on: stream.homeLoop).get()
            try await eventually("released") { log.lines.count { $0.contains("camera released") } == round }
            #expect(camera.connectionsAccepted == round + 1)
        }
        task.cancel()
        await task.value
        try await stream.close().get()
        try await camera.stop()
    }

    @Test("Cancelling tears the session down before it returns")
    func cancelled() async throws {
        let camera = try await FakeCamera.start()
        let log = LogRecord()
        let stream = try PullBench.stream("cancelled", logger: log.logger)
        let source = PullSource(
            stream: stream,
            configuration: PullConfiguration(url: camera.url),
            transport: TransportChoice(.tcp),
            limiter: ConnectLimiter(),
            logger: log.logger
        )
        let task = Task { await source.run() }
        try await eventually("playing") { camera.requests("PLAY").count == 1 }
        task.cancel()
        let outcome = await task.value
        #expect(outcome.error == .cancelled)
        #expect(camera.requests("TEARDOWN").count == 1)
        try await camera.stop()
    }

    @Test("Cancelling while the camera says nothing at all returns at once")
    func cancelledInSilence() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.answers["OPTIONS"] = { _ in .silence }
        try await PullBench.run(behaviour, supervised: true) { bench in
            try await eventually("asked") { bench.camera.requests.count == 1 }
        }
    }

    @Test("Cancelling while a camera does not even answer the connect returns at once")
    func cancelledInConnect() async throws {
        // A listener that accepts nobody: once its queue is full the kernel answers no one.
        let group = MultiThreadedEventLoopGroup.singleton
        let full = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 0).serverChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(full.localAddress?.port)
        var queue: [any Channel] = []
        while queue.count < 8,
            let channel = try? await ClientBootstrap(group: group).connectTimeout(.milliseconds(300))
                .connect(host: "127.0.0.1", port: port).get()
        { queue.append(channel) }
        let log = LogRecord()
        let stream = try PullBench.stream("full", logger: log.logger)
        let configuration = PullConfiguration(url: "rtsp://127.0.0.1:\(port)/x")
        var patience = PullBench.patience
        patience.connect = .seconds(30)
        let supervisor = PullSupervisor(
            stream: stream, configuration: configuration, limiter: ConnectLimiter(), patience: patience,
            logger: log.logger
        )
        let task = Task { await supervisor.run() }
        try await eventually("connecting") { try await supervisor.status().state == .connecting }
        let begin = NIODeadline.now()
        task.cancel()
        await task.value
        #expect(NIODeadline.now() - begin < .seconds(5))
        for channel in queue { try? await channel.close() }
        try await stream.close().get()
        try await full.close()
    }

    @Test(
        "URLs that cannot be pulled are told so",
        arguments: [
            ("", PullError.unusableURL), ("http://camera/x", .unusableURL),
        ])
    func unusable(url: String, expected: PullError) async throws {
        try await PullBench.run(configure: { $0.url = url }) { bench in
            let error = try await bench.untilEnd().error
            #expect(error == expected)
        }
    }

    @Test("A port that is closed is told in words")
    func unreachable() async throws {
        let camera = try await FakeCamera.start()
        try await camera.stop()
        try await PullBench.run(configure: { $0.url = camera.url }) { bench in
            let error = try await bench.untilEnd().error
            #expect("\(error)".contains("connection refused"))
        }
    }

    @Test("A boot storm of forty cameras is worked off in step, none is forgotten")
    func bootStorm() async throws {
        let limiter = ConnectLimiter(simultaneous: 4, perSecond: 200)
        let running = Locked((now: 0, most: 0, starts: [NIODeadline]()))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    try await limiter.connecting {
                        running.change {
                            $0.now += 1
                            $0.most = max($0.most, $0.now)
                            $0.starts.append(.now())
                        }
                        await Task.yield()
                        running.change { $0.now -= 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        let starts = running.value.starts.sorted()
        #expect(starts.count == 40)
        #expect(running.value.most <= 4)
        let last = try #require(starts.last)
        #expect(last - starts[0] >= .milliseconds(39 * 5 - 20))
    }

    @Test("Whoever gives up waiting for a place leaves the line, and the others get theirs")
    func abandonedPlace() async throws {
        let limiter = ConnectLimiter(simultaneous: 1, perSecond: 1_000)
        let release = AsyncStream<Void>.makeStream()
        let inside = Locked(false)
        let first = Task {
            try await limiter.connecting {
                inside.change { $0 = true }
                for await _ in release.stream {}
            }
        }
        try await eventually("inside") { inside.value }
        let second = Task { try await limiter.connecting {} }
        let third = Task { try await limiter.connecting { 3 } }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        release.continuation.finish()
        try await first.value
        let value = try await third.value
        #expect(value == 3)
    }
}
