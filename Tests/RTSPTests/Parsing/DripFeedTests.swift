import NIOCore
import Testing

@testable import RTSP

@Suite("Any segmentation gives the same messages")
struct DripFeedTests {
    static let fromCameras: [String] = [
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n",
        "RTSP/1.0 200\r\n\r\nRTSP/1.0 200 \nCSeq:2\n\n",
        "RTSP/1.0 200 OK\r\nContent-Length: 5\r\nX: a\r\n b\r\n\r\nv=0\r\nRTSP/1.0 454 Session Not Found\r\n\r\n",
        "\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 7\r\n\r\n\r\nGET_PARAMETER rtsp://h/ RTSP/1.0\r\n\r\n",
        "HTTP/1.1 400 Bad\r\n\r\nRTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\n\r\n",
        "$\u{0}\u{0}\u{c}abcdefghijklRTSP/1.0 200 OK\r\n\r\n$\u{1}\u{0}\u{0}$\u{1}\u{0}\u{1}x",
        "junk$\u{9}\u{0}\u{c}SETU SETUP RTSP/ RTSP/1.0 2 $\u{0}\u{0}RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n",
    ]

    static let fromClients: [String] = [
        "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        "\nDESCRIBE rtsp://h:8554/live?x=1 RTSP/1.0\nCSeq: 2\nAccept: application/sdp\n\n",
        "ANNOUNCE rtsp://h/a RTSP/1.0\r\nCSeq: 3\r\nContent-Length: 10\r\n\r\nv=0\r\ns=x\r\nRECORD rtsp://h/a RTSP/1.0\r\n\r\n",
        "$\u{0}\u{0}\u{c}abcdefghijklTEARDOWN rtsp://h/a RTSP/1.0\r\nSession: 1\r\n  2\r\n\r\n",
    ]

    private func parser(_ limits: RTSPMessageLimits) -> RTSPMessageParser {
        var parser = RTSPMessageParser(limits: limits)
        parser.negotiatedChannels = [0, 1]
        return parser
    }

    @Test(
        "byte by byte and cut at each place",
        arguments: fromCameras.map { ($0, true) } + fromClients.map { ($0, false) })
    func anySegmentation(text: String, isCamera: Bool) throws {
        let limits = isCamera ? RTSPMessageLimits.client : .server
        var whole = ByteBuffer(string: text)
        var parser = parser(limits)
        let expected = try parser.all(in: &whole)
        #expect(!expected.isEmpty)
        #expect(whole.readableBytes == 0)

        let bytes = Array(text.utf8)
        #expect(try read(bytes.map { [$0] }, limits) == expected)
        for cut in 1..<bytes.count {
            #expect(try read([Array(bytes[..<cut]), Array(bytes[cut...])], limits) == expected, "cut at \(cut)")
        }
    }

    @Test("while a message is incomplete the reader index stays at its first byte")
    func readerIndexStays() throws {
        var parser = parser(.server)
        var buffer = ByteBuffer()
        for byte in "PLAY rtsp://h/ RTSP/1.0\r\nContent-Length: 3\r\n\r\nab".utf8 {
            buffer.writeInteger(byte)
            #expect(try parser.next(&buffer) == nil)
            #expect(buffer.readerIndex == 0)
        }
    }

    @Test("bytes that were read may be discarded between two calls")
    func discardingReadBytes() throws {
        var parser = parser(.client)
        var buffer = ByteBuffer(string: "junk RTSP/1.0 200 OK\r\nCS")
        #expect(try parser.next(&buffer) == nil)
        #expect(buffer.readerIndex == 5)
        buffer.discardReadBytes()
        buffer.writeString("eq: 1\r\n\r\n")
        #expect(try parser.next(&buffer)?.response?.headers.cSeq == "1")
    }

    private func read(_ pieces: [[UInt8]], _ limits: RTSPMessageLimits) throws -> [RTSPMessage] {
        var parser = parser(limits)
        var buffer = ByteBuffer()
        var messages: [RTSPMessage] = []
        for piece in pieces {
            buffer.writeBytes(piece)
            messages += try parser.all(in: &buffer)
        }
        return messages
    }
}
