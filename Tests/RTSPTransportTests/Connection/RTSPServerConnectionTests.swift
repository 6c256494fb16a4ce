import NIOCore
import NIOEmbedded
import RTSP
import Testing

@testable import RTSPTransport

/// Conversations without a socket: every cut of the bytes, every limit, every mutation.
@Suite("RTSP server connection")
struct RTSPServerConnectionTests {
    private func responses(_ text: String) -> [String] {
        text.components(separatedBy: "RTSP/1.0 ").dropFirst().map { String($0.prefix(3)) }
    }

    @Test("a request cut at any byte is answered all the same")
    func splits() throws {
        let request = "SETUP rtsp://h/gate RTSP/1.0\r\nCSeq: 9\r\nContent-Length: 3\r\n\r\nabc"
        let bytes = Array((request + "OPTIONS * RTSP/1.0\r\nCSeq: 10\r\n\r\n").utf8)
        for cut in 1..<bytes.count {
            let line = EmbeddedConnection()
            try line.write(ByteBuffer(bytes: bytes[..<cut]))
            try line.write(ByteBuffer(bytes: bytes[cut...]))
            let answer = try line.read()
            #expect(responses(answer) == ["200", "200"], "cut at \(cut)")
            #expect(answer.contains("CSeq: 9\r\n") && answer.contains("CSeq: 10\r\n"), "cut at \(cut)")
            line.end()
        }
    }

    @Test("a request that comes byte by byte is answered")
    func drip() throws {
        let line = EmbeddedConnection()
        for byte in "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".utf8 { try line.write(ByteBuffer(bytes: [byte])) }
        #expect(try responses(line.read()) == ["200"])
        line.end()
    }

    @Test("S1 the CSeq comes back letter for letter", arguments: ["1", "7", "2147483647", "007", "x-1"])
    func cSeq(text: String) throws {
        let line = EmbeddedConnection()
        try line.write("OPTIONS * RTSP/1.0\r\nCSeq: \(text)\r\n\r\n")
        #expect(try line.read().contains("\r\nCSeq: \(text)\r\n"))
        line.end()
    }

    @Test("S2 a request without CSeq is answered 400", arguments: ["", "CSeq:\r\n"])
    func missingCSeq(field: String) throws {
        let line = EmbeddedConnection()
        try line.write("OPTIONS * RTSP/1.0\r\n\(field)\r\n")
        #expect(try responses(line.read()) == ["400"])
        try line.write("OPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n")
        #expect(try responses(line.read()) == ["200"])
        line.end()
    }

    @Test("S6 another version is answered 505")
    func version() throws {
        let line = EmbeddedConnection()
        try line.write("OPTIONS * RTSP/2.0\r\nCSeq: 3\r\n\r\n")
        let answer = try line.read()
        #expect(responses(answer) == ["505"])
        #expect(answer.contains("CSeq: 3\r\n"))
        line.end()
    }

