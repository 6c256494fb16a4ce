import Foundation
import Media
import NIOCore
import RTSPTransport
import Reflector
import TestSupport
import Testing

@testable import Ingest

/// One listened source, a viewer that writes down every packet, and senders on loopback.
private struct ListenBench {
    let stream: Reflector.Stream
    let viewer: Locked<ViewerRecord>
    let log: LogRecord
    let port: UInt16

    static func run(
        _ origin: (UInt16) -> ListenSourceConfiguration.Origin,
        onDemand: Bool = false,
        configure: (inout ListenPatience) -> Void = { _ in },
        interfaces: @escaping ListenSupervisor.Interfaces = { $0.interfaces },
        _ body: (ListenBench) async throws -> Void
    ) async throws {
        let port = try await FreePorts.pair()
        var patience = ListenPatience()
        patience.takeover = .milliseconds(200)
        patience.look = .milliseconds(20)
        patience.retry = .milliseconds(50)
        configure(&patience)
        let log = LogRecord()
        let stream = try PullBench.stream(
            "test", policy: StreamPolicy(onDemand: onDemand, linger: .zero), logger: log.logger)
        let viewer = onDemand ? Locked(ViewerRecord()) : try await PullBench.watch(stream)
        let configuration = ListenSourceConfiguration(origin: origin(port), onDemand: onDemand)
        let supervisor = ListenSupervisor(
            stream: stream, configuration: configuration, patience: patience, wallClock: { 1_790_000_000 },
            interfaces: interfaces, logger: log.logger)
        let task = Task { await supervisor.run() }
        let bench = ListenBench(stream: stream, viewer: viewer, log: log, port: port)
        let result: Result<Void, any Error>
        do { result = .success(try await body(bench)) } catch { result = .failure(error) }
        task.cancel()
        await task.value
        try await stream.close().get()
        try result.get()
    }

    var packets: [ViewerRecord.Packet] { viewer.value.packets }

    func untilListening(_ times: Int = 1) async throws {
        try await eventually("listening") { log.lines.count { $0.hasPrefix("info listening") } >= times }
    }
}

/// µ-law as a sender has it (RFC 3551 §4.5.14).
private struct Sound {
    var payloadType: UInt8 = 0
    var number: UInt16 = 0
    var ssrc: UInt8 = 1

    mutating func packet() -> [UInt8] {
        number &+= 1
        let stamp = UInt32(number) * 160
        return [0x80, payloadType, UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
            + withUnsafeBytes(of: stamp.bigEndian) { Array($0) } + [0, 0, 0, ssrc]
            + [UInt8](repeating: 0x7F, count: 160)
    }
}

@Suite("Sources that send by themselves")
struct ListenSupervisorTests {
    private static func rtp(_ port: UInt16) -> ListenSourceConfiguration.Origin { .rtp(host: "127.0.0.1", port: port) }

    @Test("Packets that nobody asked for reach the viewers; garbage and reports before them do no harm")
    func received() async throws {
        try await ListenBench.run(Self.rtp) { bench in
            try await bench.untilListening()
            let sender = try await FakeSender.start()
            var sound = Sound()
            for junk in [[], [0], [UInt8](repeating: 0x80, count: 12), [0x80, 200, 0, 1, 0, 0, 0, 1]] as [[UInt8]] {
                try await sender.send(junk, to: Int(bench.port))
            }
            for _ in 0..<20 { try await sender.send(sound.packet(), to: Int(bench.port)) }
            try await eventually("twenty packets") { bench.packets.count == 20 }
            #expect(bench.packets.allSatisfy { $0.payloadType == 0 && $0.payload.count == 160 })
            #expect(bench.log.contains("camera up"))
            try await sender.stop()
        }
    }

    @Test("A silent source is away, the viewers stay, and it is back with its next packet")
    func silence() async throws {
        try await ListenBench.run(Self.rtp, configure: { $0.stall = .milliseconds(200) }) { bench in
            try await bench.untilListening()
            let sender = try await FakeSender.start()
            var sound = Sound()
            try await sender.send(sound.packet(), to: Int(bench.port))
            try await eventually("away") { bench.log.contains("warning camera down") }
            // From another port, as a camera that was switched off and on.
            let again = try await FakeSender.start()
            sound = Sound(number: 4000, ssrc: 2)
            try await eventually("back") {
                try await again.send(sound.packet(), to: Int(bench.port))
                return bench.packets.count >= 3
            }
            #expect(Set(bench.packets.map(\.ssrc)).count == 1)
            #expect(bench.viewer.value.endings == 0)
            #expect(bench.packets[1].sequenceNumber == bench.packets[0].sequenceNumber &+ 1)
            try await sender.stop()
            try await again.stop()
        }
    }

