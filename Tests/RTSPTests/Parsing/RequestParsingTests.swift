import NIOCore
import Testing

@testable import RTSP

@Suite("What a server reads from its clients")
struct RequestParsingTests {
    @Test("a request has its method, URI, version, headers and body")
    func wholeRequest() throws {
        let text = "SET_PARAMETER rtsp://h/a?b RTSP/1.0\r\nCSeq: 3\r\nContent-Length: 7\r\n\r\nfoo: 12"
        let request = try #require(try fromClient(text).first?.request)
        #expect(request.method == .setParameter)
        #expect(request.uri == "rtsp://h/a?b")
        #expect(request.version == "RTSP/1.0")
        #expect(request.headers.cSeq == "3")
        #expect(String(buffer: request.body) == "foo: 12")
    }

    @Test("S1 the text of CSeq is kept as written", arguments: ["1", "7", "2147483647", "007"])
    func cSeqText(cSeq: String) throws {
        #expect(try fromClient("OPTIONS * RTSP/1.0\r\nCSeq: \(cSeq)\r\n\r\n").first?.request?.headers.cSeq == cSeq)
    }

    @Test("S4 header names are compared without case, folded lines are joined")
    func foldedLines() throws {
        let text =
            "SETUP rtsp://h/a RTSP/1.0\r\ncSEQ: 1\r\nTransport: RTP/AVP/TCP;\r\n  unicast;\r\n\tinterleaved=0-1\r\n\r\n"
        let request = try #require(try fromClient(text).first?.request)
        #expect(request.headers["CSeq"] == "1")
        #expect(request.headers["Transport"] == "RTP/AVP/TCP; unicast; interleaved=0-1")
    }

    @Test("S5 pipelined requests come out in order")
    func pipelined() throws {
        let text = (1...20).map { "OPTIONS * RTSP/1.0\r\nCSeq: \($0)\r\n\r\n" }.joined()
        let messages = try fromClient(text)
        #expect(messages.map { $0.request?.headers.cSeq } == (1...20).map { String($0) })
    }

    @Test("S6 another version and an unknown method are for the caller to answer")
    func versionAndMethod() throws {
        let old = try #require(try fromClient("DESCRIBE rtsp://h/a RTSP/3.7\r\n\r\n").first?.request)
        #expect(old.version == "RTSP/3.7")
        let http = try #require(try fromClient("GET / HTTP/1.1\r\n\r\n").first?.request)
        #expect(http.version == "HTTP/1.1")
        let unknown = try #require(try fromClient("FLY rtsp://h/a RTSP/1.0\r\n\r\n").first?.request)
        #expect(unknown.method == RTSPMethod(rawValue: "FLY"))
    }

    @Test("S37 the body of any method is taken off the stream by its Content-Length")
    func bodies() throws {
        let text = "TEARDOWN rtsp://h/a RTSP/1.0\r\nContent-Length: 4\r\n\r\nPLAYOPTIONS * RTSP/1.0\r\n\r\n"
        let messages = try fromClient(text)
        #expect(messages.map { $0.request?.method } == [.teardown, .options])
        #expect(messages.first?.request.map { String(buffer: $0.body) } == "PLAY")
    }

    @Test("empty lines before a request are skipped")
    func leadingLineEnds() throws {
        #expect(try fromClient("\r\n\r\n\nOPTIONS * RTSP/1.0\r\n\r\n").count == 1)
    }

