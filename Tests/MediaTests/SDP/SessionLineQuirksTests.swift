import NIOCore
import Testing

@testable import Media

@Suite("Session lines as cameras write them")
struct SessionLineQuirksTests {
    @Test("A description as RFC 4566 has it is read in full")
    func regular() throws {
        let description = try parse(
            """
            v=0
            o=admin 1700000000 1700000001 IN IP4 192.0.2.10
            s=Front door
            c=IN IP4 239.1.2.3/16
            b=AS:5100
            t=0 0
            a=control:rtsp://192.0.2.10/stream/
            a=range:npt=0-
            m=video 5004 RTP/AVP 96
            b=AS:5000
            a=recvonly
            a=x-dimensions:1920,1080
            a=framerate:25.0
            a=control:trackID=1
            a=rtpmap:96 H264/90000
            m=audio 0 RTP/AVP 0
            a=control:trackID=2

            """
        )
        #expect(description.origin.username == "admin")
        #expect(description.origin.sessionID == "1700000000")
        #expect(description.origin.sessionVersion == "1700000001")
        #expect(description.origin.address == "192.0.2.10")
        #expect(description.sessionName == "Front door")
        #expect(description.connectionAddress == "239.1.2.3/16")
        #expect(description.control == "rtsp://192.0.2.10/stream/")
        #expect(description.range == "npt=0-")
        let video = description.tracks[0]
        #expect(video.port == 5004)
        #expect(video.bandwidth == 5000)
        #expect(video.direction == .receiveOnly)
        #expect(video.dimensions == PictureDimensions(width: 1920, height: 1080))
        #expect(video.frameRate == 25)
        #expect(video.control == "trackID=1")
        #expect(description.tracks[1].port == nil)
        #expect(description.tracks[1].primary.codec == .pcmu)
    }

    @Test("C1 a description may begin at its first media")
    func noSession() throws {
        let description = try parse("m=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000\na=control:track1")
        #expect(description.tracks.map(\.primary.codec) == [.h265])
        #expect(description.tracks[0].control == "track1")
    }

    @Test("C2 neither s= nor o= nor t= need be there")
    func fewLines() throws {
        let description = try parse(session: "v=0")
        #expect(description.sessionName.isEmpty)
        #expect(description.origin == SessionOrigin())
        #expect(description.tracks.count == 1)
    }

    @Test(
        "C3 an origin is read from the right: user names hold spaces",
        arguments: [
            ("RTSP Session 0 0 IN IP4 0.0.0.0", "RTSP Session", "0", "0"),
            ("- 14665860 31787219 1 IN IP4 192.0.2.7", "- 14665860", "31787219", "1"),
            ("JefferyZhang Inno Fuzhou 0 0 IN IP4 127.0.0.1", "JefferyZhang Inno Fuzhou", "0", "0"),
        ]
    )
    func originWithSpaces(sample: (line: String, name: String, id: String, version: String)) throws {
        let origin = try parse(session: "v=0\no=\(sample.line)\ns=-").origin
        #expect(origin.username == sample.name)
        #expect(origin.sessionID == sample.id)
        #expect(origin.sessionVersion == sample.version)
        #expect(origin.address != nil)
    }

    @Test(
        "C4 C5 session ids that are no numbers are kept as written",
        arguments: [
            ("- 0xAC4EC96E 0xAC4EC96E IN IP4 0.0.0.0", "0xAC4EC96E"), ("- 0XAC4EC96E 1 IN IP4 0.0.0.0", "0XAC4EC96E"),
            ("- 103bdb6f 1 IN IP4 0.0.0.0", "103bdb6f"), ("- -1962418793961427 1 IN IP4 0.0.0.0", "-1962418793961427"),
            ("- 1698210484.879535 1 IN IP4 0.0.0.0", "1698210484.879535"), ("-0 0 IN IP4 0.0.0.0", "-0"),
        ]
    )
    func oddIDs(line: String, id: String) throws {
        #expect(try parse(session: "v=0\no=\(line)\ns=-").origin.sessionID == id)
    }