    @Test("One who sends nothing of use any more does not keep out another who does")
    func uselessSender() async throws {
        try await ListenBench.run(Self.rtp, configure: { $0.stall = .milliseconds(200) }) { bench in
            try await bench.untilListening()
            let useless = try await FakeSender.start()
            var sound = Sound()
            try await useless.send(sound.packet(), to: Int(bench.port))
            try await eventually("up") { bench.packets.count == 1 }
            let good = try await FakeSender.start()
            var nonsense = Sound(payloadType: 97, number: 100)
            sound = Sound(number: 4000, ssrc: 2)
            try await eventually("the other one is heard") {
                try await useless.send(nonsense.packet(), to: Int(bench.port))
                try await good.send(sound.packet(), to: Int(bench.port))
                return bench.packets.count >= 5
            }
            try await useless.stop()
            try await good.stop()
        }
    }

    @Test("A payload type that tells nothing is told of once")
    func undescribed() async throws {
        try await ListenBench.run(Self.rtp) { bench in
            try await bench.untilListening()
            let sender = try await FakeSender.start()
            var sound = Sound(payloadType: 96)
            for _ in 0..<10 { try await sender.send(sound.packet(), to: Int(bench.port)) }
            sound.payloadType = 8
            try await eventually("what tells itself") {
                try await sender.send(sound.packet(), to: Int(bench.port))
                return !bench.packets.isEmpty
            }
            #expect(bench.log.lines.count { $0.contains("write its description into a file") } == 1)
            try await sender.stop()
        }
    }

    @Test("A port in use is told of once and taken when it is free")
    func portInUse() async throws {
        let other = try await FakeSender.start()
        let taken = other.port
        try await ListenBench.run({ _ in .transportStream(host: "127.0.0.1", port: taken) }) { bench in
            try await eventually("told") { bench.log.contains("port \(taken) is in use") }
            try await other.stop()
            try await bench.untilListening()
            #expect(bench.log.lines.count { $0.contains("is in use") } == 1)
        }
    }

    @Test("When an interface has come back the ports are opened anew, and not while the source is heard")
    func interfaceChanged() async throws {
        let index = Locked(1)
        try await ListenBench.run(
            Self.rtp, configure: { $0.takeover = .milliseconds(300) }, interfaces: { _ in [index.value] }
        ) { bench in
            try await bench.untilListening()
            let sender = try await FakeSender.start()
            var sound = Sound()
            try await eventually("it is heard") {
                try await sender.send(sound.packet(), to: Int(bench.port))
                return !bench.packets.isEmpty
            }
            index.change { $0 = 2 }
            let known = bench.packets.count
            // On a busy machine the test itself may fall silent.
            var (last, longest) = (NIODeadline.now(), TimeAmount.zero)
            try await eventually("it is heard on") {
                try await sender.send(sound.packet(), to: Int(bench.port))
                longest = max(longest, .now() - last)
                last = .now()
                return bench.packets.count > known + 10
            }
            #expect(longest > .milliseconds(200) || !bench.log.contains("interface changed"))
            try await bench.untilListening(2)
            #expect(bench.log.lines.count { $0.contains("interface changed") } == 1)
            try await eventually("it is heard again") {
                try await sender.send(sound.packet(), to: Int(bench.port))
                return bench.packets.count > known + 30
            }
        }
    }

    @Test("On demand the ports are open only while somebody watches")
    func onDemand() async throws {
        try await ListenBench.run(Self.rtp, onDemand: true) { bench in
            // Not before: somebody else may have the port.
            let other = try await FakeSender.start(port: bench.port)
            #expect(!bench.log.contains("listening"))
            try await other.stop()
            let viewer = try await PullBench.watch(bench.stream)
            try await bench.untilListening()
            let sender = try await FakeSender.start()
            var sound = Sound()
            try await sender.send(sound.packet(), to: Int(bench.port))
            try await eventually("a packet") { viewer.value.packets.count == 1 }
            try await sender.stop()
        }
    }

