import NIOCore
import TestSupport
import Testing

@testable import Media

@Suite("Descriptions for viewers")
struct SerializingTests {
    private static let camera = """
        v=0
        o=Camera One 0xAB -5 IN IP4
        s=Yard
        c=IN IP4 192.0.2.1
        t=now-
        a=range:npt=0-
        a=control:rtsp://192.0.2.1/
        m=video 5000 RTP/SAVP 96
        b=AS:4000
        a=sendonly
        a=rtpmap:96 H264/90000
        a=fmtp:96 profile-level-id=420029;sprop-parameter-sets=\(ParameterSetSamples.h264FullHD),\(ParameterSetSamples.h264Picture)
        a=x-dimensions:1920,1080
        a=framerate:12.5
        a=control:track1
        m=video 0 RTP/AVP 98
        a=rtpmap:98 H265/90000
        a=fmtp:98 sprop-vps=\(ParameterSetSamples.h265Video);sprop-sps=\(ParameterSetSamples.h265FullHD);sprop-pps=\(ParameterSetSamples.h265Picture)
        m=audio 0 RTP/AVP 97 8 111
        a=rtpmap:97 mpeg4-generic/16000/1
        a=fmtp:97 mode=AAC_hbr;config=1408;Profile=1;
        a=rtpmap:111 OPUS/48000/1
        m=video 0 RTP/AVP 26
        m=application 0 RTP/AVP 107
        a=rtpmap:107 vnd.onvif.metadata/90000
        m=text 0 RTP/AVP 99

        """

    /// The lines of a description, CR LF taken off.
    private func lines(_ description: SessionDescription) -> [String] {
        description.serialized().split(separator: "\r\n").map(String.init)
    }

    @Test("What is written reads back as the same tracks")
    func roundTrip() throws {
        var description = try parse(Self.camera)
        for index in description.tracks.indices { description.tracks[index].control = "trackID=\(index)" }
        description.control = nil
        let text = description.serialized()
        let again = try SessionDescription(parsing: ByteBuffer(string: text))
        #expect(again.tracks.isCompatible(with: description.tracks))
        for (track, original) in zip(again.tracks, description.tracks) {
            #expect(track.formats.map(\.payloadType) == original.formats.map(\.payloadType))
            #expect(track.formats.map(\.codec) == original.formats.map(\.codec))
            #expect(track.formats.map(\.clockRate) == original.formats.map(\.clockRate))
            #expect(track.formats.map(\.channels) == original.formats.map(\.channels))
            #expect(track.formats.map(\.configuration) == original.formats.map(\.configuration))
            #expect(track.dimensions == original.dimensions)
            #expect(track.frameRate == original.frameRate)
            #expect(track.bandwidth == original.bandwidth)
            #expect(track.control == original.control)
        }
        #expect(again.range == "npt=0-")
        #expect(again.sessionName == "Yard")
        // A description of our own is a fixed point.
        #expect(again.serialized() == text)
    }

