import Foundation
import NIOCore
import TestSupport
import Testing

@testable import Egress

/// What becomes of viewers and files that do not do as they should.
@Suite struct MovieDeliveryTests {
    @Test("A viewer who does not read is sent no more, harms nobody, and is ended after the timeout without progress")
    func stuckViewer() async throws {
        let log = LogRecord()
        let configuration = PlayConfiguration(sessionTimeout: .seconds(1), sessionGrace: .milliseconds(100))
        try await MovieFolder.run(configuration: configuration, logger: log.logger) { movies in
            try movies.write("huge.mov", "huge")
            let stuck = try await movies.viewer(receiveBuffer: 4096)
            let url = movies.url("huge.mov")
            let session = try await stuck.setUpBoth(url)
            _ = try await stuck.play(url, session, [("Speed", "4")])
            try await stuck.reads(false)
            let other = try await movies.viewer()
            let another = try await other.setUpBoth(movies.url("a.mov"))
            _ = try await other.play(movies.url("a.mov"), another)
            try await eventually("the stuck one is ended", within: .seconds(40)) {
                log.lines.contains { $0.contains("viewer left") && $0.contains("huge.mov") }
            }
            let line = try #require(log.lines.first { $0.contains("viewer left") && $0.contains("huge.mov") })
            #expect(line.contains("reason=no sign of life"))
            #expect(!log.lines.contains { $0.contains("viewer left") && $0.contains("a.mov") })
            _ = try await other.frames.next { $0.channel == 2 }
        }
    }

    @Test(
        "A file that breaks off ends the session with BYE behind what there was; one that cannot be read at all is 415")
    func brokenFiles() async throws {
        let log = LogRecord()
        try await MovieFolder.run(logger: log.logger) { movies in
            try movies.write("broken.mov", "breaks off")
            try movies.write("unreadable.mov", "unreadable")
            let viewer = try await movies.viewer()
            let url = movies.url("broken.mov")
            let session = try await viewer.setUpBoth(url)
            #expect(try await viewer.play(url, session, [("Speed", "4")]).status == 200)
            for channel in [1, 3] as [UInt8] {
                _ = try await viewer.frames.next {
                    $0.channel == channel && holds(RTCPType.goodbye, $0.payload)
                }
            }
            #expect(viewer.frames.elements.count { $0.channel == 0 } == 40 * 3)
            #expect(try await viewer.play(url, session).status == 454)
            #expect(log.contains("movie breaks off"))

            let other = movies.url("unreadable.mov")
            let setup = try await viewer.setUp(other, track: 0, transport: "RTP/AVP/TCP;unicast;interleaved=0-1")
            #expect(try await viewer.play(other, try #require(setup.session)).status == 415)
        }
    }

    @Test(
        "A file that is written over while it plays ends the session with BYE, and the log says so; it is not sent as rubbish"
    )
    func overwrittenFile() async throws {
        let log = LogRecord()
        try await MovieFolder.run(logger: log.logger) { movies in
            let viewer = try await movies.viewer()
            let url = movies.url("a.mov")
            let session = try await viewer.setUpBoth(url)
            #expect(try await viewer.play(url, session).status == 200)
            let file = try FileHandle(forWritingTo: movies.folder.appendingPathComponent("a.mov"))
            try file.write(contentsOf: Data("A".utf8))
            try file.close()
            _ = try await viewer.frames.next { $0.channel == 1 && holds(RTCPType.goodbye, $0.payload) }
            #expect(try await viewer.play(url, session).status == 454)
            #expect(log.lines.contains { $0.contains("movie breaks off") && $0.contains("changed while it was open") })
            #expect(try await viewer.request("DESCRIBE", url).status == 200)
            #expect(movies.opened.value == 2)
        }
    }

    @Test("Who pauses when everything has been sent ahead, and goes on, is told where he is, and gets BYE at the end")
    func pausingNearTheEnd() async throws {
        try await MovieFolder.run { movies in
            let viewer = try await movies.viewer()
            let url = movies.url("a.mov")
            let session = try await viewer.setUpBoth(url)
            _ = try await viewer.play(url, session, [("Range", "npt=9-")])
            _ = try await viewer.frames.next { $0.channel == 0 && $0.payload[15] == 249 && $0.payload[1] & 0x80 != 0 }
            _ = try await viewer.frames.next { $0.channel == 2 && $0.payload[14...15] == [1, 243] }
            #expect(try await viewer.request("PAUSE", url, [("Session", session)]).status == 200)
            let answer = try await viewer.play(url, session)
            let told = answer["Range"].flatMap { $0.dropFirst(4).split(separator: "-").first }.flatMap { Double($0) }
            #expect(told.map { (9..<9.9).contains($0) } == true, "\(answer["Range"] ?? "")")
            #expect(answer["Range"]?.hasSuffix("-10.000") == true && answer["RTP-Info"] == nil)
            for channel in [1, 3] as [UInt8] {
                _ = try await viewer.frames.next { $0.channel == channel && holds(RTCPType.goodbye, $0.payload) }
            }
            #expect(try await viewer.play(url, session)["Range"] == "npt=0.000-10.000")
        }
    }

