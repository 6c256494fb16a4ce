import Media
import NIOCore
import RTP
import TestSupport
import Testing

@Suite struct PicturePacketizerTests {
    private static let vop: [UInt8] = [0, 0, 1, 0xB6, 0x10] + (0..<2000).map { UInt8($0 % 250) | 1 }
    private static let headers: [UInt8] = [0, 0, 1, 0xB3, 0x00, 0x10, 0x07]

    private func mpeg4(_ bytes: [UInt8], limit: Int = 1440) -> [NormalizedPayload] {
        var payloads: [NormalizedPayload] = []
        MPEG4VisualPacketizer(maximumPayloadSize: limit).packetize(ByteBuffer(bytes: bytes)) { payloads.append($0) }
        return payloads
    }

    @Test("a picture of MPEG-4 Visual goes out in pieces, with its headers in the first and the marker on the last")
    func mpeg4Visual() {
        let payloads = mpeg4(Self.headers + Self.vop)
        #expect(payloads.map(\.payload.readableBytes) == [1440, 572])
        #expect(payloads.map(\.marker) == [false, true])
        #expect(payloads.flatMap { Array(buffer: $0.payload) } == Self.headers + Self.vop)
        #expect(mpeg4([]).isEmpty)
    }

    @Test("no payload has pieces of two pictures of MPEG-4 Visual")
    func mpeg4Packed() {
        let small: [UInt8] = [0, 0, 1, 0xB6, 0x50, 1, 2, 3]
        let payloads = mpeg4(small + small + Self.headers + small)
        #expect(payloads.map { Array(buffer: $0.payload) } == [small, small, Self.headers + small])
        #expect(payloads.map(\.marker) == [true, true, true])
        for bytes in [[1, 2, 3], [0, 0, 1], [0, 0, 1, 0xB6], [0, 0, 1, 0xB3, 0, 0, 1]] as [[UInt8]] {
            #expect(mpeg4(bytes).map { Array(buffer: $0.payload) } == [bytes])
        }
    }

    private func h263(_ bytes: [UInt8], limit: Int = 1440) -> [NormalizedPayload] {
        var payloads: [NormalizedPayload] = []
        H263Packetizer(maximumPayloadSize: limit).packetize(ByteBuffer(bytes: bytes)) { payloads.append($0) }
        return payloads
    }

    @Test("the first payload of a picture of H.263 stands for two zeros more than it has")
    func h263Picture() {
        let picture: [UInt8] = [0, 0, 0x80, 0x02, 0x0C] + (0..<2000).map { UInt8($0 % 251) }
        let payloads = h263(picture)
        #expect(payloads.map(\.payload.readableBytes) == [1440, 567])
        #expect(payloads.map(\.marker) == [false, true])
        let bytes = payloads.map { Array(buffer: $0.payload) }
        #expect(bytes[0].prefix(2) == [0x04, 0x00] && bytes[1].prefix(2) == [0, 0])
        #expect([0, 0] + bytes[0].dropFirst(2) + bytes[1].dropFirst(2) == picture)
        #expect(h263([0, 1, 0x80]).isEmpty && h263([0, 0, 0x70]).isEmpty && h263([0, 0]).isEmpty && h263([]).isEmpty)
    }

    private func jpeg(_ bytes: [UInt8], limit: Int = 1440) throws -> [NormalizedPayload] {
        var payloads: [NormalizedPayload] = []
        try JPEGPacketizer(maximumPayloadSize: limit).packetize(ByteBuffer(bytes: bytes)) { payloads.append($0) }
        return payloads
    }

    @Test("a JPEG picture goes out behind its headers, with its tables in the first payload")
    func jpegPicture() throws {
        var sample = SampleJPEG()
        sample.width = 60
        let payloads = try jpeg(sample.bytes)
        let bytes = payloads.map { Array(buffer: $0.payload) }
        #expect(bytes.map(\.count) == [1440, 1440, 1276])
        #expect(payloads.map(\.marker) == [false, false, true])
        #expect(bytes[0].prefix(12) == [0, 0, 0, 0, 1, 255, 8, 6, 0, 0, 0, 128])
        #expect(Array(bytes[0][12..<140]) == SampleJPEG.tables.flatMap { $0 })
        #expect(bytes[1].prefix(8) == [0, 0, 0x05, 0x14, 1, 255, 8, 6])
        #expect(bytes[0].dropFirst(140) + bytes[1].dropFirst(8) + bytes[2].dropFirst(8) == sample.scan[...])
        #expect(payloads[0].traits == [.startsRandomAccess, .startsPicture, .picture])
    }

    @Test("J8 a picture with restart intervals tells them, and that it is to be put together first")
    func jpegRestarts() throws {
        var sample = SampleJPEG()
        sample.restartInterval = 0x0102
        sample.sampling = 0x21
        let bytes = try jpeg(sample.bytes).map { Array(buffer: $0.payload) }
        #expect(bytes[0].prefix(16) == [0, 0, 0, 0, 64, 255, 8, 6, 1, 2, 0xFF, 0xFF, 0, 0, 0, 128])
        #expect(bytes[1].prefix(12) == [0, 0, 0x05, 0x10, 64, 255, 8, 6, 1, 2, 0xFF, 0xFF])
        #expect(bytes[0].dropFirst(144) + bytes[1].dropFirst(12) + bytes[2].dropFirst(12) == sample.scan[...])
    }

    @Test("a picture that RTP cannot carry gives no payload")
    func jpegUnsuitable() {
        var sample = SampleJPEG()
        sample.frameMarker = 0xC2
        #expect(throws: JPEGPicture.Unsuitable.notBaseline) { try jpeg(sample.bytes) }
    }

    @Test("what is made of a JPEG picture passes the normalizer untouched")
    func jpegNormal() throws {
        var track = Normalizing(.mjpeg)
        let made = try jpeg(SampleJPEG().bytes)
        for payload in made { track.receive(Array(buffer: payload.payload), marker: payload.marker) }
        #expect(track.payloads == made.map { Array(buffer: $0.payload) })
        #expect(track.traits == made.map(\.traits))
    }

    @Test("mutated pictures never trap, and no payload is longer than it may be")
    func mutations() {
        var generator = SeededGenerator(seed: 6416)
        var picture = SampleJPEG()
        picture.scan = [1, 2, 3]
        let samples: [[UInt8]] = [
            Self.headers + Self.vop.prefix(30) + Self.vop.prefix(20), [0, 0, 0x80, 2, 3, 4], picture.bytes,
        ]
        for round in 0..<6000 {
            let bytes = generator.mutate(samples[round % 3])
            let pieces = mpeg4(bytes, limit: 64)
            #expect(pieces.flatMap { Array(buffer: $0.payload) } == bytes)
            #expect(pieces.allSatisfy { $0.payload.readableBytes <= 64 } && pieces.last?.marker ?? true)
            #expect(h263(bytes, limit: 64).allSatisfy { $0.payload.readableBytes <= 64 })
            let made = (try? jpeg(bytes, limit: 512)) ?? []
            #expect(made.allSatisfy { $0.payload.readableBytes <= 512 })
        }
    }
}