    @Test("a URI may hold raw spaces and is kept byte for byte")
    func rawSpaces() throws {
        let request = try #require(
            try fromClient("DESCRIBE rtsp://h/front door?x=%2F&y=é RTSP/1.0\r\n\r\n").first?.request)
        #expect(request.uri == "rtsp://h/front door?x=%2F&y=é")
    }

    @Test(
        "a first line that is no request is answered by 400",
        arguments: [
            "OPTIONS\r\n\r\n", "OPTIONS *\r\n\r\n", "OPTIONS RTSP/1.0\r\n\r\n", "OPTIONS * RTSP\r\n\r\n",
            "OPTIONS * RTSP/x\r\n\r\n", "OPT(IONS * RTSP/1.0\r\n\r\n", " OPTIONS * RTSP/1.0\r\n\r\n",
            "OPTIONS a\u{1}b RTSP/1.0\r\n\r\n", "RTSP/1.0 20 OK\r\n\r\n", "RTSP/1.0 999 No\r\n\r\n",
            "\u{16}\u{3}\u{1}", "OPTIONS * RTSP/1.0.0\r\n\r\n",
        ]
    )
    func malformed(text: String) {
        #expect(refusal(of: text)?.status == .badRequest)
    }

    @Test("the refusal of a malformed request repeats its CSeq where it has arrived")
    func refusalWithCSeq() {
        #expect(refusal(of: "OPTIONS\r\nCSeq: 41\r\n\r\n") == RTSPParsingError(.malformedFirstLine, cSeq: "41"))
        #expect(refusal(of: "OPTIONS\r\n") == RTSPParsingError(.malformedFirstLine))
    }

    @Test("too long a URI is answered by 414, before the line has ended too")
    func longURI() {
        let uri = "rtsp://h/" + String(repeating: "a", count: 4096)
        #expect(refusal(of: "OPTIONS \(uri) RTSP/1.0\r\n\r\n")?.status == .requestURITooLarge)
        #expect(refusal(of: "OPTIONS " + String(repeating: "a", count: 9000))?.status == .requestURITooLarge)
    }

    @Test("too long a header line, too many and too large headers are answered by 431")
    func largeHeaders() {
        let start = "OPTIONS * RTSP/1.0\r\nCSeq: 5\r\n"
        let refused = RTSPParsingError(.headersTooLarge, cSeq: "5")
        #expect(refusal(of: start + "X: " + String(repeating: "a", count: 9000)) == refused)
        #expect(refusal(of: start + String(repeating: "X: y\r\n", count: 100)) == refused)
        #expect(refusal(of: start + "X: y\r\n" + String(repeating: " y\r\n", count: 99)) == refused)
        #expect(
            refusal(of: start + String(repeating: "X: \(String(repeating: "y", count: 8000))\r\n", count: 5)) == refused
        )
        #expect(refused.status == .requestHeaderFieldsTooLarge)
    }

    @Test("the largest head and body that are allowed are read")
    func largestAllowed() throws {
        var text = "OPTIONS * RTSP/1.0\r\nContent-Length: 131072\r\n"
        text += String(repeating: "X: y\r\n", count: 98) + "Y: " + String(repeating: "z", count: 8189) + "\r\n\r\n"
        text += String(repeating: "b", count: 131_072)
        #expect(try fromClient(text).first?.request?.body.readableBytes == 131_072)
    }

    @Test(
        "too large a body is answered by 413, whatever number announces it",
        arguments: ["131073", "99999999999999999999"])
    func largeBody(length: String) {
        let text = "ANNOUNCE rtsp://h/a RTSP/1.0\r\nCSeq: 9\r\nContent-Length: \(length)\r\n\r\n"
        #expect(refusal(of: text) == RTSPParsingError(.bodyTooLarge, cSeq: "9"))
    }

    @Test("a Content-Length that is no number is answered by 400", arguments: ["-1", "0x10", "1 2", "+3", "abc"])
    func badContentLength(length: String) {
        let refused = refusal(of: "PLAY rtsp://h/a RTSP/1.0\r\nCSeq: 2\r\nContent-Length: \(length)\r\n\r\n")
        #expect(refused == RTSPParsingError(.malformedContentLength, cSeq: "2"))
    }

    @Test("a header line without a colon and one without a name are dropped")
    func nonsenseLines() throws {
        let text = "OPTIONS * RTSP/1.0\r\n folded onto nothing\r\nnonsense\r\n: nameless\r\nCSeq: 1\r\n\r\n"
        let request = try #require(try fromClient(text).first?.request)
        #expect(request.headers.fields.map(\.name) == ["CSeq"])
    }

    @Test("an interleaved frame from a client is read between requests")
    func framesOfAPublisher() throws {
        var parser = RTSPMessageParser(limits: .server)
        var buffer = frame(0, length: 20)
        buffer.writeString("TEARDOWN rtsp://h/a RTSP/1.0\r\n\r\n")
        let messages = try parser.all(in: &buffer)
        #expect(messages.first?.interleaved?.payload.readableBytes == 20)
        #expect(messages.last?.request?.method == .teardown)
    }

    @Test("a head in small pieces costs as much as its length, not its square", .timeLimit(.minutes(1)))
    func slowHead() throws {
        var limits = RTSPMessageLimits.server
        limits.headers = .max
        limits.headerBytes = .max
        var parser = RTSPMessageParser(limits: limits)
        var buffer = ByteBuffer(string: "OPTIONS * RTSP/1.0\r\n")
        for _ in 0..<10_000 {
            buffer.writeRepeatingByte(UInt8(ascii: "a"), count: 1)
            buffer.writeString("\n b\n c\n d\n e\n f\n g")
            #expect(try parser.next(&buffer) == nil)
        }
        buffer.writeString("\n\n")
        #expect(try parser.next(&buffer)?.request?.method == .options)
    }
}
