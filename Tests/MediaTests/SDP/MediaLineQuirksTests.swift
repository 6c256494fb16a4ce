import Testing

@testable import Media

@Suite("Media lines as cameras write them")
struct MediaLineQuirksTests {
    @Test("C11 a transport stream over MP2T/AVP is a track")
    func transportStream() throws {
        let track = try track("m=video 8048 MP2T/AVP 33\n")
        #expect(track.transportProtocol == "MP2T/AVP")
        #expect(track.port == 8048)
        #expect(track.primary.codec == .other("MP2T"))
        #expect(track.primary.clockRate == 90_000)
    }

    @Test("C12 TP-Link's application media gets its payload type from its a=rtpmap")
    func tpLink() throws {
        let description = try parse(
            """
            v=0
            o=- 14665860 31787219 1 IN IP4 192.0.2.3
            s=Session streamed by "TP-LINK RTSP Server"
            t=0 0
            m=video 0 RTP/AVP 96
            a=rtpmap:96 H264/90000
            a=control:track1
            m=application/TP-LINK 0 RTP/AVP smart/1/90000
            a=rtpmap:95 TP-LINK/90000
            a=control:track3

            """
        )
        #expect(description.tracks.map(\.kind) == [.video, .other("application/TP-LINK")])
        #expect(description.tracks[1].primary.payloadType == 95)
        #expect(description.tracks[1].primary.codec == .other("TP-LINK"))
        #expect(description.tracks[1].primary.clockRate == 90_000)
    }

    @Test(
        "C13 C14 media of an unknown kind is kept, and nothing beside it is lost",
        arguments: ["vana", "meta", "text", "metadata"])
    func unknownKind(name: String) throws {
        let description = try parse(
            """
            v=0
            m=video 0 RTP/AVP 96
            a=rtpmap:96 H264/90000
            m=\(name) 0 RTP/AVP 108
            a=control:other
            m=audio 0 RTP/AVP 0

            """
        )
        #expect(description.tracks.map(\.kind) == [.video, .other(name), .audio])
        #expect(description.tracks[1].primary.payloadType == 108)
        #expect(description.tracks[2].control == nil)
    }

    @Test("C15 an application payload without a=rtpmap has no clock rate")
    func noClock() throws {
        let track = try track("m=application 0 RTP/AVP 107\na=control:trackID=3\n")
        #expect(track.primary == TrackFormat(payloadType: 107, codec: .other(nil)))
    }

    @Test("C16 white space around an a=rtpmap is no part of it")
    func trailingSpace() throws {
        #expect(try track("m=video 0 RTP/AVP 96 \na=rtpmap:96 H264/90000 \n").primary.clockRate == 90_000)
        #expect(try track("m=video 0 RTP/AVP 96\na=rtpmap: 96  H264 / 90000\t\n").primary.codec == .h264)
    }

    @Test("C17 Bosch sends H.264 on payload type 35")
    func staticRange() throws {
        let control = "rtsp://192.0.2.5:554/?inst=2&h26x=4&stream=video"
        let track = try track("m=video 0 RTP/AVP 35\na=rtpmap:35 H264/90000\na=control:\(control)\n")
        #expect(track.primary.payloadType == 35)
        #expect(track.primary.codec == .h264)
        #expect(track.control == control)
    }

    @Test("C23 s= and i= inside a media are passed over, and the first of two a=control counts")
    func repeatedLines() throws {
        let description = try parse(
            """
            v=0
            s=Session
            m=video 0 RTP/AVP 96
            s=RTSP Session
            i=an RTSP Server
            a=control:track0
            a=rtpmap:96 H264/90000
            a=control:track9
            m=audio 0 RTP/AVP 8
            s=RTSP Session
            a=control:track1

            """
        )
        #expect(description.sessionName == "Session")
        #expect(description.tracks.map(\.control) == ["track0", "track1"])
    }

    @Test("C24 the number in the m= line wins over an a=rtpmap of another")
    func staticWins() throws {
        let track = try track("m=audio 0 RTP/AVP 8\na=rtpmap:0 pcma/8000/1\n")
        #expect(track.formats.map(\.payloadType) == [8])
        #expect(track.primary.codec == .pcma)
        #expect(track.primary.clockRate == 8000)
        #expect(track.primary.channels == 1)
    }

    @Test("C24 of two a=rtpmap for one static payload type the right one counts, and swapped G.711 laws do not")
    func twoMaps() throws {
        let two = try track("m=audio 0 RTP/AVP 8\na=rtpmap:8 PCMU/8000\na=rtpmap:8 PCMA/8000\n")
        #expect(two.primary.codec == .pcma)
        #expect(try track("m=audio 0 RTP/AVP 0\na=rtpmap:0 PCMA/8000\n").primary.codec == .pcmu)
        let dynamic = try track("m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=rtpmap:96 H265/90000\n")
        #expect(dynamic.primary.codec == .h264)
    }

