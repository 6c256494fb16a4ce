import NIOCore
import Testing

@testable import RTSP

@Suite("Messages as bytes")
struct MessageWritingTests {
    private func text(_ request: RTSPRequest) -> String {
        var buffer = ByteBuffer()
        request.write(into: &buffer)
        return String(buffer: buffer)
    }

    private func text(_ response: RTSPResponse) -> String {
        var buffer = ByteBuffer()
        response.write(into: &buffer)
        return String(buffer: buffer)
    }

    @Test("A1 CSeq comes first and is spelled exactly so")
    func cSeqFirst() {
        let request = RTSPRequest(.options, uri: "rtsp://h/", headers: ["User-Agent": "Heliograph", "cseq": "1"])
        #expect(text(request) == "OPTIONS rtsp://h/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: Heliograph\r\n\r\n")
    }

    @Test("Content-Length is that of the body, and there is none without a body")
    func contentLength() {
        var response = RTSPResponse(
            .ok, headers: ["CSeq": "2", "Content-length": "99", "Content-Type": "application/sdp"])
        #expect(text(response) == "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\n\r\n")
        response.body = ByteBuffer(string: "v=0\r\n")
        let expected = "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n"
        #expect(text(response) == expected)
    }

    @Test("no part of a message can begin a line of its own")
    func injection() {
        var headers: RTSPHeaders = ["CSeq": "1\r\nX: 1"]
        headers.add("Session\r\nY", "2\nZ: 3\r\r\n\r\nPLAY")
        let request = RTSPRequest(RTSPMethod(rawValue: "PL\nAY"), uri: "rtsp://h/\r\nQ: 1", headers: headers)
        #expect(text(request) == "PLAY rtsp://h/Q: 1 RTSP/1.0\r\nCSeq: 1X: 1\r\nSessionY: 2Z: 3PLAY\r\n\r\n")
        let response = RTSPResponse(RTSPStatus(code: 404, reason: "No\r\nT: 1"))
        #expect(text(response) == "RTSP/1.0 404 NoT: 1\r\n\r\n")
    }

    @Test("what is written is read back")
    func roundTrip() throws {
        let headers: RTSPHeaders = ["CSeq": "1", "Session": "abc;timeout=60", "Content-Length": "3"]
        let request = RTSPRequest(.announce, uri: "rtsp://h/a b", headers: headers, body: ByteBuffer(string: "v=0"))
        let messages = try fromClient(text(request))
        #expect(messages == [.request(request)])
        let response = RTSPResponse(.sessionNotFound, headers: headers, body: ByteBuffer(string: "v=0"))
        #expect(try fromCamera(text(response)) == [.response(response)])
    }

    @Test("setting a header replaces all of that name, folding continues the last")
    func headers() {
        var headers: RTSPHeaders = ["A": "1", "b": "2", "a": "3"]
        headers["A"] = "4"
        #expect(headers.fields.map(\.value) == ["4", "2"])
        headers.continueLast(with: "5")
        #expect(headers["B"] == "2 5")
        headers["B"] = nil
        #expect(headers.fields.map(\.name) == ["A"])
    }
}
