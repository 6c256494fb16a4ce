import Media
import NIOCore
import RTSPTransport
import Testing

@testable import Ingest

@Suite("What is listened on")
struct ListenPlanTests {
    private static func plan(
        _ text: String, interface: String? = nil, source: String? = nil
    ) throws -> ListenPlan {
        let configuration = ListenSourceConfiguration(
            origin: .description(file: "x.sdp"), interface: interface, source: source)
        return try ListenPlan(configuration) { _ throws(ListenError) in ByteBuffer(string: text) }
    }

    private static func error(_ text: String, source: String? = nil) -> ListenError? {
        do {
            _ = try plan(text, source: source)
            return nil
        } catch {
            return error as? ListenError
        }
    }

    private static func address(_ text: String) throws -> SocketAddress { try SocketAddress(ipAddress: text, port: 0) }

    @Test("Each media has its address and ports, its own before the session's, without the time to live")
    func points() throws {
        let text = """
            v=0
            c=IN IP4 239.1.2.3/64/2
            a=source-filter: incl IN IP4 239.1.2.3 10.0.0.1
            m=video 5004 RTP/AVP 96
            a=rtpmap:96 H264/90000
            m=audio 5008 RTP/AVP 0
            c=IN IP4 10.0.0.7
            a=rtcp:5020
            """
        let plan = try Self.plan(text, interface: "eth1")
        #expect(plan.points.count == 2)
        #expect(
            plan.points[0]
                == ListeningPoint(
                    address: try Self.address("239.1.2.3"), port: 5004, controlPort: 5005, interface: "eth1",
                    sources: [try Self.address("10.0.0.1")]))
        #expect(
            plan.points[1]
                == ListeningPoint(
                    address: try Self.address("10.0.0.7"), port: 5008, controlPort: 5020, interface: "eth1"))
        #expect(plan.points.map(\.isMulticast) == [true, false])
    }

    @Test("The configured source stands above the description's filter")
    func source() throws {
        let text = "c=IN IP4 239.1.2.3\na=source-filter: incl IN IP4 * 10.0.0.1\nm=audio 5004 RTP/AVP 0\n"
        #expect(try Self.plan(text, source: "10.0.0.9").points[0].sources == [try Self.address("10.0.0.9")])
    }

    @Test(
        "Every address of this machine will do where the description names none that could be meant",
        arguments: ["", "c=IN IP4 0.0.0.0\n", "c=IN IP6 ::\n", "c=IN IP4 encoder.example\n"])
    func anyAddress(line: String) throws {
        #expect(try Self.plan(line + "m=audio 5004 RTP/AVP 0\n").points[0].address == nil)
    }

    @Test("RTCP is not looked for on a port of another media")
    func takenControlPort() throws {
        let plan = try Self.plan("m=video 5004 RTP/AVP 96\nm=audio 5005 RTP/AVP 0\nm=audio 65535 RTP/AVP 8\n")
        #expect(plan.points.map(\.controlPort) == [nil, 5006, nil])
    }

    @Test("Two groups may have one port, and RTCP beside each other; a group and an address of this machine may not")
    func groups() throws {
        let media = "m=video 5004 RTP/AVP 96\nc=IN IP4 239.1.2.3\nm=audio 5004 RTP/AVP 0\nc=IN IP4 "
        let plan = try Self.plan(media + "239.1.2.4\n")
        #expect(plan.points.map(\.port) == [5004, 5004])
        #expect(plan.points.map(\.controlPort) == [5005, 5005])
        #expect(Self.error(media + "239.1.2.3\n") == .portTwice(5004))
        #expect(Self.error(media + "10.0.0.1\n") == .portTwice(5004))
        let neighbours = "m=video 5004 RTP/AVP 96\nc=IN IP4 239.1.2.3\nm=audio 5005 RTP/AVP 0\nc=IN IP4 239.1.2.4\n"
        #expect(try Self.plan(neighbours).points.map(\.controlPort) == [5005, 5006])
    }

    @Test("C11 a transport stream in RTP is taken apart, whatever stands beside it")
    func transportStream() throws {
        let plan = try Self.plan("m=audio 5004 RTP/AVP 0\nm=video 8048 MP2T/AVP 33\n")
        #expect(plan.content == .transportStream)
        #expect(plan.points.map(\.port) == [8048])
    }

    @Test(
        "What cannot be listened to is refused in words",
        arguments: [
            ("", .description(.noMedia)), ("m=video 0 RTP/AVP 96\n", .noPort("video")),
            ("m=video 99999 RTP/AVP 96\n", .noPort("video")), ("m=video -4 RTP/AVP 96\n", .noPort("video")),
            ("m=video 5004 RTP/AVP 96\nm=audio 5004 RTP/AVP 0\n", .portTwice(5004)),
            ("c=IN IP4 239.1.2.300\nm=video 5004 RTP/AVP 96\n", .noAddress("239.1.2.300")),
            ("m=video 5004 RTP/SAVP 96\n", .noTracks),
            ("a=source-filter: incl IN IP4 * nobody\nm=video 5004 RTP/AVP 96\n", .noAddress("nobody")),
        ] as [(String, ListenError)])
    func refused(text: String, expected: ListenError) {
        #expect(Self.error(text) == expected)
    }

    @Test("Two hundred media are too many, and so are more than a stream can carry")
    func tooMany() {
        func media(_ count: Int) -> String {
            (0..<count).map { "m=audio \(6000 + 2 * $0) RTP/AVP 0\n" }.joined()
        }
        #expect(Self.error(media(200)) == .description(.tooManyMedia))
        #expect(Self.error(media(60)) == .tooManyTracks(60))
    }

    @Test("A port alone listens for whatever comes, a transport stream without RTCP")
    func ports() throws {
        func plan(_ origin: ListenSourceConfiguration.Origin) throws -> ListenPlan {
            try ListenPlan(ListenSourceConfiguration(origin: origin, source: "10.0.0.9")) { _ throws(ListenError) in
                throw .unreadable(reason: "no file is asked for")
            }
        }
        let rtp = try plan(.rtp(host: nil, port: 5004))
        #expect(rtp.content == .undescribed)
        #expect(rtp.points == [ListeningPoint(port: 5004, controlPort: 5005, sources: [try Self.address("10.0.0.9")])])
        let stream = try plan(.transportStream(host: "ff15::1", port: 1234))
        #expect(stream.content == .transportStream && stream.points[0].isMulticast)
        #expect(stream.points[0].controlPort == nil)
        #expect(throws: ListenError.noAddress("h")) { _ = try plan(.rtp(host: "h", port: 1)) }
    }

    @Test(
        "Payload types that tell their codec by themselves are tracks",
        arguments: [
            (0, MediaKind.audio, Codec.pcmu), (8, .audio, .pcma), (14, .audio, .other("MPA")), (26, .video, .mjpeg),
        ] as [(UInt8, MediaKind, Codec)])
    func staticTypes(payloadType: UInt8, kind: MediaKind, codec: Codec) throws {
        let track = try #require(TrackDescription(staticPayloadType: payloadType))
        #expect(track.kind == kind && track.primary.codec == codec)
        #expect(TrackDescription(staticPayloadType: 96) == nil)
    }
}