    @Test("HTTP is told so in its own words and the connection ends")
    func http() throws {
        let line = EmbeddedConnection()
        try line.write("GET /index.html HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try line.read().hasPrefix("HTTP/1.1 501 "))
        #expect(line.hasEnded)
        #expect(line.tally.snapshot.foreignProtocol == 1)
        line.end()
    }

    @Test(
        "what cannot be read is answered with its status and the connection ends",
        arguments: [
            ("\u{16}\u{3}\u{1}\u{2}", "400"),
            ("hello\r\n\r\n", "400"),
            ("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: -1\r\n\r\n", "400"),
            ("ANNOUNCE * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 131073\r\n\r\n", "413"),
            ("ANNOUNCE * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 99999999999999999999\r\n\r\n", "413"),
            ("OPTIONS rtsp://h/" + String(repeating: "a", count: 4100) + " RTSP/1.0\r\nCSeq: 1\r\n\r\n", "414"),
            ("OPTIONS * RTSP/1.0\r\nX: " + String(repeating: "a", count: 8300), "431"),
            ("OPTIONS * RTSP/1.0\r\n" + String(repeating: "X: a\r\n", count: 101), "431"),
        ]
    )
    func malformed(text: String, status: String) throws {
        let line = EmbeddedConnection()
        try line.write(text)
        let answer = try line.read()
        #expect(responses(answer) == [status])
        #expect(answer.contains("Connection: close\r\n"))
        #expect(line.hasEnded)
        #expect(line.tally.snapshot.malformed == 1)
        line.end()
    }

    @Test("a refusal waits for the answers in front of it")
    func refusalInOrder() throws {
        let line = EmbeddedConnection()
        try line.write("HOLD * RTSP/1.0\r\nCSeq: 1\r\n\r\n?????\r\n\r\n")
        #expect(try line.read() == "")
        line.record.releaseHeld()
        line.run()
        #expect(try responses(line.read()) == ["200", "400"])
        #expect(line.hasEnded)
        line.end()
    }

    @Test("a request in flight holds the next ones back, in order, and interleaved data passes at once")
    func pipelining() throws {
        let line = EmbeddedConnection()
        try line.write("HOLD * RTSP/1.0\r\nCSeq: 1\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n")
        try line.write(ByteBuffer(bytes: [0x24, 1, 0, 2, 0x80, 0xC9]))
        #expect(try line.read() == "")
        #expect(line.record.snapshot.requests == ["HOLD"])
        #expect(
            line.record.snapshot.frames == [InterleavedFrame(channel: 1, payload: ByteBuffer(bytes: [0x80, 0xC9]))])
        line.record.releaseHeld()
        line.run()
        let answer = try line.read()
        let first = try #require(answer.firstRange(of: "CSeq: 1\r\n"))
        let second = try #require(answer.firstRange(of: "CSeq: 2\r\n"))
        #expect(first.lowerBound < second.lowerBound)
        line.end()
    }

    @Test("beyond the pipeline's limit reading pauses and goes on, and every request is answered once")
    func pausing() throws {
        let line = EmbeddedConnection { limits in
            limits.pipelinedRequests = 4
            limits.requestsWithoutSession = 1000
        }
        try line.write("HOLD * RTSP/1.0\r\nCSeq: 0\r\n\r\n")
        var text = ""
        for number in 1...100 { text += "OPTIONS * RTSP/1.0\r\nCSeq: \(number)\r\n\r\n" }
        try line.write(text)
        #expect(!line.readsOn)
        line.record.releaseHeld()
        line.run()
        let answer = try line.read()
        let sequence = answer.components(separatedBy: "CSeq: ").dropFirst().map { String($0.prefix { $0 != "\r\n" }) }
        #expect(sequence == (0...100).map(String.init))
        #expect(line.readsOn)
        line.end()
    }

    @Test("hundreds of requests at once are answered in turns, between which others of the loop are looked after")
    func turns() throws {
        let line = EmbeddedConnection { $0.requestsWithoutSession = 1000 }
        try line.write((1...200).map { "OPTIONS * RTSP/1.0\r\nCSeq: \($0)\r\n\r\n" }.joined())
        #expect(try responses(line.read()).count == 32)
        #expect(!line.readsOn)
        line.run()
        #expect(try responses(line.read()).count == 200 - 32)
        #expect(line.readsOn)
        line.end()
    }

    @Test("a failed responder is answered 500 and the connection goes on")
    func failure() throws {
        let line = EmbeddedConnection()
        try line.write("FAIL * RTSP/1.0\r\nCSeq: 1\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n")
        #expect(try responses(line.read()) == ["500", "200"])
        line.end()
    }

    @Test("Connection: close is answered and obeyed")
    func close() throws {
        let line = EmbeddedConnection()
        try line.write(
            "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nConnection: Close\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n")
        let answer = try line.read()
        #expect(responses(answer) == ["200"])
        #expect(answer.contains("Connection: close\r\n"))
        #expect(line.hasEnded)
        line.end()
    }

