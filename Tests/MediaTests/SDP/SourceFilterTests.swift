import Testing

@testable import Media

@Suite("What a description tells of senders and ports")
struct SourceFilterTests {
    @Test("a=source-filter names who may send, of a media before the session's")
    func filter() throws {
        let text = """
            v=0
            c=IN IP4 239.1.2.3/64
            a=source-filter: incl IN IP4 239.1.2.3 10.0.0.1 10.0.0.2
            m=video 5004 RTP/AVP 96
            m=audio 5006 RTP/AVP 0
            a=source-filter:incl IN IP4 * 10.0.0.9
            """
        let tracks = try parse(text).tracks
        #expect(tracks[0].sourceFilter == SourceFilter(destination: "239.1.2.3", sources: ["10.0.0.1", "10.0.0.2"]))
        #expect(tracks[1].sourceFilter == SourceFilter(destination: "*", sources: ["10.0.0.9"]))
    }

    @Test(
        "One that excludes, or names nobody, is no filter",
        arguments: ["excl IN IP4 239.1.2.3 10.0.0.1", "incl IN IP4 239.1.2.3", "", "incl"])
    func noFilter(value: String) throws {
        #expect(try track("m=video 5004 RTP/AVP 96\na=source-filter: \(value)").sourceFilter == nil)
    }

    @Test("A filter with a hundred senders is cut")
    func bound() throws {
        let senders = (0..<100).map { "10.0.0.\($0)" }.joined(separator: " ")
        let value = "m=video 5004 RTP/AVP 96\na=source-filter: incl IN IP4 * \(senders)"
        #expect(try track(value).sourceFilter?.sources.count == 8)
    }

    @Test(
        "a=rtcp tells the port of RTCP, where it is one",
        arguments: [("5010", 5010), ("5010 IN IP4 10.0.0.1", 5010), ("0", nil), ("70000", nil), ("", nil)]
            as [(String, UInt16?)])
    func controlPort(value: String, port: UInt16?) throws {
        #expect(try track("m=video 5004 RTP/AVP 96\na=rtcp:\(value)").controlPort == port)
    }
}
