import Egress
import Foundation
import Ingest
import Media
import NIOCore
import RTSPTransport
import Server
import TestSupport
import Testing

@Suite("Multicast, as players see it", .onQuietMachine)
struct MulticastPlaybackTests {
    @Test(
        "GStreamer, a second one that comes later, and a relay that pulls decode what is sent once to a group on loopback",
        .enabled("\(LoopbackMulticast.comment)", LoopbackMulticast.works))
    func loopback() async throws {
        let port = try await FreePorts.pair()
        let member = try await FakeGroupMember.join("239.255.80.1", port: Int(port))
        try await Self.withRelay("239.255.80.1", port: port, interface: "127.0.0.1") { relay in
            try await withTemporaryDirectory { directory in
                let first = try Self.gstreamer(relay.url("test"), in: directory)
                try await Self.expect(25, of: first)
                let second = try Self.gstreamer(relay.url("test"), in: directory)
                let pulled = CameraConfiguration.pulled("again", .init(url: relay.url("test"), transport: .multicast))
                try await IntegrationTests.withRelay([pulled]) { next in
                    let playback = try await FFmpeg.watch(next.url("again"), over: .tcp, seconds: 2)
                    #expect(playback.complaints == [] && playback.pictures.count >= 40)
                    #expect(Playback.falls(playback.pictures) == [] && Playback.longestStep(playback.pictures) < 0.5)
                    try await Self.expect(50, of: second)
                    // The sender, and who watches for the relay whether the stream comes another way.
                    #expect(try await relay.viewerCount(of: "test") == 2)
                    #expect(relay.logged("multicast begins") == 1)
                }
                try await second.end()
                try await first.end()
                try await eventually("the group is silent", within: .seconds(10)) {
                    relay.logged("multicast ended") == 1
                }
            }
        }
        // Every packet was sent once, and none was left out.
        let packets = member.media.elements.map { ReceivedPacket(bytes: $0.bytes) }.compactMap { $0 }
        #expect(packets.count > 200 && packets.gaps == [])
        #expect(member.control.elements.contains { saysGoodbye($0.bytes) })
        await member.leave()
    }

    @Test(
        "ffmpeg opens the description that a push to a group writes beside, and decodes what is sent there",
        .enabled("\(LoopbackMulticast.comment)", LoopbackMulticast.works))
    func described() async throws {
        let (port, pushed) = (try await FreePorts.pair(), try await FreePorts.pair())
        try await withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("test.sdp").path
            let target = DatagramPushTarget(
                host: "239.255.80.3", port: pushed, sending: MulticastSending(ttl: 0, interface: "127.0.0.1"),
                descriptionFile: file)
            let push = PushConfiguration(name: "wall", path: "test", target: .datagrams(target))
            try await Self.withRelay("239.255.80.4", port: port, interface: "127.0.0.1", pushes: [push]) { relay in
                try await eventually("it is written", within: .seconds(20)) {
                    FileManager.default.fileExists(atPath: file)
                }
                let playback = try await Self.watch(
                    ["-protocol_whitelist", "file,udp,rtp", "-localaddr", "127.0.0.1", "-i", file], seconds: 2)
                #expect(playback.complaints == [])
                #expect(playback.pictures.count >= 25 && playback.sounds.count >= 60)
                #expect(Playback.falls(playback.pictures) == [] && Playback.longestStep(playback.pictures) < 0.5)
                #expect(relay.logged("push started") == 1)
            }
        }
    }

    @Test(
        "ffmpeg decodes it, two at once, where the routes of the system lead a group to somewhere",
        .enabled("needs a route to 239.255.80.2", { await RoutedMulticast.works() }))
    func ffmpeg() async throws {
        let port = try await FreePorts.pair()
        try await Self.withRelay("239.255.80.2", port: port, interface: nil) { relay in
            let input = ["-rtsp_transport", "udp_multicast", "-i", relay.url("test")]
            async let first = Self.watch(input, seconds: 3)
            async let second = Self.watch(input, seconds: 3)
            for playback in [try await first, try await second] {
                #expect(playback.complaints == [])
                #expect(playback.pictures.count >= 60 && playback.sounds.count >= 120)
                #expect(Playback.falls(playback.pictures) == [] && Playback.longestStep(playback.pictures) < 0.5)
            }
            #expect(relay.logged("multicast begins") == 1)
        }
    }

    /// The test camera, and one group that stays on this machine.
    private static func withRelay(
        _ group: String, port: UInt16, interface: String?, pushes: [PushConfiguration] = [],
        _ body: (RunningRelay) async throws -> Void
    ) async throws {
        let ports = try #require(MulticastPorts(first: port, last: port + 3))
        let multicast = MulticastConfiguration(
            addresses: try MulticastRange(parsing: group), ports: ports,
            sending: MulticastSending(ttl: 0, interface: interface))
        let listen = ListenConfiguration(
            rtsp: ListenAddress(host: "127.0.0.1", port: 0), http: nil, rtp: .anyFree, multicast: multicast)
        let camera = CameraConfiguration.testCamera(keyFrameInterval: .milliseconds(500))
        let relay = try await RunningRelay.start(RelayConfiguration(listen: listen, cameras: [camera], pushes: pushes))
        do {
            try await body(relay)
            await relay.stop()
        } catch {
            await relay.stop()
            throw error
        }
    }

    private static func gstreamer(_ url: String, in directory: URL) throws -> GStreamerPlayer {
        try GStreamerPlayer(
            url, over: .multicast, video: .init(codec: .h264, rate: 25), audio: .init(codec: .aac, rate: 48_000),
            in: directory)
    }

    private static func expect(_ pictures: Int, of player: GStreamerPlayer) async throws {
        try await eventually("GStreamer has decoded \(pictures) pictures", within: .seconds(20)) {
            player.decoded.pictures >= pictures || !player.isPlaying
        }
        #expect(player.complaints == [])
    }

    private static func watch(_ input: [String], seconds: Int) async throws -> Playback {
        try await withTemporaryDirectory { directory in
            let ended = try await OutsideTool("ffmpeg").start(
                ["-nostdin", "-hide_banner", "-loglevel", "error"] + input
                    + ["-t", "\(seconds)", "-fps_mode", "vfr", "-f", "framecrc", "pipe:1"],
                in: directory
            ).ended(within: .seconds(30))
            let frames = FrameChecksums(ended.lines)
            return Playback(
                complaints: ended.complaints, pictures: frames.times["video"] ?? [], sounds: frames.times["audio"] ?? []
            )
        }
    }
}

/// Whether a group without an interface named is sent and heard on this machine.
private enum RoutedMulticast {
    static func works() async -> Bool {
        guard let port = try? await FreePorts.pair(),
            let member = try? await FakeGroupMember.join("239.255.77.251", port: Int(port), onLoopback: false),
            let sender = try? await FakeSender.start(host: "0.0.0.0")
        else { return false }
        try? await sender.send([1], toGroup: "239.255.77.251", port: Int(port), onLoopback: false)
        let came = try? await member.media.next(within: .seconds(2))
        await member.leave()
        try? await sender.stop()
        return came != nil
    }
}