    @Test(
        "C6 an origin may lack its address or misspell its network",
        arguments: [
            ("- 7 8 IN IP4 ", nil), ("- 7 8 IN IP4", nil), ("- 7 8 IN", nil), ("- 7 8 IN IPV4 192.0.2.1", "192.0.2.1"),
            ("- 7 8 IP IP4 192.0.2.1", "192.0.2.1"),
        ] as [(String, String?)]
    )
    func originWithoutAddress(line: String, address: String?) throws {
        let origin = try parse(session: "v=0\no=\(line)\ns=-").origin
        #expect(origin.sessionID == "7")
        #expect(origin.sessionVersion == "8")
        #expect(origin.username == "-")
        #expect(origin.address == address)
    }

    @Test(
        "C7 a connection line says an address, or nothing",
        arguments: [
            ("IN c=IN IP4 0.0.0.0", "0.0.0.0"), ("In IP4", nil), ("IN", nil), ("IN 192.168.4.232", "192.168.4.232"),
            ("SM SM spk0_trackID2", nil), ("IN IP6 ::1", "::1"), ("", nil),
        ] as [(String, String?)]
    )
    func connection(line: String, address: String?) throws {
        let description = try parse(session: "v=0\nc=\(line)")
        #expect(description.connectionAddress == address)
        #expect(description.tracks.count == 1)
    }

    @Test("C8 t=now- harms nothing")
    func timing() throws {
        #expect(try parse(session: "v=0\ns=x\nt=now-").tracks.count == 1)
    }

    @Test("C9 session attributes stand in any order, among blank lines")
    func order() throws {
        let description = try parse(
            session: "v=0\na=range:npt=0-\n\na=control:*\ns=x\n\nc=IN IP4 192.0.2.9\no=- 5 6 IN IP4 x")
        #expect(description.range == "npt=0-")
        #expect(description.control == "*")
        #expect(description.connectionAddress == "192.0.2.9")
        #expect(description.origin.sessionID == "5")
    }

    @Test("C10 bandwidths of every kind are passed over")
    func bandwidths() throws {
        let description = try parse(
            session: "v=0\ns=x\nb=RR:0\nb=RS:0\nb=TIAS:1000000\nb=X-AV:\nb=AS:\nb=AS:99999999999999999999"
        )
        #expect(description.tracks[0].bandwidth == nil)
        #expect(try track("m=video 0 RTP/AVP 26\nb=RR:0\nb=AS:600\n").bandwidth == 600)
    }

    @Test("Lines end at LF, CR or CR LF, and a byte order mark, NULs or other bytes than UTF-8 are survived")
    func lineEnds() throws {
        for text in [
            "v=0\ns=x\nm=audio 0 RTP/AVP 8\na=control:t\n", "v=0\rs=x\rm=audio 0 RTP/AVP 8\ra=control:t\r\0\0",
        ] {
            let description = try SessionDescription(parsing: ByteBuffer(string: text))
            #expect(description.sessionName == "x")
            #expect(description.tracks[0].control == "t")
        }
        let bytes = [0xEF, 0xBB, 0xBF] + Array("v=0\ns=".utf8) + [0xFF, 0xC0] + Array("\nm=audio 0 RTP/AVP 8".utf8)
        #expect(try SessionDescription(parsing: ByteBuffer(bytes: bytes)).tracks.count == 1)
    }

    @Test("Only what names no media, or is absurdly large, is refused")
    func refused() {
        #expect(throws: SDPError.noMedia) { try parse("") }
        #expect(throws: SDPError.noMedia) { try parse("v=0\no=- 0 0 IN IP4 0.0.0.0\ns=x\nt=0 0\n") }
        #expect(throws: SDPError.noMedia) { try parse("v=0\nm=\nm=video\nm=application 9 TCP/BFCP *\n") }
        #expect(throws: SDPError.noMedia) { try parse("HTTP/1.1 404 Not Found\n\n<html>m=video 0 RTP/AVP 96</html>") }
        let media = String(repeating: "m=audio 0 RTP/AVP 0\n", count: SessionDescription.mostMedia)
        #expect(throws: SDPError.tooManyMedia) { try parse(media + "m=audio 0 RTP/AVP 0\n") }
        #expect(throws: Never.self) { try parse(media) }
        let large = ByteBuffer(repeating: UInt8(ascii: "x"), count: SessionDescription.largestSize + 1)
        #expect(throws: SDPError.tooLarge(bytes: 131_073)) { try SessionDescription(parsing: large) }
    }
}
