import Media
import NIOCore
import Testing

@testable import RTSP

@Suite("The Base64 of a tunnel")
struct TunnelBase64Tests {
    private static let request = "OPTIONS rtsp://h/gate RTSP/1.0\r\nCSeq: 1\r\n\r\n"

    /// `nil` where it cannot be read.
    private func decode(_ text: [UInt8], pieceLength: Int) -> [UInt8]? {
        var decoder = TunnelBase64()
        var output: [UInt8] = []
        do throws(TunnelBase64.Malformed) {
            for start in stride(from: 0, to: text.count, by: pieceLength) {
                let bytes = try decoder.decode(ByteBuffer(bytes: text[start...].prefix(pieceLength)))
                output += bytes.readableBytesView
            }
            return output
        } catch {
            return nil
        }
    }

    private func decode(_ text: String) -> String? {
        decode(Array(text.utf8), pieceLength: max(text.utf8.count, 1)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("L3 blocks with padding of their own are read, split anywhere", arguments: 1...9)
    func blocks(blockLength: Int) {
        let bytes = Array(Self.request.utf8)
        let blocks = stride(from: 0, to: bytes.count, by: blockLength)
            .map { Base64.encode(Array(bytes[$0...].prefix(blockLength))) }
        for separator in ["", "\r\n", " "] {
            let text = Array(blocks.joined(separator: separator).utf8)
            for pieceLength in [1, 2, 3, 5, text.count] {
                #expect(decode(text, pieceLength: pieceLength) == bytes)
            }
        }
    }

    @Test(
        "white space may stand within a quantum, even before its padding, and a block may lack its padding at the end")
    func whiteSpace() {
        #expect(decode("Q\r\nU J\tD") == "ABC")
        #expect(decode("QQ=\r\n=Qk0=") == "ABM")
        #expect(decode("QUI") == "AB")
        #expect(decode("QQ") == "A")
        #expect(decode("") == "")
    }

    @Test(
        "what is no Base64 is an error: other bytes, padding where there is nothing to pad, and half a padding",
        arguments: ["!", "QUJD*", "=", "Q=", "QUJD=", "QQ=Q", "QUJ=Q===", "Q-_=", "\u{0}", "é"])
    func malformed(text: String) {
        #expect(decode(text) == nil)
    }

    @Test("a byte is given out as soon as its bits are there: a request need not wait for the next")
    func early() throws {
        var decoder = TunnelBase64()
        #expect(try decoder.decode(ByteBuffer(string: "Q")).readableBytes == 0)
        #expect(try String(buffer: decoder.decode(ByteBuffer(string: "U"))) == "A")
        #expect(try String(buffer: decoder.decode(ByteBuffer(string: "J"))) == "B")
        #expect(try String(buffer: decoder.decode(ByteBuffer(string: "D"))) == "C")
    }

    @Test("what is encoded is read again, of any bytes")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 4648)
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            var decoder = TunnelBase64()
            #expect(try decoder.decode(TunnelBase64.encode(ByteBuffer(bytes: bytes))) == ByteBuffer(bytes: bytes))
        }
    }

    @Test(
        "mutations neither trap nor differ in one piece and in small ones, and what is sound is no longer than it may be"
    )
    func mutations() {
        let sample = Array((Base64.encode(Array(Self.request.utf8)) + "\r\n" + Base64.encode(Array("PLAY".utf8))).utf8)
        var generator = SeededGenerator(seed: 1554)
        for _ in 0..<3000 {
            let text = mutated(sample, by: &generator)
            let whole = decode(text, pieceLength: max(text.count, 1))
            #expect(whole == decode(text, pieceLength: 1))
            #expect(whole == decode(text, pieceLength: 3))
            if let whole { #expect(whole.count <= text.count / 4 * 3 + 3) }
        }
    }
}