    private static let gstreamer = ("User-Agent", "GStreamer/1.22.0")

    /// A session of the pictures alone, sent as datagrams.
    private static func watch(_ url: String, _ viewer: FakeViewer) async throws -> (String, FakeViewerPorts) {
        let ports = try await FakeViewerPorts.open()
        let setup = try await viewer.setUp(
            url, track: 0, transport: "RTP/AVP;unicast;client_port=\(ports.port)-\(ports.port + 1)")
        return (try #require(setup.session), ports)
    }

    @Test(
        "S25 GStreamer, which ends where it was told and then forgets who says BYE, may seek back before it is told BYE"
    )
    func seekingBack() async throws {
        try await MovieFolder.run { movies in
            let viewer = try await movies.viewer()
            let url = movies.url("a.mov")
            let (session, ports) = try await Self.watch(url, viewer)
            _ = try await viewer.play(url, session, [Self.gstreamer, ("Range", "npt=9.8-")])
            // It is answered with the next packets when the movie has ended and begins anew.
            try await eventually("the end") { try await viewer.play(url, session, [Self.gstreamer])["RTP-Info"] != nil }
            _ = try await ports.media.next { $0.bytes[15] == 2 }
            let goodbyes = ports.control.elements.count { holds(RTCPType.goodbye, $0.bytes) }
            #expect(goodbyes == 0)
            // At another scale RTP time does not come to that end: it is told at once.
            _ = try await viewer.play(url, session, [Self.gstreamer, ("Range", "npt=0.5-"), ("Scale", "-1")])
            _ = try await ports.control.next { holds(RTCPType.goodbye, $0.bytes) }
            await ports.close()
        }
    }

    @Test(
        "S25 GStreamer that does not seek back is told BYE in the end, and over TCP at once, where it may hang without")
    func lateGoodbye() async throws {
        try await MovieFolder.run(configuration: PlayConfiguration(lateGoodbye: .milliseconds(300))) { movies in
            let viewer = try await movies.viewer()
            let url = movies.url("a.mov")
            let (session, ports) = try await Self.watch(url, viewer)
            let begin = NIODeadline.now()
            _ = try await viewer.play(url, session, [Self.gstreamer, ("Range", "npt=9.8-")])
            _ = try await ports.control.next { holds(RTCPType.goodbye, $0.bytes) }
            // The rest of the movie, a fifth of a second as for everyone, and that.
            #expect(NIODeadline.now() - begin >= .milliseconds(650))
            #expect(try await viewer.play(url, session, [Self.gstreamer])["Range"] == "npt=0.000-10.000")
            await ports.close()
        }
        try await MovieFolder.run { movies in
            let viewer = try await movies.viewer()
            let url = movies.url("a.mov")
            let session = try await viewer.setUpBoth(url)
            let begin = NIODeadline.now()
            _ = try await viewer.play(url, session, [Self.gstreamer, ("Range", "npt=9.8-")])
            _ = try await viewer.frames.next { $0.channel == 1 && holds(RTCPType.goodbye, $0.payload) }
            #expect(NIODeadline.now() - begin < .seconds(10))
        }
    }

    @Test(
        "A file that is replaced while it plays goes on as it was; who comes later gets the new one; one reading serves all who look"
    )
    func replacedFile() async throws {
        try await MovieFolder.run { movies in
            let url = movies.url("a.mov")
            var viewers: [FakeViewer] = []
            for _ in 0..<3 {
                let viewer = try await movies.viewer()
                let session = try await viewer.setUpBoth(url)
                #expect(try await viewer.play(url, session).status == 200)
                viewers.append(viewer)
            }
            #expect(movies.opened.value == 1)
            try movies.write("new.mov", "sound")
            let paths = ["new.mov", "a.mov"].map { movies.folder.appendingPathComponent($0).path }
            #expect(rename(paths[0], paths[1]) == 0)
            let later = try await movies.viewer()
            #expect(try await later.request("DESCRIBE", url).body.contains("m=video") == false)
            for viewer in viewers { _ = try await viewer.frames.next { $0.channel == 0 && $0.payload[15] == 30 } }
            #expect(movies.opened.value == 2)
        }
    }
}
