import Media
import NIOCore
import RTP
import Testing

@Suite struct H265NormalizerTests {
    private static let known = CodecConfiguration.h265(
        videoParameterSets: [Sample.vps265], sequenceParameterSets: [Sample.sps265],
        pictureParameterSets: [Sample.pps265]
    )
    private static let aggregate = Sample.aggregate([0x60, 0x01], [Sample.vps265, Sample.sps265, Sample.pps265])
    private static let decodingOrder = FormatParameters([.init(name: "sprop-max-don-diff", value: "1")])

    @Test("the usual packets pass as they are")
    func passes() {
        var track = Normalizing(.h265)
        let input = [
            Sample.vps265, Sample.sps265, Sample.pps265, [0x62, 0x01, 0x93, 0xAF, 1], [0x62, 0x01, 0x13, 2],
            [0x62, 0x01, 0x53, 3],
        ]
        for payload in input { track.receive(payload, marker: payload == input[5]) }
        #expect(track.payloads == input)
        #expect(track.markers.last == true)
        #expect(track.normalizer.configuration == Self.known)
        #expect(track.traits[3] == [.startsRandomAccess, .startsPicture, .picture])
        #expect(track.traits[4] == .picture)
    }

    @Test("I7 FU with S and E both set is a whole NAL unit (OpenIPC)")
    func wholeFragment() {
        var track = Normalizing(.h265)
        track.receive([0x62, 0x01, 0xC0 | 19] + Sample.idr265.dropFirst(2), marker: true)
        #expect(track.payloads == [Sample.idr265])
        #expect(track.markers == [true])
    }

    @Test("I3 I4 start codes inside a unit split it")
    func annexB() {
        var track = Normalizing(.h265)
        track.receive(
            [0, 0, 0, 1] + Sample.vps265 + [0, 0, 0, 1] + Sample.sps265 + [0, 0, 1] + Sample.pps265 + [0, 0, 1]
                + Sample.idr265, marker: true)
        #expect(track.payloads == [Sample.vps265, Sample.sps265, Sample.pps265, Sample.idr265])
        #expect(track.normalizer.configuration == Self.known)
    }

    @Test("I5 units inside one FU are split wherever the fragments are cut")
    func unitsInFragments() {
        let idr = Sample.long([0x26, 0x01, 0xAF], 20)
        let whole = Sample.vps265 + [0, 0, 0, 1] + Sample.pps265 + [0, 0, 1] + idr
        let body = Array(whole.dropFirst(2))
        for first in 1..<body.count - 1 {
            for second in first + 1..<body.count {
                var track = Normalizing(.h265)
                track.receive([0x62, 0x01, 0x80 | 32] + body[..<first])
                track.receive([0x62, 0x01, 32] + body[first..<second])
                track.receive([0x62, 0x01, 0x40 | 32] + body[second...], marker: true)
                let units = track.units(h265: true)?.map { Array($0.reversed().drop { $0 == 0 }.reversed()) }
                #expect(units == [Sample.vps265, Sample.pps265, idr], "cut at \(first) and \(second)")
            }
        }
    }

    @Test("G3 long units are fragmented", arguments: [1440, 1441, 30_000])
    func longUnit(length: Int) {
        var track = Normalizing(.h265)
        let unit = Sample.long([0x02, 0x01, 0xD0], length - 3)
        track.receive(unit, marker: true)
        #expect(track.units(h265: true) == [unit])
        #expect(track.payloads.allSatisfy { $0.count <= 1440 })
    }

    @Test("I11 I21 the sets go before IDR and CRA pictures that come without")
    func inserted() {
        var track = Normalizing(.h265, configuration: Self.known)
        track.receive(Sample.idr265, marker: true)
        track.receive(Sample.slice265, timestamp: 2000, marker: true)
        track.receive(Sample.cra265, timestamp: 3000, marker: true)
        #expect(track.payloads == [Self.aggregate, Sample.idr265, Sample.slice265, Self.aggregate, Sample.cra265])
    }

    @Test("I16 an aggregate of VPS, SPS, PPS and IDR passes, and is learnt from")
    func aggregates() {
        var track = Normalizing(.h265)
        let aggregate = Sample.aggregate(
            [0x60, 0x01], [Sample.vps265, Sample.sps265, Sample.pps265, Sample.idr265])
        track.receive(aggregate, marker: true)
        #expect(track.payloads == [aggregate])
        #expect(track.traits == [[.parameterSets, .startsRandomAccess, .startsPicture, .picture]])
        #expect(track.normalizer.configuration == Self.known)
    }

    @Test("I13 I16 PACI, free types and units without TID are dropped", arguments: [48, 50, 51, 63] as [UInt8])
    func dropped(type: UInt8) {
        var track = Normalizing(.h265)
        if type != 48 { track.receive([type << 1, 0x01, 1, 2]) }
        track.receive([0x62, 0x01, 0x80 | type, 1, 2])
        track.receive([0x02, 0x00, 1, 2])
        #expect(track.sent.isEmpty)
        #expect(track.normalizer.counters.dropped == (type == 48 ? 2 : 3))
    }

    @Test("I15 payloads with decoding order numbers are read behind them, and keep them")
    func decodingOrderNumbers() {
        var track = Normalizing(.h265, configuration: Self.known, parameters: Self.decodingOrder)
        let single = [0x26, 0x01, 0x00, 0x01] + Sample.idr265.dropFirst(2)
        let aggregate =
            [0x60, 0x01, 0x00, 0x02, 0x00, UInt8(Sample.pps265.count)] + Sample.pps265
            + [0x00, 0x00, UInt8(Sample.slice265.count)] + Sample.slice265
        let fragment: [UInt8] = [0x62, 0x01, 0x80 | 1, 0x00, 0x04, 0xD0, 1, 2]
        for payload in [single, aggregate, fragment] { track.receive(payload) }
        #expect(track.payloads == [single, aggregate, fragment])
        #expect(
            track.traits == [
                [.startsRandomAccess, .startsPicture, .picture], [.parameterSets, .startsPicture, .picture],
                [.startsPicture, .picture],
            ])
    }

    @Test("I15 a long unit with a decoding order number has it in its first fragment")
    func longWithDecodingOrder() {
        var track = Normalizing(.h265, parameters: Self.decodingOrder, limit: 100)
        let body = Sample.long([0xD0], 300)
        track.receive([0x02, 0x01, 0xAB, 0xCD] + body, marker: true)
        #expect(track.payloads.first?.prefix(5) == [0x62, 0x01, 0x81, 0xAB, 0xCD])
        #expect(track.payloads.allSatisfy { $0.count <= 100 })
        let bodies = track.payloads.enumerated().map { index, payload in payload.dropFirst(index == 0 ? 5 : 3) }
        #expect(Array(bodies.joined()) == body)
        #expect(track.payloads.last?[2] == 0x41)
    }
}
