import NIOCore
import RTP
import Testing

@Suite struct RTPPacketTests {
    private static let header: [UInt8] = [0x80, 0xE0, 0x12, 0x34, 0, 0, 0x10, 0, 0xDE, 0xAD, 0xBE, 0xEF]

    private func validate(_ bytes: [UInt8]) throws(RTPPacketError) -> RTPPacket {
        try RTPPacket(validating: ByteBuffer(bytes: bytes))
    }

    @Test("the fields of a plain packet")
    func plain() throws {
        let packet = try validate(Self.header + [1, 2, 3])
        #expect(packet.marker)
        #expect(packet.payloadType == 96)
        #expect(packet.sequenceNumber == SequenceNumber(0x1234))
        #expect(packet.timestamp == 0x1000)
        #expect(packet.ssrc == 0xDEAD_BEEF)
        #expect(Array(buffer: packet.payload) == [1, 2, 3])
    }

    @Test("a packet in the middle of a buffer is read from the reader index")
    func offset() throws {
        var buffer = ByteBuffer(bytes: [9, 9, 9] + Self.header + [5])
        buffer.moveReaderIndex(forwardBy: 3)
        #expect(Array(buffer: try RTPPacket(validating: buffer).payload) == [5])
    }

    @Test("H15 contributing sources, extension and padding are no payload")
    func extras() throws {
        var bytes = Self.header
        bytes[0] = 0x80 | 0x20 | 0x10 | 2
        bytes += [0, 0, 0, 1, 0, 0, 0, 2] + [0xBE, 0xDE, 0, 1, 0x10, 0xFF, 0, 0] + [7, 8] + [0, 0, 3]
        #expect(Array(buffer: try validate(bytes).payload) == [7, 8])
    }

    @Test("H1 padding of zero bytes, or of more than the payload has, is refused", arguments: [0, 4, 255])
    func padding(count: UInt8) {
        var bytes = Self.header + [1, 2, count]
        bytes[0] |= 0x20
        #expect(throws: RTPPacketError.invalidPadding(count)) { try validate(bytes) }
    }

    @Test("padding alone leaves an empty payload")
    func onlyPadding() throws {
        var bytes = Self.header + [0, 0, 3]
        bytes[0] |= 0x20
        #expect(try validate(bytes).payload.readableBytes == 0)
    }

    @Test("what is cut short or has another version is refused")
    func refused() {
        #expect(throws: RTPPacketError.tooShort(bytes: 11)) { try validate(Array(Self.header.dropLast())) }
        #expect(throws: RTPPacketError.tooShort(bytes: 0)) { try validate([]) }
        var bytes = Self.header
        bytes[0] = 0x40
        #expect(throws: RTPPacketError.wrongVersion(1)) { try validate(bytes) }
        bytes[0] = 0x81
        #expect(throws: RTPPacketError.truncatedContributingSources) { try validate(bytes) }
        bytes[0] = 0x90
        #expect(throws: RTPPacketError.truncatedExtension) { try validate(bytes + [0xBE, 0xDE]) }
        #expect(throws: RTPPacketError.truncatedExtension) { try validate(bytes + [0xBE, 0xDE, 0xFF, 0xFF]) }
    }

    @Test("a header written is the header read")
    func written() throws {
        var buffer = ByteBuffer()
        let (first, timestamp, ssrc) = RTPPacket.header(
            marker: true, payloadType: 96, sequenceNumber: 0x1234, timestamp: 0x1000, ssrc: 0xDEAD_BEEF
        )
        buffer.writeMultipleIntegers(first, timestamp, ssrc)
        #expect(Array(buffer: buffer) == Self.header)
    }

    @Test("G5 RTCP is told from RTP by its packet type")
    func rtcp() {
        #expect(RTPPacket.looksLikeRTCP(ByteBuffer(bytes: [0x80, 200])))
        #expect(RTPPacket.looksLikeRTCP(ByteBuffer(bytes: [0x81, 206])))
        #expect(!RTPPacket.looksLikeRTCP(ByteBuffer(bytes: [0x80, 0xE0])))
        #expect(!RTPPacket.looksLikeRTCP(ByteBuffer(bytes: [0x80, 96])))
        #expect(!RTPPacket.looksLikeRTCP(ByteBuffer(bytes: [0x00, 200])))
        #expect(!RTPPacket.looksLikeRTCP(ByteBuffer(bytes: [0x80])))
    }

    @Test("mutated packets are refused or give a payload inside the packet")
    func mutations() {
        var generator = SeededGenerator(seed: 1)
        var extended = Self.header
        extended[0] = 0xB2
        extended += [0, 0, 0, 1, 0, 0, 0, 2, 0xBE, 0xDE, 0, 1, 0, 0, 0, 0, 7, 8, 0, 2]
        var accepted = 0
        for _ in 0..<5000 {
            let bytes = generator.mutate(Bool.random(using: &generator) ? extended : Self.header + [1, 2, 3])
            guard let packet = try? validate(bytes) else { continue }
            accepted += 1
            #expect(packet.payload.readableBytes <= bytes.count - 12)
            #expect(packet.payloadType < 128)
        }
        #expect((500..<5000).contains(accepted))
    }
}
