import Media
import Testing

@testable import ISOMedia

@Suite("The session description of a hint track")
struct HintDescriptionTests {
    @Test("Requirement 12: trackID= and streamid= name a track, and neither is served")
    func controls() throws {
        for (control, number) in [("trackID=3", 3), ("streamid=0", 0), ("a/TrackID=65537", 65_537)]
            as [(String, UInt32)]
        {
            let text =
                "m=video 5000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:\(control)\r\na=cliprect:0,0,1,1\r\n"
            let description = try #require(HintDescription(parsing: text))
            #expect(description.control == control)
            #expect(description.controlNumber == number)
            #expect(
                description.text == "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=cliprect:0,0,1,1\r\n")
        }
        let without = try #require(HintDescription(parsing: "m=audio 0 RTP/AVP 0\na=CONTROL:x\n"))
        #expect(without.controlNumber == nil && without.lines == ["m=audio 0 RTP/AVP 0"])
        #expect(HintDescription(parsing: "m=audio 0 RTP/AVP 0\na=control:track99999999999\n")?.controlNumber == nil)
    }

    @Test("Requirement 13: a static payload type needs no a=rtpmap")
    func staticPayloadType() throws {
        let description = try #require(HintDescription(parsing: "m=audio 0 RTP/AVP 0\r\n"))
        #expect(description.track.primary.codec == .pcmu)
        #expect(description.track.primary.clockRate == 8000)
        #expect(description.text == "m=audio 0 RTP/AVP 0\r\n")
    }

    @Test("Requirement 14: a description that is missing is made of the payload type, where that means anything")
    func missing() throws {
        #expect(HintDescription(kind: .audio, payloadType: 8, map: nil)?.text == "m=audio 0 RTP/AVP 8\r\n")
        let mapped = try #require(HintDescription(kind: .video, payloadType: 96, map: "MP4V-ES/90000"))
        #expect(mapped.text == "m=video 0 RTP/AVP 96\r\na=rtpmap:96 MP4V-ES/90000\r\n")
        #expect(mapped.track.primary.clockRate == 90_000)
        #expect(HintDescription(kind: .video, payloadType: 96, map: nil) == nil)
    }

    @Test("Only the lines of the first media are served, without addresses and control characters")
    func foreignLines() throws {
        let text = """
            v=0
            s=x
            m=video 0 RTP/AVP 96
            c=IN IP4 10.0.0.1
            b=AS:100
            garbage
            a=rtpmap:96 H264/90000
            a=note:tab\tand bell\u{7}
            m=audio 0 RTP/AVP 97
            a=rtpmap:97 AMR/8000
            """
        #expect(
            HintDescription(parsing: text)?.lines == [
                "m=video 0 RTP/AVP 96", "b=AS:100", "a=rtpmap:96 H264/90000", "a=note:taband bell",
            ])
        for text in [
            "", "m=", "m=video 0 RTP/AVP", "a=x", "v=0\r\n",
            "m=video 0 RTP/AVP 96" + String(repeating: "x", count: 70_000),
        ] {
            #expect(HintDescription(parsing: text) == nil)
        }
    }

    @Test("Mutated descriptions are refused, or are lines of one media")
    func mutations() {
        let text =
            "m=video 0 RTP/AVP 96\r\nb=AS:41\r\na=rtpmap:96 MP4V-ES/90000\r\na=control:trackID=3\r\na=framesize:96 1-2\r\n"
        var mutations = HintMutations(seed: 23)
        for _ in 0..<2000 {
            let mutated = String(decoding: mutations.mutated(Array(text.utf8)), as: UTF8.self)
            guard let description = HintDescription(parsing: mutated) else { continue }
            #expect(description.lines.filter { $0.hasPrefix("m=") }.count == 1)
            #expect(
                description.lines.allSatisfy {
                    !$0.contains(where: \.isNewline) && !$0.lowercased().hasPrefix("a=control:")
                })
            _ = description.controlNumber
        }
    }
}
