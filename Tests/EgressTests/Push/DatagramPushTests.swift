import Logging
import Media
import NIOCore
import RTSPTransport
import Reflector
import TestSupport
import Testing

@testable import Egress

@Suite("Streams sent to addresses")
struct DatagramPushTests {
    private struct NoSuchFolder: Error {}

    /// A stream with a push that runs while `body` does, and the descriptions that were written.
    private static func run(
        to target: DatagramPushTarget, write: @escaping DatagramPush.DescriptionWriter = { _, _ in },
        logger: Logger = Logger(label: "test"), _ body: (SyntheticCamera, Task<Void, Never>) async throws -> Void
    ) async throws {
        try await LoopbackRelay.run { _, camera in
            let push = DatagramPush(
                name: "wall", stream: camera.stream, target: target, write: write, logger: logger)
            let running = Task { await push.run() }
            try await camera.sendGroup()
            try await body(camera, running)
            running.cancel()
            await running.value
        }
    }

    @Test(
        "Both tracks come to their ports with sender reports beside them, whether anybody takes them or not, and BYE ends them"
    )
    func unicast() async throws {
        let video = try await FakeViewerPorts.open()
        let target = DatagramPushTarget(host: "127.0.0.1", port: UInt16(video.port))
        try await Self.run(to: target) { camera, running in
            // Nobody listens at the sound's ports: the kernel refuses each packet by ICMP.
            let first = try await video.media.next()
            #expect(SeenPacket(first.bytes)?.payloadType == 96)
            _ = try await video.control.next { holds(RTCPType.senderReport, $0.bytes) }
            try await camera.sendPictures(20)
            try await eventually("all of them") { video.media.elements.count >= 24 }
            running.cancel()
            _ = try await video.control.next { holds(RTCPType.goodbye, $0.bytes) }
            try await camera.viewersLeft()
        }
        await video.close()
    }

    @Test("The description is written with the ports, without controls, and again when parameter sets come to be known")
    func description() async throws {
        let written = Locked<[String]>([])
        let target = DatagramPushTarget(host: "127.0.0.1", port: 5004, mostTracks: 1, descriptionFile: "gate.sdp")
        try await Self.run(
            to: target,
            write: { file, text in
                #expect(file == "gate.sdp")
                written.change { $0.append(text) }
            }
        ) { camera, _ in
            try await eventually("written") { !written.value.isEmpty }
            let lines = written.value[0].split(separator: "\r\n")
            #expect(lines.contains("c=IN IP4 127.0.0.1"))
            #expect(lines.filter { $0.hasPrefix("m=") } == ["m=video 5004 RTP/AVP 96"], "the second track has no port")
            #expect(!written.value[0].contains("a=control") && !written.value[0].contains("a=range"))
            #expect(!written.value[0].contains("sprop-parameter-sets"))
            try await camera.sendParameterSets()
            try await eventually("written again") { written.value.last?.contains("sprop-parameter-sets") == true }
        }
    }

    @Test("A file that cannot be written is said once and stops nothing")
    func unwritable() async throws {
        let ports = try await FakeViewerPorts.open()
        let tries = Locked(0)
        let record = LogRecord()
        let target = DatagramPushTarget(host: "127.0.0.1", port: UInt16(ports.port), descriptionFile: "no/such/folder")
        try await Self.run(
            to: target,
            write: { _, _ in
                tries.change { $0 += 1 }
                throw NoSuchFolder()
            },
            logger: record.logger
        ) { _, _ in
            _ = try await ports.media.next()
            try await eventually("tried again") { tries.value >= 2 }
            #expect(record.lines.count { $0.contains("cannot write the description") } == 1)
        }
        await ports.close()
    }

    @Test("A group is sent to as multicast", .enabled("\(LoopbackMulticast.comment)", LoopbackMulticast.works))
    func group() async throws {
        let port = try await FreePorts.pair()
        let member = try await FakeGroupMember.join("239.255.79.1", port: Int(port))
        let target = DatagramPushTarget(
            host: "239.255.79.1", port: port, sending: MulticastSending(ttl: 2, interface: "127.0.0.1"))
        try await Self.run(to: target) { camera, _ in
            _ = try await member.media.next()
            try await camera.stream.close().get()
            _ = try await member.control.next { holds(RTCPType.goodbye, $0.bytes) }
        }
        await member.leave()
    }

    @Test("A stream that comes back with other tracks is sent on, and a closed one ends the push")
    func otherTracks() async throws {
        let ports = try await FakeViewerPorts.open()
        let target = DatagramPushTarget(host: "127.0.0.1", port: UInt16(ports.port))
        try await Self.run(to: target) { camera, running in
            let first = SeenPacket(try await ports.media.next().bytes)
            try await camera.leave()
            var sound = SyntheticCamera.audio
            sound.primary = TrackFormat(payloadType: 8, codec: .pcma, encodingName: "PCMA", clockRate: 8000)
            let other = try await SyntheticCamera(stream: camera.stream, tracks: [SyntheticCamera.video, sound])
            _ = try await ports.control.next { holds(RTCPType.goodbye, $0.bytes) }
            try await eventually("it goes on") {
                try await other.sendGroup()
                return ports.media.elements.contains { SeenPacket($0.bytes).map { $0.ssrc != first?.ssrc } ?? false }
            }
            try await camera.stream.close().get()
            await running.value
        }
        await ports.close()
    }

