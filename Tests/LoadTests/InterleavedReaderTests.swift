import NIOCore
import RTSP
import Testing

@testable import Load

@Suite("Cutting what a connection brings")
struct InterleavedReaderTests {
    /// A piece without its pointers.
    enum Cut: Equatable {
        case packet(channel: UInt8, beginning: [UInt8], length: Int)
        case response(Int, body: String)
        case request(String)
    }

    private static func frame(_ channel: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0x24, channel, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)] + payload
    }

    /// An RTP packet of that many bytes.
    private static func packet(_ length: Int, seed: UInt8) -> [UInt8] {
        [0x80, 0x60] + (2..<max(2, length)).map { UInt8(truncatingIfNeeded: $0) &* seed }
    }

    private static let stream: [UInt8] =
        Array("RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\n$body".utf8)
        + frame(0, packet(20, seed: 3)) + frame(1, [0x80, 200, 0, 0, 0, 0, 0, 1]) + frame(0, [])
        + Array("\r\nRTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n".utf8) + frame(2, packet(300, seed: 5))
        + Array("OPTIONS rtsp://a/b RTSP/1.0\r\nCSeq: 9\r\n\r\n".utf8) + frame(0, packet(129, seed: 7))
        + Array("RTSP/1.0 454 Session Not Found\r\nCSeq: 3\r\n\r\n".utf8)

    private static let cuts: [Cut] = [
        .response(200, body: "$body"),
        .packet(channel: 0, beginning: packet(20, seed: 3), length: 20),
        .packet(channel: 1, beginning: [0x80, 200, 0, 0, 0, 0, 0, 1], length: 8),
        .packet(channel: 0, beginning: [], length: 0),
        .response(200, body: ""),
        .packet(channel: 2, beginning: Array(packet(300, seed: 5).prefix(128)), length: 300),
        .request("OPTIONS"),
        .packet(channel: 0, beginning: Array(packet(129, seed: 7).prefix(128)), length: 129),
        .response(454, body: ""),
    ]

    private static func feed(_ bytes: ArraySlice<UInt8>, to reader: inout InterleavedReader) throws -> [Cut] {
        var cuts: [Cut] = []
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes
            while let piece = try reader.next(&rest) {
                switch piece {
                case .packet(let channel, let beginning, let length):
                    cuts.append(.packet(channel: channel, beginning: Array(beginning), length: length))
                case .message(.response(let response)):
                    cuts.append(.response(response.status.code, body: String(buffer: response.body)))
                case .message(.request(let request)): cuts.append(.request(request.method.rawValue))
                case .message(.interleaved): Issue.record("a frame came as a message")
                }
            }
            #expect(rest.isEmpty)
        }
        return cuts
    }

    private static func reader() -> InterleavedReader {
        var reader = InterleavedReader()
        reader.expect(ChannelPair(rtp: 0, rtcp: 1))
        reader.expect(ChannelPair(rtp: 2, rtcp: 3))
        return reader
    }

    @Test("at once, and byte by byte, it is the same")
    func dripFed() throws {
        var whole = Self.reader()
        let atOnce = try Self.feed(Self.stream[...], to: &whole)
        #expect(atOnce == Self.cuts)
        var dripped = Self.reader()
        var cuts: [Cut] = []
        for index in Self.stream.indices { cuts += try Self.feed(Self.stream[index...index], to: &dripped) }
        #expect(cuts == Self.cuts)
    }

    @Test("in two reads, split anywhere, it is the same")
    func splitAnywhere() throws {
        for split in Self.stream.indices {
            var reader = Self.reader()
            let first = try Self.feed(Self.stream[..<split], to: &reader)
            let second = try Self.feed(Self.stream[split...], to: &reader)
            #expect(first + second == Self.cuts, "split at \(split)")
        }
    }

    @Test("a packet of 65535 bytes in many reads is one packet")
    func longest() throws {
        var reader = Self.reader()
        let bytes = Self.frame(2, Self.packet(65_535, seed: 11)) + Self.frame(0, Self.packet(12, seed: 1))
        var cuts: [Cut] = []
        for start in stride(from: 0, to: bytes.count, by: 1000) {
            cuts += try Self.feed(bytes[start..<min(start + 1000, bytes.count)], to: &reader)
        }
        #expect(
            cuts == [
                .packet(channel: 2, beginning: Array(Self.packet(65_535, seed: 11).prefix(128)), length: 65_535),
                .packet(channel: 0, beginning: Self.packet(12, seed: 1), length: 12),
            ])
    }

    @Test("some garbage is passed over, and the frames behind it are found")
    func garbage() throws {
        let bytes = Self.frame(0, Self.packet(40, seed: 3)) + [0, 1, 2, 0x24, 77, 0xFF]
        let behind = Self.frame(0, Self.packet(40, seed: 5)) + Self.frame(2, Self.packet(200, seed: 7))
        for split in 0...behind.count {
            var reader = Self.reader()
            let cuts =
                try Self.feed((bytes + behind[..<split])[...], to: &reader) + Self.feed(behind[split...], to: &reader)
            #expect(cuts.count == 3, "split at \(split)")
        }
    }

    @Test("nothing but garbage is an error")
    func nothingButGarbage() {
        var reader = Self.reader()
        #expect(throws: RTSPParsingError.self) {
            for _ in 0..<100 { _ = try Self.feed([UInt8](repeating: 0x41, count: 1000)[...], to: &reader) }
        }
    }

    @Test("no bytes at all make it trap, wherever they are broken")
    func mutations() {
        var state: UInt64 = 42
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<2000 {
            var bytes = Self.stream
            for _ in 0...random(4) { bytes[random(bytes.count)] = UInt8(random(256)) }
            var reader = Self.reader()
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + 1 + random(100))
                guard (try? Self.feed(bytes[start..<end], to: &reader)) != nil else { break }
                start = end
            }
        }
    }
}
