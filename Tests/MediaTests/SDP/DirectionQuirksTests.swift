import Testing

@testable import Media

@Suite("What to receive")
struct DirectionQuirksTests {
    private func receivable(_ media: String...) throws -> [Int] {
        try parse("v=0\n" + media.joined(separator: "\n")).receivableTrackIndices
    }

    @Test("C25 D-Link marks its only media sendonly and means receive it")
    func onlySendOnly() throws {
        #expect(try receivable("m=video 0 RTP/AVP 26\na=sendonly") == [0])
        #expect(try receivable("m=audio 0 RTP/AVP 0\na=sendonly") == [0])
        #expect(try receivable("a=sendonly\nm=video 0 RTP/AVP 26\nm=audio 0 RTP/AVP 0") == [0, 1])
        #expect(try receivable("m=video 0 RTP/AVP 26\na=inactive") == [0])
    }

    @Test("C25 a device that tells directions from its own side has its video received, not its back channel")
    func deviceSide() throws {
        #expect(
            try receivable(
                "m=video 0 RTP/AVP 26\na=sendonly", "m=audio 0 RTP/AVP 0\na=sendonly", "m=audio 0 RTP/AVP 8\na=recvonly"
            ) == [0, 1]
        )
    }

    @Test("C26 Reolink's doorbell offers a back channel as its last media, without a final line end")
    func backChannel() throws {
        let description = try parse(
            """
            v=0
            o=- 1 1 IN IP4 192.0.2.20
            s=Session streamed by "preview"
            t=0 0
            m=video 0 RTP/AVP 96
            a=rtpmap:96 H264/90000
            a=recvonly
            a=control:track1
            m=audio 0 RTP/AVP 97
            a=rtpmap:97 MPEG4-GENERIC/16000
            a=recvonly
            a=control:track2
            m=audio 0 RTP/AVP 8
            a=control:track3
            a=rtpmap:8 PCMA/8000
            a=sendonly
            """
        )
        #expect(description.tracks[2].direction == .sendOnly)
        #expect(description.receivableTrackIndices == [0, 1])
        #expect(description.receivableTracks.map(\.control) == ["track1", "track2"])
    }

    @Test("Without any direction everything is received; an inactive media is not, beside others")
    func plain() throws {
        #expect(try receivable("m=video 0 RTP/AVP 26", "m=audio 0 RTP/AVP 0") == [0, 1])
        #expect(try receivable("m=video 0 RTP/AVP 26", "m=audio 0 RTP/AVP 0\na=inactive") == [0])
        #expect(try receivable("a=sendonly\nm=video 0 RTP/AVP 26\na=recvonly", "m=audio 0 RTP/AVP 0") == [0])
    }
}
