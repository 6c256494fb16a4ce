import Media
import NIOCore
import RTP
import Testing

@Suite struct H264NormalizerTests {
    @Test("the usual packets pass as they are, in the same storage")
    func passes() {
        var track = Normalizing()
        let fragments: [[UInt8]] = [[0x7C, 0x85, 0x88, 1], [0x7C, 0x05, 2, 3], [0x7C, 0x45, 4]]
        let input = [Sample.sps, Sample.pps, Sample.sei] + fragments
        for payload in input { track.receive(payload, marker: payload == fragments[2]) }
        #expect(track.payloads == input)
        #expect(track.markers == [false, false, false, false, false, true])
        #expect(track.normalizer.counters == PayloadNormalizer.Counters())

        let original = packet(Sample.slice)
        track.normalizer.receive(original) { passed in
            let (old, new) = (original.payload, passed.payload)
            #expect(old.withUnsafeReadableBytes(\.baseAddress) == new.withUnsafeReadableBytes(\.baseAddress))
        }
    }

    @Test("I1 a stream without markers stays one without markers")
    func noMarker() {
        var track = Normalizing()
        track.receive(Sample.slice, timestamp: 1)
        track.receive(Sample.slice, timestamp: 2)
        #expect(track.markers == [false, false])
    }

    @Test("I2 the marker of a packet that ends no picture is taken off (Tapo TC70, Reolink Duo 2)")
    func prefixMarker() {
        var track = Normalizing()
        for unit in [Sample.sps, Sample.pps, Sample.sei, Sample.aud, Sample.aggregate([Sample.sps, Sample.pps])] {
            track.receive(unit, marker: true)
        }
        track.receive(Sample.idr, marker: true)
        #expect(track.markers == [false, false, false, false, false, true])
    }

    @Test("I3 start codes are found at any time, not in the first packet alone")
    func lateStartCode() {
        var track = Normalizing()
        track.receive(Sample.slice, marker: true)
        track.receive([0, 0, 0, 1] + Sample.slice, timestamp: 2, marker: true)
        track.receive([0, 0, 1] + Sample.slice, timestamp: 3, marker: true)
        #expect(track.payloads == [Sample.slice, Sample.slice, Sample.slice])
        #expect(track.markers == [true, true, true])
    }