    @Test("A changed description is taken up, a wrong one is told of once and changes nothing")
    func description() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("x.sdp")
            func write(_ port: UInt16, _ payloadType: Int) throws {
                try "c=IN IP4 127.0.0.1\nm=audio \(port) RTP/AVP \(payloadType)\n".write(
                    to: file, atomically: true, encoding: .utf8)
            }
            try await ListenBench.run({ _ in .description(file: file.path) }) { bench in
                try await eventually("told") { bench.log.contains("no such file") }
                try write(bench.port, 0)
                try await bench.untilListening()
                let sender = try await FakeSender.start()
                var sound = Sound()
                try await sender.send(sound.packet(), to: Int(bench.port))
                try await eventually("a packet") { bench.packets.count == 1 }

                try "nonsense".write(to: file, atomically: true, encoding: .utf8)
                try await eventually("told") { bench.log.contains("error description not taken up") }
                try await sender.send(sound.packet(), to: Int(bench.port))
                try await eventually("the old one runs") { bench.packets.count == 2 }

                let other = try await FreePorts.pair()
                try write(other, 0)
                try await bench.untilListening(2)
                try await sender.send(sound.packet(), to: Int(other))
                try await eventually("the new one") { bench.packets.count == 3 }
                #expect(bench.log.lines.count { $0.contains("not taken up") } == 1)
                #expect(bench.viewer.value.endings == 0)
                try await sender.stop()
            }
        }
    }

    @Test(
        "While the leading track flows a silent one takes another port of the host, and no stray packet ends anything")
    func strayPackets() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("x.sdp")
            let other = try await FreePorts.pair()
            try await ListenBench.run(
                { port in
                    let media = "m=audio \(port) RTP/AVP 0\nm=audio \(other) RTP/AVP 8\n"
                    try? "c=IN IP4 127.0.0.1\n\(media)".write(to: file, atomically: true, encoding: .utf8)
                    return .description(file: file.path)
                }, configure: { $0.takeover = .seconds(2) }
            ) { bench in
                try await bench.untilListening()
                let senders = [
                    try await FakeSender.start(), try await FakeSender.start(), try await FakeSender.start(),
                ]
                var (lead, second) = (Sound(), Sound(payloadType: 8, ssrc: 2))
                try await senders[0].send(lead.packet(), to: Int(bench.port))
                try await senders[0].send(second.packet(), to: Int(other))
                try await eventually("both tracks") { Set(bench.packets.map(\.track)) == [0, 1] }

                // Of another payload type, for longer than a sender is waited for.
                let begin = NIODeadline.now()
                try await eventually("two seconds and more of the first track and stray packets") {
                    try await senders[0].send(lead.packet(), to: Int(bench.port))
                    var stray = Sound(ssrc: 9)
                    try await senders[1].send(stray.packet(), to: Int(other))
                    return NIODeadline.now() - begin > .milliseconds(2300)
                }
                #expect(!bench.log.contains("sender changed"))

                second.number = 900
                try await eventually("the second track from another port") {
                    try await senders[0].send(lead.packet(), to: Int(bench.port))
                    try await senders[2].send(second.packet(), to: Int(other))
                    return bench.packets.count { $0.track == 1 } > 3
                }
                #expect(bench.log.lines.count { $0.contains("sender changed") } == 1)
                #expect(bench.log.lines.count { $0.contains("info camera up") } == 1)
                for sender in senders { try await sender.stop() }
            }
        }
    }

    @Test("Another codec on the same stream of a transport stream begins a new reception")
    func otherCodec() async throws {
        try await ListenBench.run({ .transportStream(host: "127.0.0.1", port: $0) }) { bench in
            try await bench.untilListening()
            let sender = try await FakeSender.start()
            try await sender.send(Multiplex.programs + Multiplex.map([(0x1B, 0x101)]), to: Int(bench.port))
            try await sender.send(Multiplex.programs + Multiplex.map([(0x24, 0x101)]), to: Int(bench.port))
            try await eventually("noticed") { bench.log.contains("began anew in another form") }
            try await sender.stop()
        }
    }

    @Test("A description whose status alone has changed is looked at again")
    func stamp() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("x.sdp")
            try Data("m=audio 5004 RTP/AVP 0\n".utf8).write(to: file)
            let description = DescriptionFile(path: file.path)
            let before = description.stamp
            try await eventually("the clock of the file system has moved on") {
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
                return description.stamp != before
            }
            #expect(description.stamp?.size == before?.size && description.stamp?.seconds == before?.seconds)
        }
    }

    @Test("A transport stream of noise costs nobody anything")
    func noise() async throws {
        try await ListenBench.run(
            { .transportStream(host: "127.0.0.1", port: $0) },
            configure: {
                $0.stall = .milliseconds(300)
                $0.sense = .milliseconds(300)
            }
        ) { bench in
            try await bench.untilListening()
            let sender = try await FakeSender.start()
            var state: UInt64 = 7
            try await eventually("given up") {
                var datagram = (0..<7 * 188).map { _ -> UInt8 in
                    state = state &* 6_364_136_223_846_793_005 &+ 1
                    return UInt8(truncatingIfNeeded: state >> 40)
                }
                for packet in 0..<7 { datagram[packet * 188] = 0x47 }
                for _ in 0..<20 { try await sender.send(datagram, to: Int(bench.port)) }
                return bench.log.contains("warning camera down")
            }
            #expect(bench.packets.isEmpty)
            try await sender.stop()
        }
    }
}