    @Test("M17 the lines that old players need stand first, ended by CR LF")
    func sessionLines() throws {
        var description = try parse(Self.camera)
        description.control = nil
        #expect(
            lines(description).prefix(8) == [
                "v=0", "o=CameraOne 0 0 IN IP4 0.0.0.0", "s=Yard", "c=IN IP4 192.0.2.1", "t=0 0", "a=control:*",
                "a=range:npt=0-", "m=video 0 RTP/AVP 96",
            ]
        )
        #expect(description.serialized().hasSuffix("\r\n"))
        let bare = SessionDescription(tracks: try parse(Self.camera).tracks)
        #expect(lines(bare).prefix(5) == ["v=0", "o=- 0 0 IN IP4 0.0.0.0", "s=-", "c=IN IP4 0.0.0.0", "t=0 0"])
        var six = bare
        six.connectionAddress = "2001:db8::1"
        #expect(lines(six)[3] == "c=IN IP6 2001:db8::1")
    }

    @Test("C29 H.264 is described by its SPS, whatever the camera's profile-level-id said")
    func h264() throws {
        let text = try lines(parse(Self.camera))
        let sets = "\(ParameterSetSamples.h264FullHD),\(ParameterSetSamples.h264Picture)"
        #expect(text.contains("a=fmtp:96 profile-level-id=640028;sprop-parameter-sets=\(sets);packetization-mode=1"))
        #expect(text.contains("a=rtpmap:96 H264/90000"))
    }

    @Test("Parameter sets learnt in-band take the place of the camera's")
    func learntSets() throws {
        var description = try parse(Self.camera)
        let wide = ParameterSetSamples.bytes(ParameterSetSamples.h264Wide)
        let picture = ParameterSetSamples.bytes(ParameterSetSamples.h264Picture)
        description.tracks[0].primary.configuration =
            .h264(sequenceParameterSets: [wide], pictureParameterSets: [picture])
        let again = try SessionDescription(parsing: ByteBuffer(string: description.serialized()))
        #expect(again.tracks[0].primary.configuration == description.tracks[0].primary.configuration)
        #expect(again.tracks[0].primary.parameters["profile-level-id"] == "640032")
    }

    @Test("C19 C21 C28 parameter sets that no decoder can use are not handed on")
    func uselessSets() throws {
        let text = try lines(
            parse(
                """
                v=0
                m=video 0 RTP/AVP 96 97 98
                a=rtpmap:96 H264/90000
                a=fmtp:96 packetization-mode=0;sprop-parameter-sets=\(ParameterSetSamples.h265FullHD)
                a=rtpmap:97 H264/90000
                a=fmtp:97 sprop-parameter-sets=\(ParameterSetSamples.h264FullHD),
                a=rtpmap:98 H265/90000
                a=fmtp:98 sprop-sps=\(ParameterSetSamples.h265FullHD)

                """
            )
        )
        #expect(text.contains("a=fmtp:96 packetization-mode=1"))
        #expect(text.contains("a=fmtp:97 packetization-mode=1;profile-level-id=640028"))
        #expect(!text.contains { $0.hasPrefix("a=fmtp:98") })
        #expect(!text.contains { $0.contains("sprop") })
    }

    @Test("C31 AAC is described in full, by the names of RFC 3640")
    func aac() throws {
        let format = try #require(parse(Self.camera).tracks[2].formats.first).viewerParameters
        #expect(format["mode"] == "AAC-hbr")
        #expect(format["sizelength"] == "13")
        #expect(format["indexlength"] == "3")
        #expect(format["indexdeltalength"] == "3")
        #expect(format["config"] == "1408")
        let bare = try track("m=audio 0 RTP/AVP 97\na=rtpmap:97 mpeg4-generic/48000/2\n").primary
        #expect(bare.viewerParameters["config"] == "1190")
    }

    @Test("Static payload types get the a=rtpmap that players expect, unknown ones get none")
    func maps() throws {
        let maps = try lines(parse(Self.camera)).filter { $0.hasPrefix("a=rtpmap") }
        #expect(
            maps == [
                "a=rtpmap:96 H264/90000", "a=rtpmap:98 H265/90000", "a=rtpmap:97 MPEG4-GENERIC/16000/1",
                "a=rtpmap:8 PCMA/8000", "a=rtpmap:111 opus/48000/2", "a=rtpmap:26 JPEG/90000",
                "a=rtpmap:107 vnd.onvif.metadata/90000",
            ]
        )
    }

    @Test("Neither directions nor ports nor transports of the camera reach the viewer")
    func cameraSide() throws {
        let text = try lines(parse(Self.camera))
        #expect(!text.contains("a=sendonly"))
        #expect(text.filter { $0.hasPrefix("m=") }.allSatisfy { $0.contains(" 0 RTP/AVP ") })
    }

    @Test("What is sent to somewhere is described with its ports, and with controls only where they are told")
    func ports() throws {
        var description = try parse(Self.camera)
        description.control = nil
        description.connectionAddress = "239.64.0.1/16"
        for index in description.tracks.indices {
            description.tracks[index].control = nil
            description.tracks[index].port = UInt16(5000 + 2 * index)
        }
        let text = description.serializedWithPorts()
        #expect(text.contains("\r\nc=IN IP4 239.64.0.1/16\r\n") && !text.contains("a=control"))
        let again = try SessionDescription(parsing: ByteBuffer(string: text))
        #expect(again.tracks.map(\.port) == description.tracks.map(\.port))
        #expect(again.connectionAddress == "239.64.0.1/16")
        description.control = "*"
        #expect(description.serializedWithPorts().contains("\r\na=control:*\r\n"))
    }

    @Test("No value can bring a line of its own")
    func injection() throws {
        var description = try parse(Self.camera)
        let count = lines(description).count
        description.sessionName = "x\r\nm=audio 0 RTP/AVP 0"
        description.control = "*\na=evil"
        description.range = "npt=0-\r\na=evil"
        description.tracks[4].primary.encodingName = "x\ny"
        description.tracks[5].primary.parameters["z"] = "1\r\na=evil"
        // The parameter makes one new line; nothing else does.
        #expect(lines(description).count == count + 1)
        #expect(!lines(description).contains("a=evil"))
    }

    @Test("The media type of a description is application/sdp")
    func contentType() {
        #expect(SessionDescription.contentType == "application/sdp")
    }

    @Test("Misplaced lines are lent once: a description for viewers does not outgrow what was read")
    func bounded() throws {
        let sets = (0..<40).map { Base64.encode([0x68, $0, 3]) }.joined(separator: ",")
        var text = "v=0\n"
        for payloadType in 35..<127 {
            text += "a=rtpmap:\(payloadType) H264/90000\na=fmtp:\(payloadType) sprop-parameter-sets=\(sets)\n"
        }
        let payloadTypes = (35..<127).map(String.init).joined(separator: " ")
        for _ in 0..<64 { text += "m=video 0 RTP/AVP \(payloadTypes)\n" }
        let description = try parse(text)
        #expect(description.tracks.count == 64)
        #expect(description.tracks.allSatisfy { $0.formats.count <= 32 })
        #expect(description.serialized().utf8.count < text.utf8.count)
    }

    @Test("Mutated descriptions never trap, stay bounded, and what is read can be written and read again")
    func mutations() throws {
        var generator = SeededGenerator(seed: 4566)
        let bytes = Array(Self.camera.utf8)
        var read = 0
        for _ in 0..<2000 {
            let mutated = generator.mutated(bytes)
            guard let description = try? SessionDescription(parsing: ByteBuffer(bytes: mutated)) else { continue }
            read += 1
            #expect(description.tracks.count <= 12)
            #expect(description.receivableTrackIndices.allSatisfy(description.tracks.indices.contains))
            let text = description.serialized()
            #expect(text.utf8.count < 8192)
            let again = try SessionDescription(parsing: ByteBuffer(string: text))
            #expect(
                again.tracks.map { $0.formats.map(\.payloadType) }
                    == description.tracks.map { $0.formats.map(\.payloadType) })
        }
        #expect(read > 1500)
    }
}
