import NIOCore
import Testing

@testable import RTSP

@Suite("What a client reads from cameras")
struct ResponseParsingTests {
    @Test("A1 CSeq is found in any case", arguments: ["CSeq", "Cseq", "cseq", "CSEQ"])
    func cSeqCase(name: String) throws {
        #expect(try fromCamera("RTSP/1.0 200 OK\r\n\(name): 3\r\n\r\n").first?.response?.headers.cSeq == "3")
    }

    @Test("A2 a response without CSeq, or with spaces around it, is read")
    func missingCSeq() throws {
        let none = try #require(try fromCamera("RTSP/1.0 200 OK\r\n\r\n").first?.response)
        #expect(none.headers.cSeq == nil)
        #expect(try fromCamera("RTSP/1.0 200 OK\r\nCSeq:    3   \r\n\r\n").first?.response?.headers.cSeq == "3")
    }

    @Test("A3 the reason may be missing, with and without the space", arguments: ["RTSP/1.0 200 ", "RTSP/1.0 200"])
    func missingReason(line: String) throws {
        let response = try #require(try fromCamera("\(line)\r\nCSeq: 1\r\n\r\n").first?.response)
        #expect(response.status == RTSPStatus(code: 200, reason: ""))
        #expect(response.headers.cSeq == "1")
    }

    @Test("A3 a reason of several words is kept")
    func longReason() throws {
        let response = try #require(try fromCamera("RTSP/1.0 454 Session Not Found\r\n\r\n").first?.response)
        #expect(response.status == .sessionNotFound)
    }

    @Test("A4 an empty header value is kept as empty")
    func emptyValue() throws {
        let response = try #require(
            try fromCamera("RTSP/1.0 200 OK\r\nx-Accept-Dynamic-Rate: \r\nPublic:\r\n\r\n").first?.response)
        #expect(response.headers["X-Accept-Dynamic-Rate"] == "")
        #expect(response.headers["Public"] == "")
    }

    @Test("A5 white space after the colon may be missing or long, names may be in lower case")
    func spaces() throws {
        let text = "RTSP/1.0 200 OK\r\ncontent-type:application/sdp\r\nSession:  \t  12 \r\nServer : x\r\n\r\n"
        let response = try #require(try fromCamera(text).first?.response)
        #expect(response.headers["Content-Type"] == "application/sdp")
        #expect(response.headers["Session"] == "12")
        #expect(response.headers["Server"] == "x")
    }

    @Test("A10 long tokens, long values and 255 headers are read, of a long head too")
    func longHeads() throws {
        let name = String(repeating: "n", count: 512)
        let value = String(repeating: "v", count: 2048)
        let reason = String(repeating: "r", count: 255)
        var text = "RTSP/1.0 200 \(reason)\r\n\(name): \(value)\r\n"
        text += String(repeating: "X: y\r\n", count: 253) + "Content-Length: 131072\r\n\r\n"
        text += String(repeating: "b", count: 131_072)
        let response = try #require(try fromCamera(text).first?.response)
        #expect(response.status.reason == reason)
        #expect(response.headers[name] == value)
        #expect(response.body.readableBytes == 131_072)
    }

    @Test("A11 a request of the camera's is read like any other message")
    func requestFromCamera() throws {
        let text = "OPTIONS * RTSP/1.0\r\nCSeq: 7\r\n\r\nRTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n"
        let messages = try fromCamera(text)
        #expect(messages.first?.request?.headers.cSeq == "7")
        #expect(messages.last?.response?.headers.cSeq == "2")
    }

    @Test("A13 lines may end in LF alone, also mixed with CRLF")
    func lineFeedsOnly() throws {
        let text = "RTSP/1.0 200 OK\nCSeq: 1\r\nContent-Length: 4\n\nv=0\nRTSP/1.0 200 OK\n\n"
        let messages = try fromCamera(text)
        #expect(messages.count == 2)
        #expect(messages.first?.response.map { String(buffer: $0.body) } == "v=0\n")
    }

    @Test(
        "A14 of several Content-Lengths the first that is a number counts",
        arguments: [
            "Content-Length: 4\r\nContent-Length: 400", "Content-Length: \r\nContent-Length: 4",
            "Content-Length: x\r\nContent-length: 4", "Content-Length: 0\r\nContent-Length: 4",
            "Content-Length: 4\r\nContent-Length: 4",
        ])
    func severalContentLengths(fields: String) throws {
        let messages = try fromCamera("RTSP/1.0 200 OK\r\n\(fields)\r\n\r\nbodyRTSP/1.0 404 Not Found\r\n\r\n")
        #expect(messages.map { $0.response?.status.code } == [200, 404])
        #expect(messages.first?.response.map { String(buffer: $0.body) } == "body")
    }

    @Test("A14 a body behind Content-Length 0 does not stay in the way", arguments: ["0", "-1"])
    func unannouncedBody(length: String) throws {
        let body = "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=RTSP/1.0 stream\r\n"
        let messages = try fromCamera(
            "RTSP/1.0 200 OK\r\nContent-Length: \(length)\r\n\r\n\(body)RTSP/1.0 404 No\r\n\r\n")
        #expect(messages.map { $0.response?.status.code } == [200, 404])
    }

    @Test(
        "A15 HTTP or junk where a response is expected is skipped and counted",
        arguments: [
            "HTTP/1.1 400 Bad Request\r\nServer: RTSP/1.0 camera\r\n\r\n<html>PLAY</html>",
            "\u{0}\u{1}\u{2}R RT RTS RTSP RTSP/ OPTIONS\r\n", "RTSP/1.0 OK\r\n", "GET_PARAMETER\r\n",
        ])
    func junk(text: String) throws {
        var parser = RTSPMessageParser(limits: .client)
        var buffer = ByteBuffer(string: text + "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n")
        let messages = try parser.all(in: &buffer)
        #expect(messages.map { $0.response?.headers.cSeq } == ["1"])
        #expect(parser.discardedBytes > 0 && parser.discardedBytes <= text.utf8.count)
    }

    @Test("A15 endless junk ends the connection after the limit")
    func endlessJunk() throws {
        var parser = RTSPMessageParser(limits: .client)
        var buffer = ByteBuffer(repeating: UInt8(ascii: "x"), count: 4096)
        #expect(try parser.next(&buffer) == nil)
        buffer.writeString("x")
        #expect(throws: RTSPParsingError(.tooMuchGarbage)) { try parser.next(&buffer) }
        #expect(parser.discardedBytes == 4096)
    }

    @Test("A15 text that begins like a response and never ends its line is given up")
    func endlessFirstLine() throws {
        var parser = RTSPMessageParser(limits: .client)
        var buffer = ByteBuffer(string: String(repeating: "RTSP/", count: 3000))
        #expect(throws: RTSPParsingError(.tooMuchGarbage)) { try parser.next(&buffer) }
    }
}
