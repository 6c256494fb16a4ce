import Media
import NIOCore
import RTP
import Testing

@Suite struct PayloadClassifierTests {
    private func traits(_ codec: Codec, _ payload: [UInt8], kind: MediaKind = .video) -> PayloadTraits {
        PayloadClassifier(format: TrackFormat(payloadType: 96, codec: codec), kind: kind)
            .traits(of: ByteBuffer(bytes: payload))
    }

    @Test("H.264 units alone")
    func h264() {
        #expect(traits(.h264, Sample.sps) == [.prefix, .parameterSets])
        #expect(traits(.h264, Sample.pps) == [.prefix, .parameterSets])
        #expect(traits(.h264, Sample.aud) == .prefix)
        #expect(traits(.h264, Sample.sei) == .prefix)
        #expect(traits(.h264, Sample.idr) == [.startsRandomAccess, .startsPicture, .picture])
        #expect(traits(.h264, Sample.secondIDRSlice) == [.startsRandomAccess, .picture])
        #expect(traits(.h264, Sample.slice) == [.startsPicture, .picture])
        #expect(traits(.h264, [0x41, 0x44]) == .picture)
        #expect(traits(.h264, [0x0C, 0xFF]) == [])
    }

    @Test("I17 a recovery point is found behind other messages and emulation prevention")
    func recoveryPoint() {
        #expect(traits(.h264, Sample.recoveryPoint) == [.prefix, .recoveryPoint])
        // Five bytes of user data, written as 00 00 03 00 01 02.
        #expect(
            traits(.h264, [0x06, 0x05, 0x05, 0, 0, 3, 0, 1, 2, 0x06, 0x01, 0xC4, 0x80]) == [.prefix, .recoveryPoint])
        #expect(traits(.h264, [0x06, 0x05, 0x06, 0x06, 0x01]) == .prefix)
        #expect(traits(.h265, [0x4E, 0x01, 0x06, 0x01, 0xC4, 0x80]) == [.prefix, .recoveryPoint])
        let long: [UInt8] = [0x06, 0x05, 0xFF, 0x01] + [UInt8](repeating: 0x55, count: 256)
        #expect(traits(.h264, long + [0x06, 0x01, 0xC4, 0x80]) == [.prefix, .recoveryPoint])
    }

    @Test("fragments say what they begin, or go on with")
    func fragments() {
        #expect(traits(.h264, [0x7C, 0x85, 0x88]) == [.startsRandomAccess, .startsPicture, .picture])
        #expect(traits(.h264, [0x7C, 0x05, 0x88]) == .picture)
        #expect(traits(.h264, [0x5C, 0x81, 0x9A]) == [.startsPicture, .picture])
        #expect(traits(.h264, [0x7C, 0x87, 0x42]) == [.prefix, .parameterSets])
        #expect(traits(.h265, [0x62, 0x01, 0x95, 0xAF]) == [.startsRandomAccess, .startsPicture, .picture])
        #expect(traits(.h265, [0x62, 0x01, 0x15, 0xAF]) == .picture)
    }

    @Test("an aggregate is what its units are, and a prefix only if all are")
    func aggregates() {
        #expect(traits(.h264, Sample.aggregate([Sample.sps, Sample.pps])) == [.prefix, .parameterSets])
        #expect(
            traits(.h264, Sample.aggregate([Sample.sps, Sample.pps, Sample.idr])) == [
                .parameterSets, .startsRandomAccess, .startsPicture, .picture,
            ])
        #expect(traits(.h264, Sample.aggregate([Sample.aud, Sample.slice])) == [.startsPicture, .picture])
    }

    @Test("I21 every H.265 random access picture is one: BLA, IDR and CRA", arguments: 16...21 as ClosedRange<UInt8>)
    func h265(type: UInt8) {
        #expect(traits(.h265, [type << 1, 0x01, 0x80]) == [.startsRandomAccess, .startsPicture, .picture])
        #expect(traits(.h265, [type << 1, 0x01, 0x40]) == [.startsRandomAccess, .picture])
    }

    @Test("H.265 units alone")
    func h265Units() {
        for set in [Sample.vps265, Sample.sps265, Sample.pps265] {
            #expect(traits(.h265, set) == [.prefix, .parameterSets])
        }
        #expect(traits(.h265, [0x46, 0x01, 0x50]) == .prefix)
        #expect(traits(.h265, Sample.slice265) == [.startsPicture, .picture])
        #expect(traits(.h265, [0x50, 0x01, 0x80]) == [])
    }

    @Test("audio, unknown and broken payloads say nothing")
    func nothing() {
        #expect(traits(.aac, Sample.idr, kind: .audio) == [])
        #expect(traits(.h264, Sample.idr, kind: .audio) == [])
        #expect(traits(.other("SMART"), Sample.idr) == [])
        for payload: [UInt8] in [[], [0x7C], [0x78], [0x78, 0, 9, 1], [0x79, 0, 1], [0x1F]] {
            #expect(traits(.h264, payload) == [])
        }
        for payload: [UInt8] in [[], [0x40], [0x62, 0x01], [0x64, 0x01, 1]] {
            #expect(traits(.h265, payload) == [])
        }
        #expect(traits(.mjpeg, [0, 0, 0, 0]) == [])
    }
}