    @Test("C33 dynamic payload types without a=rtpmap stay unknown, and video beside them is kept")
    func unknownDynamic() throws {
        let description = try parse(
            "v=0\nm=video 0 RTP/AVP 96\nb=AS:200\nm=audio 0 RTP/AVP 97\nb=AS:1411\nm=video 0 RTP/AVP 98\na=rtpmap:98 H264/90000"
        )
        #expect(description.tracks.map(\.primary.codec) == [.other(nil), .other(nil), .h264])
        #expect(description.tracks[1].primary.clockRate == nil)
        #expect(description.tracks[1].bandwidth == 1411)
    }

    @Test("C34 FLIR offers five payload types in one media")
    func manyFormats() throws {
        let track = try track(
            """
            m=video 0 RTP/AVP 96 97 103 104 112
            a=control:rtsp://192.0.2.8/
            a=rtpmap:96 MP4V-ES/90000
            a=fmtp:96 profile-level-id=3;config=000001B003000001B2
            a=rtpmap:97 MP4V-ES/90000
            a=rtpmap:103 H264/90000
            a=fmtp:103 packetization-mode=1;profile-level-id=64001E
            a=rtpmap:104 H264/90000
            a=rtpmap:112 FCAM/90000

            """
        )
        #expect(track.formats.map(\.payloadType) == [96, 97, 103, 104, 112])
        #expect(track.formats.map(\.codec) == [.other("MP4V-ES"), .other("MP4V-ES"), .h264, .h264, .other("FCAM")])
        #expect(track.format(of: 103)?.parameters["profile-level-id"] == "64001E")
        #expect(track.format(of: 104)?.parameters == FormatParameters())
    }

    @Test("C35 Mercury's virtual I frames are told on")
    func virtualKeyFrames() throws {
        let media = "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
        #expect(try track(media + "a=smart_encoder:virtualIFrame=1\n").expectsRareKeyFrames)
        #expect(try !track(media + "a=smart_encoder:virtualIFrame=0\n").expectsRareKeyFrames)
    }

    @Test("K5 a video clock of 1000 Hz is honoured, and one of 0 is none")
    func clocks() throws {
        #expect(try track("m=video 0 RTP/AVP 96\na=rtpmap:96 H264/1000\n").primary.clockRate == 1000)
        #expect(try track("m=application 0 RTP/AVP 96\na=rtpmap:96 x/0\n").primary.clockRate == nil)
        #expect(try track("m=video 0 RTP/AVP 96\na=rtpmap:96 H264\n").primary.clockRate == 90_000)
    }

    @Test("J9 the size of a picture is read from x-dimensions and framesize, or else from the SPS")
    func dimensions() throws {
        let jpeg = "m=video 0 RTP/AVP 26\n"
        let size = PictureDimensions(width: 2560, height: 1440)
        #expect(try track(jpeg + "a=x-dimensions: 2560, 1440\n").dimensions == size)
        #expect(try track(jpeg + "a=framesize:26 2560-1440\n").dimensions == size)
        #expect(try track(jpeg + "a=x-dimensions:0,99999999999999999999\n").dimensions == nil)
        let sets = "\(ParameterSetSamples.h264Wide),\(ParameterSetSamples.h264Picture)"
        let h264 = try track("m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 sprop-parameter-sets=\(sets)\n")
        #expect(h264.dimensions == nil)
        #expect(h264.pictureDimensions == PictureDimensions(width: 2304, height: 1296))
    }

    @Test(
        "Static payload types need no a=rtpmap",
        arguments: [
            (UInt8(0), "PCMU", 8000), (3, "GSM", 8000), (8, "PCMA", 8000), (9, "G722", 8000), (10, "L16", 44_100),
            (11, "L16", 44_100), (14, "MPA", 90_000), (26, "JPEG", 90_000), (31, "H261", 90_000), (32, "MPV", 90_000),
            (33, "MP2T", 90_000), (34, "H263", 90_000),
        ]
    )
    func staticTypes(payloadType: UInt8, name: String, clockRate: Int) throws {
        let format = try track("m=audio 0 RTP/AVP \(payloadType)\n").primary
        #expect(format.codec == Codec(encodingName: name))
        #expect(format.clockRate == clockRate)
        #expect(format.channels == (payloadType == 10 ? 2 : clockRate == 90_000 ? nil : 1))
    }
}
