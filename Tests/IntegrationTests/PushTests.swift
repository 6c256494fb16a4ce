import Egress
import Foundation
import Ingest
import NIOCore
import NIOPosix
import RTSP
import RTSPTransport
import Server
import TestSupport
import Testing

@Suite("Pushes to other servers", .onQuietMachine)
struct PushTests {
    @Test(
        "GStreamer's server takes a push and decodes its picture and its sound", arguments: [PushTransport.tcp, .udp])
    func toGStreamer(transport: PushTransport) async throws {
        try await GStreamerRecorder.run { server in
            try await withRelay([.testCamera()], pushes: [.to(server.url, over: transport)]) { relay in
                try await eventually("two seconds of picture and sound are decoded") {
                    server.frames("video") >= 50 && server.frames("audio") >= 80
                }
                #expect(
                    relay.log.contains { $0.contains("push started") && $0.contains("transport=\(transport.rawValue)") }
                )
                #expect(relay.logged("push lost") == 0)
            }
            #expect(server.complaints == [])
        }
    }

    @Test("ffmpeg as a server records a push without a complaint")
    func toFFmpeg() async throws {
        try await withTemporaryDirectory { directory in
            let port = try await FreePorts.tcp()
            let url = "rtsp://127.0.0.1:\(port)/in"
            let file = directory.appendingPathComponent("in.mkv")
            let recorder = try OutsideTool("ffmpeg").start(
                [
                    "-nostdin", "-hide_banner", "-loglevel", "error", "-rtsp_flags", "listen", "-i", url, "-t", "3",
                    "-c", "copy", file.path,
                ], in: directory)
            let ended = try await withRelay([.testCamera()], pushes: [.to(url)]) { _ in
                try await recorder.ended(within: .seconds(20))
            }
            #expect(ended.status == 0 && ended.complaints == [])
            #expect(try await FFmpeg.complaints(about: file) == [])
        }
    }

    @Test("A second relay is pushed to over TCP, UDP and TLS at once, and ffmpeg decodes each without a complaint")
    func inARow() async throws {
        try await withTemporaryDirectory { folder in
            let certificate = try SelfSignedCertificate(names: ["localhost"], serialNumber: .random(in: 1 ... .max))
            let file = folder.appending(path: "relay.pem")
            try Data((certificate.certificatePEM + certificate.privateKeyPEM).utf8).write(to: file)
            let files = CertificateFiles(certificate: file.path(), key: file.path())
            let paths = ["tcp", "udp", "tls"]
            try await withRelay(paths.map { .published($0) }, certificate: files) { second in
                let pushes: [PushConfiguration] = [
                    .to(second.url("tcp")), .to(second.url("udp"), over: .udp),
                    .to(second.secureURL("tls"), trust: .fingerprint(certificate.fingerprint)),
                    // One that leads nowhere harms none of the others.
                    .to("rtsp://127.0.0.1:1/x"),
                ]
                try await withRelay([.testCamera()], pushes: pushes) { first in
                    try await eventually("all three publish") { second.logged("publisher joined") == 3 }
                    let playbacks = try await withThrowingTaskGroup(of: Playback.self) { group in
                        for path in paths {
                            group.addTask { try await FFmpeg.watch(second.url(path), over: .tcp, seconds: 3) }
                        }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    for playback in playbacks {
                        #expect(playback.complaints == [])
                        #expect(playback.pictures.count >= 70)
                        #expect((playback.sounds.last ?? 0) > 2)
                    }
                    #expect(first.logged("push started") == 3)
                    #expect(first.log.contains { $0.contains("push lost") && $0.contains("connection refused") })
                }
                try await eventually("each is torn down") {
                    second.log.count { $0.contains("publisher left") && $0.contains("TEARDOWN") } == 3
                }
            }
        }
    }

    @Test("A relay that restarts is pushed to again within seconds, and the viewers of the first one notice nothing")
    func restart() async throws {
        let port = UInt16(try await FreePorts.tcp())
        let push = PushConfiguration.to("rtsp://127.0.0.1:\(port)/in")
        try await withRelay([.testCamera()], pushes: [push]) { first in
            try await withRelay([.published("in")], port: port) { second in
                try await eventually("it publishes") { second.logged("publisher joined") == 1 }
            }
            let watcher = try await first.viewer().watch(first.url("test"))
            try await eventually("the loss is noticed") { first.logged("push lost") >= 2 }
            try await withRelay([.published("in")], port: port) { second in
                let back = NIODeadline.now()
                try await eventually("it publishes again") { second.logged("publisher joined") == 1 }
                #expect(NIODeadline.now() - back < .seconds(5))
                #expect(try await FFmpeg.firstPicture(of: second.url("in")) == [])
            }
            #expect(watcher.packets(of: 0).gaps == [])
            try await watcher.tearDown()
        }
    }
}

@Suite("Relays in a ring", .onQuietMachine)
struct RingTests {
    @Test("Two relays that push to each other: the second refuses, both say so, and the stream is there once")
    func pushes() async throws {
        let ports = try await (UInt16(FreePorts.tcp()), UInt16(FreePorts.tcp()))
        let toSecond = PushConfiguration.to("rtsp://127.0.0.1:\(ports.1)/ring", "ring")
        let toFirst = PushConfiguration.to("rtsp://127.0.0.1:\(ports.0)/ring", "ring")
        try await withTemporaryDirectory { directory in
            // Takeover would let the stream replace itself for ever.
            try await withRelay([.published("ring", takeover: true)], port: ports.0, pushes: [toSecond]) { first in
                try await withRelay([.published("ring", takeover: true)], port: ports.1, pushes: [toFirst]) { second in
                    let publisher = try FFmpegPublisher.start(first.url("ring"), over: .tcp, in: directory)
                    try await eventually("the second refuses to send it back") {
                        second.log.contains { $0.contains("push lost") && $0.contains("loop:") }
                    }
                    #expect(first.log.contains { $0.contains("publisher refused") && $0.contains("loop:") })
                    #expect(try await FFmpeg.firstPicture(of: second.url("ring")) == [])
                    #expect(first.logged("publisher joined") == 1 && second.logged("publisher joined") == 1)
                    #expect(second.logged("push lost") == 1, "not again and again")
                    await publisher.stop()
                }
            }
        }
    }

    @Test("Two relays that pull from each other are refused by each other, and a viewer is told there is nothing")
    func pulls() async throws {
        let ports = try await (UInt16(FreePorts.tcp()), UInt16(FreePorts.tcp()))
        func pulled(_ port: UInt16) -> CameraConfiguration {
            .pulled("ring", PullConfiguration(url: "rtsp://127.0.0.1:\(port)/ring", timeout: .seconds(2)))
        }
        try await withRelay([pulled(ports.1)], port: ports.0) { first in
            try await withRelay([pulled(ports.0)], port: ports.1) { second in
                for relay in [first, second] {
                    try await eventually("the loop is told") {
                        relay.log.contains { $0.contains("camera down") && $0.contains("loop:") }
                    }
                    #expect(relay.logged("camera up") == 0)
                }
                #expect(first.logged("viewer refused") + second.logged("viewer refused") >= 2)
            }
        }
    }
}

extension FreePorts {
    /// A port that nobody listens on at the moment.
    static func tcp() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port ?? 0
        try await channel.close()
        return port
    }
}