    /// A push that looks often, and finds addresses as `lookUp` says.
    private static func push(
        _ stream: Stream, to target: DatagramPushTarget, _ record: LogRecord,
        lookUp: @escaping DatagramPush.Lookup = SocketAddress.lookUp(_:port:)
    ) -> DatagramPush {
        DatagramPush(
            name: "wall", stream: stream, target: target, write: { _, _ in }, look: .milliseconds(20), lookUp: lookUp,
            logger: record.logger)
    }

    @Test(
        "A name nobody knows, or an interface that is not there, is said once, tried again, and the stream stays wanted"
    )
    func unreachable() async throws {
        for host in ["wall.test", "ff15::1"] {
            let record = LogRecord()
            let tries = Locked(0)
            let target = DatagramPushTarget(
                host: host, port: 5004, sending: MulticastSending(interface: "nowhere0"))
            try await LoopbackRelay.run { _, camera in
                let push = Self.push(camera.stream, to: target, record) { host, port in
                    tries.change { $0 += 1 }
                    return [try SocketAddress(ipAddress: host, port: Int(port))]
                }
                let running = Task { await push.run() }
                try await eventually("tried again") { tries.value >= 3 }
                let status = try await push.status()
                #expect(status.state == .waiting && status.lastError != nil)
                #expect(record.lines.count { $0.contains("push waits") } == 1)
                #expect(try await camera.stream.viewerCount().get() == 1, "a camera on demand stays")
                running.cancel()
                await running.value
                try await camera.viewersLeft()
            }
        }
    }

    @Test("A push that ends while its name is looked up ends at once, and complains of nothing")
    func cutShort() async throws {
        let record = LogRecord()
        let asked = Locked(false)
        try await LoopbackRelay.run { _, camera in
            let push = Self.push(camera.stream, to: DatagramPushTarget(host: "wall.test", port: 5004), record) { _, _ in
                asked.change { $0 = true }
                try await Task.sleep(for: .seconds(600))
                throw NoSuchFolder()
            }
            let running = Task { await push.run() }
            try await eventually("asked") { asked.value }
            running.cancel()
            await running.value
            #expect(!record.contains("push waits"))
            #expect(try await push.status().state == .ended)
        }
    }

    @Test("What the kernel refuses is not live: the push waits with the reason, asks for the address anew, and goes on")
    func refused() async throws {
        let ports = try await FakeViewerPorts.open()
        let record = LogRecord()
        let isBack = Locked(false)
        try await LoopbackRelay.run { _, camera in
            let target = DatagramPushTarget(host: "wall.test", port: UInt16(ports.port))
            let push = Self.push(camera.stream, to: target, record) { _, port in
                // The kernel sends no broadcast for sockets that did not ask for it.
                let host = isBack.value ? "127.0.0.1" : "255.255.255.255"
                return [try SocketAddress(ipAddress: host, port: Int(port))]
            }
            let running = Task { await push.run() }
            try await eventually("it waits") {
                try await camera.sendGroup(pictures: 2)
                return try await push.status().state == .waiting
            }
            let status = try await push.status()
            #expect(status.refused > 0 && status.reconnects == 0)
            #expect(status.lastError.map { "\($0)" }?.contains("sending: ") == true)
            #expect(!record.contains("push started"))
            isBack.change { $0 = true }
            try await eventually("it goes on") {
                try await camera.sendGroup()
                return try await push.status().state == .live
            }
            _ = try await ports.media.next()
            #expect(record.lines.count { $0.contains("push waits") } == 1)
            running.cancel()
            await running.value
            #expect(record.lines.contains { $0.contains("push ended") && $0.contains("failed=0") })
        }
        await ports.close()
    }

    @Test(
        "A push goes where its name has moved to, at once and with a goodbye, and stays while the name cannot be found")
    func moves() async throws {
        let record = LogRecord()
        let answers = Locked(0)
        // Which of its addresses a name tells first may change with each look.
        let host = Locked<[String]?>(["127.0.0.1", "127.0.0.2"])
        let first = try await FakeViewerPorts.open()
        try await LoopbackRelay.run { _, camera in
            let target = DatagramPushTarget(host: "wall.test", port: UInt16(first.port))
            let push = Self.push(camera.stream, to: target, record) { _, port in
                answers.change { $0 += 1 }
                guard let hosts = host.value else { throw NoSuchFolder() }
                return try hosts.map { try SocketAddress(ipAddress: $0, port: Int(port)) }
            }
            let running = Task { await push.run() }
            try await camera.sendGroup()
            _ = try await first.media.next()
            for hosts in [["127.0.0.2", "127.0.0.1"], nil] {
                host.change { $0 = hosts }
                let known = answers.value
                try await eventually("looked up") { answers.value > known + 1 }
            }
            #expect(!record.contains("push moves"))
            host.change { $0 = ["127.0.0.3"] }
            _ = try await first.control.next { holds(RTCPType.goodbye, $0.bytes) }
            try await eventually("it goes on there") {
                try await camera.sendGroup(pictures: 2)
                return try await push.status().address == "127.0.0.3"
            }
            #expect(record.lines.count { $0.contains("push moves with its name") && $0.contains("127.0.0.3") } == 1)
            running.cancel()
            await running.value
        }
        await first.close()
    }

    @Test("Ports end where those of another target begin, and at the last there is")
    func ports() {
        let target = DatagramPushTarget(host: "127.0.0.1", port: 65_532, mostTracks: 3)
        #expect(target.port(of: 0) == 65_532 && target.port(of: 1) == 65_534)
        #expect(target.port(of: 2) == nil && target.port(of: 3) == nil && target.port(of: -1) == nil)
        #expect("\(DatagramPushTarget(host: "ff15::1", port: 5004))" == "rtp://[ff15::1]:5004")
    }
}
