import Foundation
import NIOCore
import TestSupport
import Testing

@testable import Egress

/// What is answered about movies.
@Suite struct MovieRouterTests {
    @Test("A movie is described with its date and its range, and 304 tells who knows it as it is")
    func describing() async throws {
        try await MovieFolder.run { movies in
            let viewer = try await movies.viewer()
            let answer = try await viewer.request("DESCRIBE", movies.url("a.mov"))
            #expect(answer.status == 200)
            #expect(answer["Content-Type"] == "application/sdp")
            #expect(answer["Content-Base"] == movies.url("a.mov/"))
            #expect(answer.body.contains("a=range:npt=0-10.000\r\n"))
            #expect(answer.body.contains("s=media/a.mov\r\n"))
            let date = try #require(answer["Last-Modified"])
            let again = try await viewer.request("DESCRIBE", movies.url("a.mov"), [("If-Modified-Since", date)])
            #expect(again.status == 304 && again.body.isEmpty && again["Last-Modified"] == date)
            let old = [("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT")]
            #expect(try await viewer.request("DESCRIBE", movies.url("a.mov"), old).status == 200)
            #expect(movies.opened.value == 1)
            let html = [("Accept", "text/html")]
            #expect(try await viewer.request("DESCRIBE", movies.url("a.mov"), html).status == 406)
            let required = [("Require", "x")]
            #expect(try await viewer.request("DESCRIBE", movies.url("a.mov"), required).status == 551)
            #expect(try await viewer.request("DESCRIBE", movies.url("a.mov/trackID=0")).status == 404)
        }
    }

    @Test(
        "What is no movie is 415, names that leave the folder 403, what is hidden, not there or behind a link that leads out 404"
    )
    func refusals() async throws {
        try await MovieFolder.run { movies in
            try movies.write("empty.mov", "")
            try movies.write(".hidden.mov", "a movie")
            try movies.write("with space.mov", "a movie")
            let outside = movies.folder.deletingLastPathComponent().appendingPathComponent("outside.mov")
            try Data("a movie".utf8).write(to: outside)
            let files = FileManager.default
            func link(_ name: String, to target: String) throws {
                try files.createSymbolicLink(
                    atPath: movies.folder.appendingPathComponent(name).path, withDestinationPath: target)
            }
            try files.createDirectory(
                at: movies.folder.appendingPathComponent("sub/.git"), withIntermediateDirectories: true)
            try movies.write("sub/b.mov", "a movie")
            try movies.write("sub/.git/c.mov", "a movie")
            try link("inside.mov", to: "sub/b.mov")
            try link("outside.mov", to: outside.path)
            try link("out", to: outside.deletingLastPathComponent().path)
            try link("nowhere.mov", to: "gone.mov")
            try link("loop.mov", to: "loop.mov")
            try link("device.mov", to: "/dev/zero")
            #expect(mkfifo(movies.folder.appendingPathComponent("pipe.mov").path, 0o600) == 0)
            let expected = [
                ("a.mov", 200), ("sub/b.mov", 200), ("sub//b.mov/", 200), ("inside.mov", 200),
                ("with%20space.mov", 200), ("empty.mov", 415), ("pipe.mov", 415), ("gone.mov", 404), ("", 404),
                ("sub", 404), ("a.mov/b.mov", 404), (".hidden.mov", 404), ("sub/.git/c.mov", 404),
                ("nowhere.mov", 404), ("loop.mov", 404), ("outside.mov", 404), ("device.mov", 404),
                ("out/outside.mov", 404), ("out/gone.mov", 404),
                ("../outside.mov", 403), ("sub/../../outside.mov", 403), ("%2e%2e/outside.mov", 403),
                ("..%2foutside.mov", 403), ("sub/..\\..\\outside.mov", 403), ("./a.mov", 403), ("a%00.mov", 403),
                (String(repeating: "x", count: 300), 404),
            ]
            let viewer = try await movies.viewer()
            for (name, status) in expected {
                #expect(try await viewer.request("DESCRIBE", movies.url(name)).status == status, "\(name)")
            }
        }
    }

