import Foundation
import NIOCore
import RTSP
import Server
import TestSupport
import Testing

@Suite("Movies broadcast from the command line", .onQuietMachine)
struct BroadcastTests {
    /// Two seconds with B frames and sound, hinted too.
    private static func movies(in folder: URL) async throws {
        func ffmpeg(_ arguments: [String]) async throws {
            _ = try await OutsideTool("ffmpeg").output(["-nostdin", "-loglevel", "error"] + arguments, in: folder)
        }
        try await ffmpeg(
            [
                "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=2", "-f", "lavfi", "-i",
                "sine=frequency=440:sample_rate=48000:duration=2", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset",
                "veryfast", "-g", "12", "-c:a", "aac", "plain.mp4",
            ])
        try await ffmpeg(["-i", "plain.mp4", "-c", "copy", "-movflags", "rtphint", "hinted.mov"])
    }

    /// What ffmpeg makes of the pictures, decoded, and of the packets of sound.
    private static let sums = [
        "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "pictures", "-map", "0:a", "-c", "copy", "-f",
        "framemd5", "sound",
    ]

    private static func read(_ name: String, in folder: URL) throws -> [Substring] {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }.map { line in
                // Time of showing left out; behind the sum may stand side data.
                line.split(separator: ",").dropFirst(5).first?.drop { $0 == " " } ?? ""
            }
    }

    @Test(
        "What ffmpeg gets by the session description is every picture and every sound",
        arguments: ["plain.mp4", "hinted.mov"])
    func toAnAddress(name: String) async throws {
        try await withTemporaryDirectory { folder in
            try await Self.movies(in: folder)
            let ffmpeg = ["-nostdin", "-y", "-loglevel", "error"]
            _ = try await OutsideTool("ffmpeg").output(ffmpeg + ["-i", "plain.mp4"] + Self.sums, in: folder)
            let all = (try Self.read("pictures", in: folder), try Self.read("sound", in: folder))
            #expect(all.0.count == 50)
            let port = try FreePorts.datagrams(4)
            let arguments = ["movie", "broadcast", name, "rtp://127.0.0.1:\(port)", "--sdp", "x.sdp"]
            // Only for the description: players want it before there is anything to listen to.
            let first = try OutsideTool.heliograph().start(arguments, in: folder)
            try await eventually("it is written") { FileManager.default.fileExists(atPath: folder.path + "/x.sdp") }
            first.interrupt()
            #expect(try await first.ended(within: .seconds(5)).status == 0)
            let player = try OutsideTool("ffmpeg").start(
                ffmpeg + ["-protocol_whitelist", "file,rtp,udp", "-i", "x.sdp"] + Self.sums, in: folder)
            try await eventually("it listens") { try FreePorts.areTaken(port..<port + 4) }
            let broadcast = try OutsideTool.heliograph().start(arguments, in: folder)
            #expect(try await broadcast.ended(within: .seconds(10)).status == 0)
            // BYE ends it.
            #expect(try await player.ended(within: .seconds(10)).status == 0)
            #expect(try Self.read("pictures", in: folder) == all.0)
            // ffmpeg's hinter leaves the last one out.
            let sound = try Self.read("sound", in: folder)
            #expect(
                sound == Array(all.1.prefix(sound.count)) && sound.count >= all.1.count - (name == "plain.mp4" ? 0 : 5))
        }
    }

    @Test(
        "A relay that is announced to shows it over and over, until Ctrl-C tears it down", arguments: ["tcp", "udp"])
    func toARelay(transport: String) async throws {
        try await withTemporaryDirectory { folder in
            try await Self.movies(in: folder)
            try await withRelay([.published("studio")]) { relay in
                let broadcast = try OutsideTool.heliograph().start(
                    ["movie", "broadcast", "hinted.mov", relay.url("studio"), "--transport", transport, "--loop"],
                    in: folder)
                try await eventually("it is announced") { relay.logged("publisher joined") == 1 }
                let pictures = try await OutsideTool("ffmpeg").lines(
                    [
                        "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", relay.url("studio"), "-t",
                        "3",
                        "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-",
                    ], in: folder
                ).filter { !$0.hasPrefix("#") }
                // More than the movie has.
                #expect(pictures.count > 60)
                broadcast.interrupt()
                let ended = try await broadcast.ended(within: .seconds(5))
                #expect(ended.status == 0 && ended.complaints == [])
                try await eventually("it is gone") {
                    relay.log.contains { $0.contains("publisher left") && $0.contains("reason=TEARDOWN") }
                }
            }
        }
    }

    @Test("A server that sends it elsewhere is followed; a password that is not taken ends it with 1, and is not shown")
    func answers() async throws {
        try await withTemporaryDirectory { folder in
            try await Self.movies(in: folder)
            func broadcast(to url: String) async throws -> RunningTool.Ended {
                try await OutsideTool.heliograph().start(["movie", "broadcast", "plain.mp4", url], in: folder)
                    .ended(within: .seconds(15))
            }
            try await withRelay([.published("studio")]) { relay in
                let elsewhere = relay.url("studio")
                try await OneAnswerServer.run(RTSPResponse(.movedPermanently, headers: ["Location": elsewhere])) {
                    server in
                    let ended = try await broadcast(to: server.url)
                    #expect(ended.status == 0 && ended.complaints == [] && server.requests == 1)
                }
                #expect(relay.logged("publisher joined") == 1)
            }
            let challenge = RTSPResponse(
                .unauthorized, headers: ["WWW-Authenticate": "Digest realm=\"studio\", nonce=\"1\""])
            try await OneAnswerServer.run(challenge) { server in
                let ended = try await broadcast(to: server.url.replacing("rtsp://", with: "rtsp://camera:hunter2@"))
                #expect(ended.status == 1 && ended.complaints.count == 1)
                #expect(ended.complaints.first?.contains("user") == true && !"\(ended)".contains("hunter2"))
                #expect(server.requests == 2)
            }
        }
    }

    @Test(
        "A group on the interface that is named gets every packet, in order, and BYE",
        .enabled("\(LoopbackMulticast.comment)", LoopbackMulticast.works))
    func toAGroup() async throws {
        try await withTemporaryDirectory { folder in
            try await Self.movies(in: folder)
            let port = try FreePorts.datagrams(4)
            let member = try await FakeGroupMember.join("239.255.80.9", port: port)
            let broadcast = try OutsideTool.heliograph().start(
                [
                    "movie", "broadcast", "hinted.mov", "rtp://239.255.80.9:\(port)", "--interface", "127.0.0.1",
                    "--ttl",
                    "0", "--sdp", "x.sdp",
                ], in: folder)
            let ended = try await broadcast.ended(within: .seconds(10))
            #expect(ended.status == 0 && ended.complaints == [])
            _ = try await member.control.next { saysGoodbye($0.bytes) }
            let packets = member.media.elements.map { ReceivedPacket(bytes: $0.bytes) }.compactMap { $0 }
            #expect(packets.count >= 50 && packets.gaps == [])
            let description = try String(contentsOf: folder.appending(path: "x.sdp"), encoding: .utf8)
            #expect(description.contains("c=IN IP4 239.255.80.9/0\r\n"))
            await member.leave()
        }
    }

    @Test("GStreamer's server takes a movie whole, and the program ends with it")
    func toGStreamer() async throws {
        try await withTemporaryDirectory { folder in
            try await Self.movies(in: folder)
            try await GStreamerRecorder.run { server in
                let broadcast = try OutsideTool.heliograph().start(
                    ["movie", "broadcast", "plain.mp4", server.url], in: folder)
                let ended = try await broadcast.ended(within: .seconds(15))
                #expect(ended.status == 0 && ended.complaints == [])
                #expect(server.frames("video") >= 40 && server.frames("audio") >= 80)
                #expect(server.complaints == [])
            }
        }
    }
}

extension FreePorts {
    /// The first of so many in a row, even, below those that the kernel gives away by itself.
    fileprivate static func datagrams(_ count: Int) throws -> Int {
        let taken = try takenByDatagrams()
        for _ in 0..<64 {
            let port = Int.random(in: 10_000..<16_000) * 2
            if taken.isDisjoint(with: port..<port + count) { return port }
        }
        throw OutsideTool.Failure(description: "no free ports")
    }

    fileprivate static func areTaken(_ ports: Range<Int>) throws -> Bool {
        try takenByDatagrams().isSuperset(of: ports)
    }

    private static func takenByDatagrams() throws -> Set<Int> {
        let lines = try String(contentsOfFile: "/proc/net/udp", encoding: .ascii).split(separator: "\n").dropFirst()
        return Set(
            lines.compactMap { line in
                line.split(separator: " ").dropFirst().first?.split(separator: ":").last.flatMap { Int($0, radix: 16) }
            })
    }
}
