import Media
import NIOCore
import RTP
import Testing

@Suite struct ParameterSetTests {
    private static let known = CodecConfiguration.h264(
        sequenceParameterSets: [Sample.sps], pictureParameterSets: [Sample.pps]
    )
    private static let both = Sample.aggregate([Sample.sps, Sample.pps])

    @Test("I11 the sets of the SDP go before an IDR that comes without, once for all its slices")
    func inserted() {
        var track = Normalizing(configuration: Self.known)
        track.receive(Sample.idr)
        track.receive(Sample.secondIDRSlice, marker: true)
        track.receive(Sample.slice, timestamp: 2000, marker: true)
        track.receive(Sample.idr, timestamp: 3000, marker: true)
        #expect(
            track.payloads == [Self.both, Sample.idr, Sample.secondIDRSlice, Sample.slice, Self.both, Sample.idr])
        #expect(track.markers == [false, false, true, true, false, true])
        #expect(track.traits[0] == [.prefix, .parameterSets])
        #expect(track.normalizer.counters.completed == 2)
        #expect(track.normalizer.configurationChanges == 0)
    }

    @Test("I11 they go before the first fragment, and before an aggregate with the IDR in it")
    func insertedBeforeFragments() {
        var track = Normalizing(configuration: Self.known)
        track.receive([0x7C, 0x85, 0x88, 1])
        track.receive([0x7C, 0x45, 2], marker: true)
        let aggregate = Sample.aggregate([Sample.aud, Sample.idr])
        track.receive(aggregate, timestamp: 2000, marker: true)
        #expect(track.payloads == [Self.both, [0x7C, 0x85, 0x88, 1], [0x7C, 0x45, 2], Self.both, aggregate])
    }

    @Test("I11 an IDR whose first slice was lost gets none between its slices")
    func notInside() {
        var track = Normalizing(configuration: Self.known)
        track.receive([0x7C, 0x05, 2, 3])
        track.receive([0x7C, 0x45, 2])
        track.receive(Sample.secondIDRSlice, marker: true)
        #expect(track.sent.count == 3)
    }

    @Test("I17 they go before the recovery point of a stream without IDR")
    func recoveryPoint() {
        var track = Normalizing(configuration: Self.known)
        track.receive(Sample.recoveryPoint, marker: true)
        track.receive(Sample.slice, marker: true)
        #expect(track.payloads == [Self.both, Sample.recoveryPoint, Sample.slice])
        #expect(track.traits[1] == [.prefix, .recoveryPoint])
    }

    @Test("I10 an IDR that comes with its sets gets no others, single or aggregated")
    func inBand() {
        var track = Normalizing(configuration: Self.known)
        track.receive(Sample.sps)
        track.receive(Sample.pps)
        track.receive(Sample.idr, marker: true)
        track.receive(Sample.aggregate([Sample.sps, Sample.pps, Sample.idr]), timestamp: 2000, marker: true)
        #expect(track.sent.count == 4)
        #expect(track.normalizer.counters.completed == 0)
        #expect(track.normalizer.configurationChanges == 0)
    }

    @Test("I10 sets learnt in-band replace those of their id, and count as changes")
    func learnt() {
        var track = Normalizing(configuration: Self.known)
        track.receive(Sample.otherSPS)
        #expect(track.normalizer.configurationChanges == 1)
        #expect(
            track.normalizer.configuration
                == .h264(sequenceParameterSets: [Sample.otherSPS], pictureParameterSets: [Sample.pps]))
        track.receive(Sample.otherSPS)
        #expect(track.normalizer.configurationChanges == 1)
        track.receive(Sample.idr, timestamp: 2000)
        #expect(track.payloads.suffix(2) == [Sample.aggregate([Sample.otherSPS, Sample.pps]), Sample.idr])
    }

    @Test("I10 with no sets in the SDP those in-band are learnt one by one")
    func learntFromNothing() {
        var track = Normalizing()
        track.receive(Sample.idr)
        #expect(track.payloads == [Sample.idr])
        track.receive(Sample.aggregate([Sample.sps, Sample.pps]), timestamp: 2000)
        #expect(track.normalizer.configuration == Self.known)
        #expect(track.normalizer.configurationChanges == 2)
        track.receive(Sample.idr, timestamp: 3000)
        #expect(track.payloads.suffix(2) == [Self.both, Sample.idr])
    }

    @Test("a fragmented set is learnt when it is whole, and not with a gap")
    func fragmented() {
        var track = Normalizing()
        track.receive([0x7C, 0x87] + Sample.sps[1..<3])
        track.receive([0x7C, 0x47] + Sample.sps[3...], missing: 1)
        #expect(track.normalizer.configuration == .none)
        track.receive([0x7C, 0x87] + Sample.sps[1..<3], timestamp: 2000)
        track.receive([0x7C, 0x47] + Sample.sps[3...], timestamp: 2000)
        #expect(
            track.normalizer.configuration
                == .h264(sequenceParameterSets: [Sample.sps], pictureParameterSets: []))
    }

    @Test("I20 a set of 2 000 bytes is learnt, and sent in fragments (EZVIZ CS-CV210)")
    func longSet() {
        let sps = Sample.long(Sample.sps, 2000)
        var track = Normalizing(
            configuration: .h264(sequenceParameterSets: [sps], pictureParameterSets: [Sample.pps]))
        track.receive(Sample.idr)
        #expect(track.units() == [sps, Sample.pps, Sample.idr])
        #expect(track.payloads.allSatisfy { $0.count <= 1440 })
        #expect(track.traits.dropLast().allSatisfy { $0 == [.prefix, .parameterSets] })
    }

    @Test("C18 sets of the SDP lose their start code, C19 those of another codec are left out")
    func strangeSDP() {
        let track = Normalizing(
            configuration: .h264(
                sequenceParameterSets: [[0, 0, 0, 1] + Sample.sps, Sample.vps265, []],
                pictureParameterSets: [Sample.pps, [0x68], [0, 0, 1]]
            ))
        #expect(track.normalizer.configuration == Self.known)
    }

    @Test("sets are bounded in number and in bytes, the oldest go first")
    func bounded() {
        var track = Normalizing()
        // pic_parameter_set_id as ue(v) in 15 bits: 0000000 1xxxxxxx, ids 127…254.
        for id in 0..<100 as Range<UInt8> { track.receive([0x68, 0x01, id << 1 | 1, 0x80]) }
        guard case .h264(_, let pictureSets) = track.normalizer.configuration else {
            Issue.record("no configuration")
            return
        }
        #expect(pictureSets.count == 32)
        #expect(pictureSets.last == [0x68, 0x01, 199, 0x80])

        for id in 0..<32 as Range<UInt8> { track.receive(Sample.long([0x68, 0x01, id << 1 | 1], 15_000)) }
        guard case .h264(_, let longSets) = track.normalizer.configuration else { return }
        #expect(longSets.reduce(0) { $0 + $1.count } <= 65_536)
        #expect(longSets.last?.count == 15_003)
        track.receive(Sample.long(Sample.sps, 17_000))
        guard case .h264(let sequenceSets, _) = track.normalizer.configuration else { return }
        #expect(sequenceSets.isEmpty)
    }

    @Test("reset keeps the sets")
    func reset() {
        var track = Normalizing(configuration: Self.known)
        track.receive(Sample.idr)
        track.normalizer.reset()
        track.receive(Sample.idr)
        #expect(track.payloads == [Self.both, Sample.idr, Self.both, Sample.idr])
    }
}
