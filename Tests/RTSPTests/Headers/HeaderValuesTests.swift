import Testing

@testable import RTSP

@Suite("Header values")
struct HeaderValuesTests {
    @Test(
        "A9 the content type is without its parameters",
        arguments: [
            ("application/sdp; charset=utf-8", "application/sdp"), ("Application/SDP", "application/sdp"),
            (" application/sdp ;x", "application/sdp"), ("", nil), (";", nil),
        ] as [(String, String?)])
    func contentType(value: String, type: String?) {
        let headers: RTSPHeaders = ["content-type": value]
        #expect(headers.contentType == type)
        #expect(RTSPHeaders().contentType == nil)
    }

    @Test("the methods of Public and Allow are one set, whatever stands between them")
    func methods() {
        let headers: RTSPHeaders = ["Public": "OPTIONS, describe,SETUP,,", "public": "PLAY TEARDOWN", "Allow": "PAUSE"]
        #expect(headers.publicMethods == [.options, .describe, .setup, .play, .teardown, .pause])
        #expect(RTSPHeaders().publicMethods.isEmpty)
    }

    @Test("F4 a camera that lists GET_PARAMETER has it in its methods")
    func getParameter() {
        #expect(RTSPHeaders.methods(in: "DESCRIBE,GET_PARAMETER").contains(.getParameter))
        #expect(!RTSPHeaders.methods(in: "DESCRIBE,SET_PARAMETER").contains(.getParameter))
    }

    @Test("S7 required options are read from all fields, to be sent back as unsupported")
    func options() {
        let headers: RTSPHeaders = ["Require": "a.b, www.onvif.org/ver20/backchannel", "require": "c"]
        #expect(headers.optionTags("Require") == ["a.b", "www.onvif.org/ver20/backchannel", "c"])
        #expect(headers.optionTags("Unsupported").isEmpty)
    }

    @Test("S1 a CSeq that is empty is none")
    func cSeq() {
        let headers: RTSPHeaders = ["cseq": "007"]
        #expect(headers.cSeq == "007")
        let empty: RTSPHeaders = ["CSeq": ""]
        #expect(empty.cSeq == nil)
    }

    @Test("session, transports and range are read from their fields")
    func structured() {
        let headers: RTSPHeaders = [
            "Session": "a;timeout=5", "Transport": "RTP/AVP", "transport": "RTP/AVP/TCP", "Range": "npt=now-",
        ]
        #expect(headers.session == SessionHeader(id: "a", timeout: 5))
        #expect(headers.transports.map(\.lower) == [.udp, .tcp])
        #expect(headers.range == .npt(start: .now, end: nil))
    }
}