    @Test("I4 SPS, PPS and IDR in one unit are three units")
    func annexB() {
        var track = Normalizing()
        track.receive(Sample.sps + [0, 0, 0, 1] + Sample.pps + [0, 0, 1] + Sample.idr, marker: true)
        #expect(track.payloads == [Sample.sps, Sample.pps, Sample.idr])
        #expect(track.markers == [false, false, true])
        #expect(
            track.normalizer.configuration
                == .h264(sequenceParameterSets: [Sample.sps], pictureParameterSets: [Sample.pps]))
    }

    @Test("I4 a long unit with start codes is split, then fragmented")
    func longAnnexB() {
        var track = Normalizing(limit: 100)
        let slice = Sample.long([0x65, 0x88], 500)
        track.receive(Sample.sps + [0, 0, 0, 1] + Sample.pps + [0, 0, 0, 1] + slice, marker: true)
        #expect(track.units() == [Sample.sps, Sample.pps, slice])
        #expect(track.payloads.allSatisfy { $0.count <= 100 })
        #expect(track.markers.last == true)
        #expect(track.markers.filter { $0 }.count == 1)
    }

    /// Cuts a unit into fragments wherever `cuts` say, counted behind its header.
    private func fragments(of unit: [UInt8], cuts: [Int]) -> [[UInt8]] {
        let body = Array(unit.dropFirst())
        let bounds = [0] + cuts + [body.count]
        return zip(bounds, bounds.dropFirst()).map { start, end in
            let bits: UInt8 = (start == 0 ? 0x80 : 0) | (end == body.count ? 0x40 : 0)
            return [unit[0] & 0xE0 | 28, bits | unit[0] & 0x1F] + body[start..<end]
        }
    }

    @Test("I5 units inside one FU-A are split wherever the fragments are cut (Amatek AR-N3222F)")
    func unitsInFragments() {
        let idr = Sample.long([0x65, 0x88], 30)
        let whole = Sample.sps + [0, 0, 0, 1] + Sample.pps + [0, 0, 1] + idr
        for first in 1..<whole.count - 2 {
            for second in first + 1..<whole.count - 1 {
                var track = Normalizing()
                for fragment in fragments(of: whole, cuts: [first, second]) {
                    track.receive(fragment, marker: fragment[1] & 0x40 != 0)
                }
                // Zeros of a start code cut in two have gone out with the unit before it, as its padding.
                let units = track.units()?.map { unit in Array(unit.reversed().drop { $0 == 0 }.reversed()) }
                #expect(units == [Sample.sps, Sample.pps, idr], "cut at \(first) and \(second)")
                #expect(track.markers.last == true)
                #expect(
                    track.normalizer.configuration
                        == .h264(sequenceParameterSets: [Sample.sps], pictureParameterSets: [Sample.pps]))
            }
        }
    }

    @Test("I5 behind a gap the fragments of a split unit keep its type")
    func gapInSplitUnit() {
        var track = Normalizing()
        let idr = Sample.long([0x65, 0x88], 300)
        let pieces = fragments(of: Sample.sps + [0, 0, 0, 1] + idr, cuts: [100, 150, 200])
        track.receive(pieces[0])
        track.receive(pieces[1])
        track.receive(pieces[3], missing: 1)
        #expect(track.payloads.first == Sample.sps)
        #expect(track.payloads.dropFirst().map { $0[1] } == [0x85, 0x05, 0x45])
    }

    @Test("I6 FU-A with S and E both set is a whole NAL unit (CostarHD)")
    func wholeFragment() {
        var track = Normalizing()
        track.receive([0x7C, 0xC5] + Sample.idr.dropFirst(), marker: true)
        #expect(track.payloads == [Sample.idr])
        #expect(track.traits == [[.startsRandomAccess, .startsPicture, .picture]])
        #expect(track.markers == [true])
    }

    @Test("I8 zeros behind the last unit of a STAP-A are cut")
    func padding() {
        var track = Normalizing()
        let aggregate = Sample.aggregate([Sample.sps, Sample.pps])
        track.receive(aggregate + [0, 0, 0, 0, 0])
        track.receive(aggregate + [0])
        #expect(track.payloads == [aggregate, aggregate])
        #expect(track.normalizer.counters.dropped == 0)
    }

    @Test("I9 FU-A and STAP-A pass whatever packetization-mode says")
    func mode0() {
        var track = Normalizing(parameters: FormatParameters([.init(name: "packetization-mode", value: "0")]))
        let aggregate = Sample.aggregate([Sample.sps, Sample.pps])
        track.receive(aggregate)
        track.receive([0x7C, 0x85, 0x88, 1])
        #expect(track.payloads == [aggregate, [0x7C, 0x85, 0x88, 1]])
    }

    @Test("a STAP-A whose last unit is cut short keeps the others")
    func cutShort() {
        var track = Normalizing()
        track.receive(Sample.aggregate([Sample.sps]) + [0, 9, 0x68, 1])
        #expect(track.payloads == [Sample.aggregate([Sample.sps])])
        #expect(track.normalizer.counters.dropped == 1)
        track.receive([0x78, 0, 9, 0x68])
        track.receive([0x78])
        #expect(track.sent.count == 1)
        #expect(track.normalizer.counters.dropped == 3)
    }

    @Test(
        "I13 vendors' own types are dropped, alone, aggregated and in fragments", arguments: [0, 24, 30, 31] as [UInt8])
    func reserved(type: UInt8) {
        var track = Normalizing()
        if type != 24 { track.receive([type, 1, 2, 3]) }
        track.receive([0x7C, 0x80 | type, 1, 2])
        track.receive([0x7C, 0x40 | type, 3, 4])
        #expect(track.sent.isEmpty)
        track.receive(Sample.aggregate([Sample.sps, [type, 1, 2], Sample.pps]))
        #expect(track.payloads == [Sample.sps, Sample.pps])
        #expect(track.normalizer.counters.dropped == (type == 24 ? 3 : 4))
    }

    @Test("I14 STAP-B, MTAP and FU-B are dropped and counted", arguments: [25, 26, 27, 29] as [UInt8])
    func unsupported(type: UInt8) {
        var track = Normalizing()
        track.receive([0x60 | type, 0, 1, 0, 2, 0x41, 0x9A])
        #expect(track.sent.isEmpty)
        #expect(track.normalizer.counters.dropped == 1)
    }

    @Test("H16 empty payloads are dropped")
    func empty() {
        var track = Normalizing()
        track.receive([], marker: true)
        track.receive([0x7C])
        #expect(track.sent.isEmpty)
        #expect(track.normalizer.counters.dropped == 2)
    }

    @Test("G3 a unit of 64 KB in one packet is fragmented", arguments: [1439, 1440, 1441, 2877, 2878, 65_000])
    func longUnit(length: Int) {
        var track = Normalizing()
        let unit = Sample.long([0x41, 0x9A], length - 2)
        track.receive(unit, marker: true)
        #expect(track.units() == [unit])
        #expect(track.payloads.allSatisfy { $0.count <= 1440 })
        #expect(track.sent.count == (length <= 1440 ? 1 : (length - 1 + 1437) / 1438))
        #expect(track.markers.lastIndex(of: true) == track.sent.count - 1)
        #expect(track.markers.filter { $0 }.count == 1)
        #expect(track.traits.first == [.startsPicture, .picture])
        #expect(track.traits.dropFirst().allSatisfy { $0 == .picture })
    }

    @Test("H12 fragments longer than a packet are divided, with S on the first and E on the last")
    func longFragments() {
        var track = Normalizing()
        let unit = Sample.long([0x65, 0x88], 20_000)
        for fragment in fragments(of: unit, cuts: [5000, 5100, 12_000]) {
            track.receive(fragment, marker: fragment[1] & 0x40 != 0)
        }
        #expect(track.units() == [unit])
        #expect(track.payloads.allSatisfy { $0.count <= 1440 })
        #expect(track.markers.lastIndex(of: true) == track.sent.count - 1)
    }

    @Test("an aggregate longer than a packet is taken apart")
    func longAggregate() {
        var track = Normalizing(limit: 100)
        let units = [Sample.sps, Sample.pps, Sample.long([0x65, 0x88], 300)]
        track.receive(Sample.aggregate(units), marker: true)
        #expect(track.units() == units)
        #expect(track.payloads.allSatisfy { $0.count <= 100 })
        #expect(track.markers.last == true)
    }

    @Test("I12 units in any order pass in that order")
    func order() {
        var track = Normalizing()
        let input = [Sample.aud, Sample.sps, Sample.pps, Sample.sei, [0x7C, 0x85, 0x88, 1], [0x7C, 0x45, 2]]
        for payload in input { track.receive(payload) }
        #expect(track.payloads == input)
        track.receive(Sample.aud, timestamp: 2000)
        track.receive(Sample.slice, timestamp: 2000)
        #expect(track.payloads.suffix(2) == [Sample.aud, Sample.slice])
    }

    @Test("I5 the unit behind a start code in the last fragment is whole")
    func wholeUnitInLastFragment() {
        var track = Normalizing()
        let whole = Sample.sps + [0, 0, 0, 1] + Sample.pps
        for fragment in fragments(of: whole, cuts: [3]) { track.receive(fragment) }
        #expect(track.units() == [Sample.sps, Sample.pps])
        #expect(track.payloads.last == Sample.pps)
    }
}