    @Test("a responder that closes its connection is still heard")
    func leaving() throws {
        let line = EmbeddedConnection()
        try line.write("LEAVE * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        #expect(try responses(line.read()) == ["200"])
        #expect(line.hasEnded)
        line.end()
        #expect(line.record.snapshot.closed == 1)
    }

    @Test("the first packet stands behind the answer to PLAY")
    func playOrder() throws {
        let line = EmbeddedConnection()
        try line.write("PLAY * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        let answer = try line.readBytes()
        let frame: [UInt8] = [0x24, 0, 0, 4, 1, 2, 3, 4]
        #expect(Array(answer.readableBytesView.suffix(8)) == frame)
        #expect(answer.text.hasPrefix("RTSP/1.0 200 OK\r\n"))
        line.end()
    }

    @Test("requests without a session are counted, and the one too many ends the connection")
    func tooManyRequests() throws {
        let line = EmbeddedConnection { $0.requestsWithoutSession = 3 }
        for number in 1...4 { try line.write("OPTIONS * RTSP/1.0\r\nCSeq: \(number)\r\n\r\n") }
        #expect(try responses(line.read()) == ["200", "200", "200", "403"])
        #expect(line.hasEnded)
        line.end()
    }

    @Test("requests that are refused count as well", arguments: ["RTSP/1.0", "RTSP/2.0\r\nCSeq: 1"])
    func tooManyFaults(rest: String) throws {
        let line = EmbeddedConnection { $0.requestsWithoutSession = 3 }
        for _ in 1...4 { try line.write("OPTIONS * \(rest)\r\n\r\n") }
        #expect(try responses(line.read()).last == "403")
        #expect(line.hasEnded)
        line.end()
    }

    @Test("a session that ended lets a viewer ask anew, and another session after it")
    func sessionAfterSession() throws {
        let line = EmbeddedConnection { $0.requestsWithoutSession = 3 }
        for _ in 1...5 {
            for method in ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"] {
                try line.write("\(method) * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            }
        }
        #expect(try responses(line.read()).count == 25)
        #expect(!line.hasEnded)
        line.end()
    }

    @Test("with a session requests are not counted")
    func manyRequests() throws {
        let line = EmbeddedConnection { $0.requestsWithoutSession = 3 }
        try line.write("SETUP * RTSP/1.0\r\nCSeq: 0\r\n\r\n")
        for number in 1...40 { try line.write("GET_PARAMETER * RTSP/1.0\r\nCSeq: \(number)\r\n\r\n") }
        #expect(try responses(line.read()).count == 41)
        #expect(!line.hasEnded)
        line.end()
    }

    @Test(
        "a connection that ends while a request is in flight tells its responder once, and the late answer is nobody's")
    func endInFlight() throws {
        let line = EmbeddedConnection()
        try line.write("HOLD * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        line.end()
        line.record.releaseHeld()
        line.run()
        #expect(line.record.snapshot.closed == 1)
    }

    @Test("stray responses and interleaved data of strangers are ignored")
    func strays() throws {
        let line = EmbeddedConnection()
        try line.write("RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n")
        try line.write(ByteBuffer(bytes: [0x24, 0, 0, 1, 7]))
        try line.write("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        #expect(try responses(line.read()) == ["200"])
        #expect(line.record.snapshot.frames.isEmpty)
        line.end()
    }

    @Test("mutated conversations never trap, and are answered within bounds")
    func mutations() throws {
        let seed =
            "SETUP rtsp://h/gate RTSP/1.0\r\nCSeq: 9\r\nContent-Length: 3\r\n\r\nabc$\u{1}\u{0}\u{2}ab"
            + "OPTIONS * RTSP/1.0\r\nCSeq: 10\r\n\r\nPLAY rtsp://h/gate RTSP/1.0\r\nCSeq: 11\r\n\r\n"
        let valid = Array(seed.utf8)
        var random = LinearCongruentialGenerator(seed: 7)
        for _ in 0..<3000 {
            var bytes = valid
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(UInt8.random(in: .min ... .max, using: &random), at: place)
                default: bytes.append(contentsOf: bytes[place...].prefix(20))
                }
            }
            let line = EmbeddedConnection()
            let cut = Int.random(in: 0..<bytes.count, using: &random)
            try line.write(ByteBuffer(bytes: bytes[..<cut]))
            try line.write(ByteBuffer(bytes: bytes[cut...]))
            #expect(try line.readBytes().readableBytes < 4096)
            line.end()
            let record = line.record.snapshot
            #expect(record.made == record.closed)
        }
    }
}