    @Test("S17 both tracks come on the channels asked for, behind the answer, which tells of their first packets")
    func playing() async throws {
        let log = LogRecord()
        try await MovieFolder.run(logger: log.logger) { movies in
            let viewer = try await movies.viewer()
            let url = movies.url("a.mov")
            let session = try await viewer.setUpBoth(url)
            let answer = try await viewer.play(url + "/", session, [("Range", "npt=5.5-"), ("User-Agent", "test")])
            #expect(answer.status == 200 && answer.framesBefore == 0 && answer.session == session)
            #expect(answer["Range"] == "npt=5.000-10.000")
            let entries = answer["RTP-Info"].map { $0.split(separator: ",") } ?? []
            #expect(entries.count == 2)
            for (track, entry) in entries.enumerated() {
                let report = try await viewer.frames.next { $0.channel == UInt8(2 * track + 1) }
                #expect(holds(RTCPType.senderReport, report.payload))
                let frame = try await viewer.frames.next { $0.channel == UInt8(2 * track) }
                let packet = try #require(SeenPacket(frame.payload))
                #expect(
                    entry == "url=\(url)/trackID=\(track);seq=\(packet.sequenceNumber);rtptime=\(packet.timestamp)")
            }
            let again = try await viewer.play(url, session)
            #expect(again.status == 200 && again["RTP-Info"] == nil)
            #expect(again["Range"]?.hasSuffix("-10.000") == true && again["Range"] != "npt=5.000-10.000")
            let keepalive = try await viewer.request("GET_PARAMETER", url, [("Session", session)])
            #expect(keepalive.status == 200 && keepalive.session == session)
            #expect(try await viewer.request("GET_PARAMETER", url, [("Session", "12345678")]).status == 454)
            let end = try await viewer.request("TEARDOWN", url, [("Session", session)])
            #expect(end.status == 200)
            #expect(try await viewer.play(url, session).status == 454)
            #expect(log.contains("viewer joined agent=test movie=media/a.mov"))
            #expect(log.lines.contains { $0.contains("viewer left") && $0.contains("reason=TEARDOWN") })
        }
    }

    @Test(
        "S18 PAUSE stops, and PLAY goes on with the next packet; another range seeks at once, with numbers that run on")
    func pausingAndSeeking() async throws {
        try await MovieFolder.run { movies in
            let viewer = try await movies.viewer()
            let url = movies.url("a.mov")
            let setup = try await viewer.setUp(url, track: 0, transport: "RTP/AVP/TCP;unicast;interleaved=0-1")
            let session = try #require(setup.session)
            _ = try await viewer.play(url, session)
            // A second comes at once, and on a busy machine more before PAUSE does.
            var first = try await viewer.pictures(from: 0, to: 25)
            #expect(try await viewer.request("PAUSE", url, [("Session", session)]).status == 200)
            let last: Int = viewer.frames.elements.filter { $0.channel == 0 }.map { $0.picture }.max() ?? 25
            if last > 25 { first = try await viewer.pictures(from: 26, to: last) }
            let resumed = try await viewer.play(url, session)
            let next = try await viewer.pictures(from: last + 1, to: last + 1)
            #expect(next.first.map { $0.number } == first.last.map { $0.number &+ 1 })
            #expect(next.first.map { $0.timestamp } == first.last.map { $0.timestamp &+ 3600 })
            #expect(resumed.parameter("seq", of: "RTP-Info") == next.first.map { "\($0.number)" })
            #expect(try await viewer.play(url, session, [("Range", "npt=4-100")])["Range"] == "npt=4.000-10.000")
            #expect(
                try await viewer.play(url, session, [("Range", "npt=now-100")])["Range"]?.hasSuffix("-10.000") == true)
            let sought = try await viewer.play(url, session, [("Range", "npt=7-7.4")])
            #expect(sought["Range"] == "npt=7.000-7.400")
            let later = try await viewer.pictures(from: 175, to: 184)
            #expect(sought.parameter("seq", of: "RTP-Info") == later.first.map { "\($0.number)" })
            #expect(sought.parameter("rtptime", of: "RTP-Info") == later.first.map { "\($0.timestamp)" })
            let goodbye = try await viewer.frames.next { $0.channel == 1 && holds(RTCPType.goodbye, $0.payload) }
            #expect(goodbye.payload.count > 8)
            for range in ["npt=10.5-", "npt=3-2", "clock=20261121T100000Z-"] {
                #expect(try await viewer.play(url, session, [("Range", range)]).status == 457)
            }
            // The session stays, and is answered in the units that it asks in.
            let frames = try await viewer.play(url, session, [("Range", "smpte-25=0:0:2-")])
            #expect(frames["Range"] == "smpte-25=00:00:02:00-00:00:10:00")
            #expect(try await viewer.play(url, session, [("Range", "npt=2-")])["Range"] == "npt=2.000-10.000")
            _ = try await viewer.pictures(from: 50, to: 60)
        }
    }

    @Test(
        "S18 PAUSE with a point plays as far as that, and PLAY goes on with the picture there; 457 where it is behind")
    func pausePoint() async throws {
        try await MovieFolder.run { movies in
            let viewer = try await movies.viewer()
            let ports = try await FakeViewerPorts.open()
            let url = movies.url("a.mov")
            let setup = try await viewer.setUp(
                url, track: 0, transport: "RTP/AVP;unicast;client_port=\(ports.port)-\(ports.port + 1)")
            let session = try #require(setup.session)
            func pause(at point: String) async throws -> Int {
                try await viewer.request("PAUSE", url, [("Session", session), ("Range", "npt=\(point)")]).status
            }
            #expect(try await pause(at: "5") == 457)
            // At once, for on a busy machine the point would be behind.
            try await viewer.send(
                [("PLAY", "4-"), ("PAUSE", "3.9"), ("PAUSE", "4.5")].enumerated().map { number, request in
                    "\(request.0) \(url) RTSP/1.0\r\nCSeq: 9\(number)\r\nSession: \(session)\r\n"
                        + "Range: npt=\(request.1)\r\n\r\n"
                }.joined())
            for (number, status) in [200, 457, 200].enumerated() {
                #expect(try await viewer.answers.next { $0["CSeq"] == "9\(number)" }.status == status)
            }
            // Once it has paused nothing plays that could come there.
            try await eventually("it pauses") { try await pause(at: "4.5") == 457 }
            let resumed = try await viewer.play(url, session)
            #expect(resumed["Range"] == "npt=4.500-10.000")
            var packets: [(picture: Int, number: UInt16)] = []
            while packets.last?.picture != 115 {
                let bytes = try await ports.media.next().bytes
                packets.append((pictureNumber(of: bytes), try #require(SeenPacket(bytes)?.sequenceNumber)))
            }
            #expect(Array(Set(packets.map(\.picture))).sorted() == Array(100...115))
            #expect(zip(packets, packets.dropFirst()).allSatisfy { $1.number == $0.number &+ 1 })
            // 4.48 s is the last before the point.
            let next = packets.first { $0.picture == 113 }
            #expect(resumed.parameter("seq", of: "RTP-Info") == next.map { "\($0.number)" })
            // Whoever asks for PLAY again wants it to go on.
            #expect(try await pause(at: "9") == 200)
            #expect(try await viewer.play(url, session).status == 200)
            #expect(try await viewer.request("PAUSE", url, [("Session", session)]).status == 200)
            await ports.close()
        }
    }

    @Test(
        "S20 a scale is granted and told: key frames alone, backwards to the beginning, without sound; Speed over TCP only"
    )
    func scales() async throws {
        try await MovieFolder.run { movies in
            let viewer = try await movies.viewer()
            let url = movies.url("a.mov")
            let session = try await viewer.setUpBoth(url)
            let answer = try await viewer.play(
                url, session, [("Scale", "-99"), ("Range", "npt=9.5-"), ("Speed", "4")])
            #expect(answer["Scale"] == "-16.0" && answer["Speed"] == "4.0" && answer["Range"] == "npt=9.000-0.000")
            #expect(answer["RTP-Info"]?.contains("trackID=1") == false)
            _ = try await viewer.frames.next { $0.channel == 1 && holds(RTCPType.goodbye, $0.payload) }
            let seen = viewer.frames.elements.filter { $0.channel == 0 }.map(\.picture)
            let keyFrames: [Int] = stride(from: 225, through: 0, by: -25).flatMap { [$0, $0, $0] }
            #expect(seen == keyFrames)
            #expect(!viewer.frames.elements.contains { $0.channel == 2 })
        }
    }

    @Test("Datagrams come when they are due, to the ports asked for, with a report ahead and BYE behind them")
    func datagrams() async throws {
        try await MovieFolder.run { movies in
            let viewer = try await movies.viewer()
            let ports = try await FakeViewerPorts.open()
            let url = movies.url("a.mov")
            let setup = try await viewer.setUp(
                url, track: 0, transport: "RTP/AVP;unicast;client_port=\(ports.port)-\(ports.port + 1)")
            #expect(setup.status == 200 && setup.parameter("server_port", of: "Transport") != nil)
            let asked = NIODeadline.now()
            let answer = try await viewer.play(
                url, try #require(setup.session), [("Range", "npt=9-9.5"), ("Speed", "4")])
            #expect(answer["Speed"] == "1.0")
            let report = try await ports.control.next()
            #expect(holds(RTCPType.senderReport, report.bytes))
            _ = try await ports.control.next { holds(RTCPType.goodbye, $0.bytes) }
            // Half a second of movie, and a fifth for the datagrams to arrive before BYE.
            #expect(NIODeadline.now() - asked > .milliseconds(600))
            // They come by another socket, which may be read later.
            var packets: [SeenPacket] = []
            while packets.count < 13 * 3 {
                packets.append(try #require(SeenPacket(try await ports.media.next().bytes)))
            }
            #expect(ports.media.elements.isEmpty)
            #expect(zip(packets, packets.dropFirst()).allSatisfy { $1.sequenceNumber == $0.sequenceNumber &+ 1 })
            await ports.close()
        }
    }

    @Test("Tracks go by the names that players give them, and need a transport and a track that there are")
    func trackNames() async throws {
        try await MovieFolder.run { movies in
            try movies.write("sound.mp4", "sound")
            let viewer = try await movies.viewer()
            let tcp = [("Transport", "RTP/AVP/TCP;unicast")]
            for name in ["trackID=1", "trackid=1/", "streamid=1", "StreamID=1/"] {
                #expect(try await viewer.request("SETUP", movies.url("a.mov/\(name)"), tcp).status == 200, "\(name)")
            }
            #expect(try await viewer.request("SETUP", movies.url("sound.mp4"), tcp).status == 200)
            #expect(try await viewer.request("SETUP", movies.url("a.mov"), tcp).status == 459)
            #expect(try await viewer.request("SETUP", movies.url("a.mov/trackID=7"), tcp).status == 404)
            #expect(try await viewer.request("SETUP", movies.url("gone.mov/trackID=0"), tcp).status == 404)
            #expect(try await viewer.request("SETUP", movies.url("a.mov/trackID=0")).status == 400)
            let group = [("Transport", "RTP/AVP;multicast")]
            #expect(try await viewer.request("SETUP", movies.url("a.mov/trackID=0"), group).status == 461)
            let first = try await viewer.setUp(movies.url("a.mov"), track: 0)
            let mixed = try await viewer.setUp(
                movies.url("a.mov"), track: 1, transport: "RTP/AVP;unicast;client_port=5000-5001",
                session: first.session)
            #expect(mixed.status == 461, "one that is not read would hold the other up")
        }
    }
}

extension FakeViewer {
    /// A packet of the track on channel 0, with the number of the picture that it is of.
    struct PicturePacket {
        var picture: Int
        var number: UInt16
        var timestamp: UInt32
    }

    /// All packets of some pictures, once the last one of the last picture is there.
    fileprivate func pictures(from first: Int, to last: Int) async throws -> [PicturePacket] {
        try await eventually("picture \(last)") {
            self.frames.elements.count { $0.channel == 0 && $0.picture == last } == 3
        }
        return frames.elements.filter { $0.channel == 0 && (first...last).contains($0.picture) }.compactMap { frame in
            SeenPacket(frame.payload).map {
                PicturePacket(picture: frame.picture, number: $0.sequenceNumber, timestamp: $0.timestamp)
            }
        }
    }
}

extension FakeViewer.Frame {
    /// What a packet of `FakePackets` says.
    fileprivate var picture: Int { pictureNumber(of: payload) }
}

private func pictureNumber(of packet: [UInt8]) -> Int {
    guard packet.count >= 16 else { return -1 }
    return packet[12..<16].reduce(0) { $0 << 8 | Int($1) }
}
