import NIOCore
import Testing

@testable import RTP

@Suite struct NALUnitPiecesTests {
    /// The payloads of a unit, put together as a writer of packets would.
    private func payloads(_ unit: [UInt8], isH265: Bool, limit: Int) -> [[UInt8]] {
        let header = UInt16(unit[0]) << 8 | UInt16(unit[1])
        guard var pieces = NALUnitPieces(isH265: isH265, header: header, length: unit.count, limit: limit) else {
            return []
        }
        var payloads: [[UInt8]] = []
        var lasts: [Bool] = []
        while let piece = pieces.nextPiece() {
            let prefix = (0..<piece.headerLength).map {
                UInt8(piece.header >> (8 * UInt32(piece.headerLength - 1 - $0)) & 0xFF)
            }
            payloads.append(prefix + unit[piece.range])
            lasts.append(piece.isLast)
        }
        #expect(lasts.last == true && !lasts.dropLast().contains(true))
        return payloads
    }

    @Test("pieces are what the packetizers make, of units of any length", arguments: [false, true])
    func same(isH265: Bool) {
        let header = isH265 ? Sample.idr265 : Sample.idr
        for length in [2, 3, 61, 62, 63, 64, 65, 124, 125, 126, 127, 128, 1000] {
            let unit = Array((header + [UInt8](repeating: 0x83, count: 1000)).prefix(length))
            var expected: [[UInt8]] = []
            let take = { (payload: NormalizedPayload) in expected.append(Array(buffer: payload.payload)) }
            if isH265 {
                guard length > 2 else { continue }
                H265Packetizer(maximumPayloadSize: 64).packetize(units: [ByteBuffer(bytes: unit)], emit: take)
            } else {
                H264Packetizer(maximumPayloadSize: 64).packetize(units: [ByteBuffer(bytes: unit)], emit: take)
            }
            #expect(payloads(unit, isH265: isH265, limit: 64) == expected, "of \(length) bytes")
        }
    }

    @Test("what cannot stand in RTP has no pieces")
    func nothing() {
        #expect(NALUnitPieces(isH265: false, header: 0x7C85, length: 9, limit: 64) == nil)
        #expect(NALUnitPieces(isH265: false, header: 0x0088, length: 9, limit: 64) == nil)
        #expect(NALUnitPieces(isH265: false, header: 0xE588, length: 9, limit: 64) == nil)
        #expect(NALUnitPieces(isH265: false, header: 0x6588, length: 1, limit: 64) == nil)
        #expect(NALUnitPieces(isH265: true, header: 0x6201, length: 9, limit: 64) == nil)
        #expect(NALUnitPieces(isH265: true, header: 0x2601, length: 2, limit: 64) == nil)
    }

    @Test("a unit's header tells what it is for")
    func roles() throws {
        func role(_ unit: [UInt8], isH265: Bool = false) -> NALUnitPieces.Role? {
            let header = UInt16(unit[0]) << 8 | UInt16(unit[1])
            return NALUnitPieces(isH265: isH265, header: header, length: unit.count, limit: 1440)?.role
        }
        #expect(role(Sample.sps)?.isParameterSet == true)
        #expect(role(Sample.aud)?.isDelimiter == true)
        #expect(role(Sample.idr) == NALUnitPieces.Role(isPicture: true))
        #expect(role(Sample.slice)?.isDisposable == false)
        #expect(role([0x01, 0x9A, 0x33])?.isDisposable == true)
        #expect(role(Sample.sei) == NALUnitPieces.Role())
        #expect(role(Sample.vps265, isH265: true)?.isParameterSet == true)
        #expect(role(Sample.cra265, isH265: true) == NALUnitPieces.Role(isPicture: true))
        #expect(role([0x00, 0x01, 0xD0], isH265: true)?.isDisposable == true)
        #expect(role(Sample.slice265, isH265: true)?.isDisposable == false)
    }
}
