import Media
import NIOCore
import RTP
import Testing

@Suite struct OtherNormalizerTests {
    @Test(
        "audio and unknown payloads pass untouched, however long",
        arguments: [Codec.aac, .opus, .pcma, .other("MP4V-ES")])
    func passes(codec: Codec) {
        var track = Normalizing(codec, configuration: .aac(audioSpecificConfig: [0x12, 0x10]))
        let long = [UInt8](repeating: 0, count: 3000)
        track.receive([0, 0, 1], marker: true)
        track.receive(long)
        track.receive([])
        #expect(track.payloads == [[0, 0, 1], long])
        #expect(track.markers == [true, false])
        #expect(track.traits == [[], []])
        #expect(track.normalizer.configuration == .aac(audioSpecificConfig: [0x12, 0x10]))
        #expect(track.normalizer.counters.dropped == 1)
    }

    @Test("a JPEG fragment that fits passes")
    func jpegPasses() {
        var track = Normalizing(.mjpeg)
        let payloads: [[UInt8]] = [[0, 0, 0, 0, 1, 80, 80, 60, 1, 2], [0, 0, 0, 2, 1, 80, 80, 60, 3]]
        for payload in payloads { track.receive(payload) }
        track.receive([0, 0, 0, 0, 1, 80, 80])
        #expect(track.payloads == payloads)
        #expect(track.traits == [[.startsRandomAccess, .startsPicture, .picture], .picture])
        #expect(track.normalizer.counters.dropped == 1)
    }

    @Test("G3 H12 a long JPEG fragment is divided, with tables in the first part alone")
    func jpegDivided() {
        var track = Normalizing(.mjpeg, limit: 200)
        let tables: [UInt8] = [0, 0, 0, 128] + [UInt8](repeating: 5, count: 128)
        let scan = (0..<1000).map { UInt8($0 & 0xFF) }
        track.receive([0, 0, 0, 0, 1, 255, 80, 60] + tables + scan, marker: true)
        var rebuilt: [UInt8] = []
        for (index, payload) in track.payloads.enumerated() {
            #expect(payload.count <= 200)
            let offset = Int(payload[1]) << 16 | Int(payload[2]) << 8 | Int(payload[3])
            #expect(offset == rebuilt.count)
            #expect(payload[4..<8] == [1, 255, 80, 60])
            rebuilt += payload.dropFirst(index == 0 ? 8 + 132 : 8)
        }
        #expect(rebuilt == scan)
        #expect(track.markers.lastIndex(of: true) == track.sent.count - 1)
        #expect(track.traits.filter { $0.contains(.startsPicture) }.count == 1)
    }

    @Test("J8 the parts of a long JPEG fragment with restart markers keep count, and share F and L")
    func jpegRestart() {
        var track = Normalizing(.mjpeg, limit: 100)
        let scan = [UInt8](repeating: 9, count: 250)
        track.receive([0, 0, 0x12, 0x34, 65, 80, 80, 60, 0, 4, 0xC0, 7] + scan)
        #expect(track.payloads.count == 3)
        #expect(track.payloads.map { Array($0[8..<12]) } == [[0, 4, 0x80, 7], [0, 4, 0, 7], [0, 4, 0x40, 7]])
        #expect(track.payloads.map { Int($0[2]) << 8 | Int($0[3]) } == [0x1234, 0x1234 + 88, 0x1234 + 176])
    }
}

@Suite struct NormalizerMutationTests {
    private static let h264: [[UInt8]] = [
        Sample.sps, Sample.pps, Sample.sei, Sample.recoveryPoint, Sample.idr, Sample.slice,
        Sample.aggregate([Sample.sps, Sample.pps, Sample.idr]), Sample.aggregate([Sample.aud, Sample.slice]) + [0, 0],
        [0x7C, 0x85, 0x88, 1, 2, 3, 0, 0], [0x7C, 0x05, 1, 0x41, 4, 5], [0x7C, 0x45, 6, 7], [0x7C, 0xC5, 0x88, 1],
        Sample.sps + [0, 0, 0, 1] + Sample.pps + [0, 0, 1] + Sample.idr, Sample.long([0x65, 0x88], 3000),
        [0x79, 1, 2, 3], [0x1E, 1, 2],
    ]
    private static let h265: [[UInt8]] = [
        Sample.vps265, Sample.sps265, Sample.pps265, Sample.idr265, Sample.cra265, Sample.slice265,
        Sample.aggregate([0x60, 0x01], [Sample.vps265, Sample.sps265, Sample.pps265, Sample.idr265]),
        [0x62, 0x01, 0x93, 0xAF, 1, 0, 0], [0x62, 0x01, 0x13, 1, 2, 1], [0x62, 0x01, 0x53, 3],
        [0x62, 0x01, 0xD3, 0xAF],
        [0x4E, 0x01, 0x06, 0x01, 0xC4, 0x80], Sample.long([0x26, 0x01, 0xAF], 3000), [0x64, 0x01, 1],
        Sample.vps265 + [0, 0, 1] + Sample.idr265,
    ]
    private static let jpeg: [[UInt8]] = [
        [0, 0, 0, 0, 1, 80, 80, 60] + [UInt8](repeating: 7, count: 3000),
        [0, 0, 0, 0, 65, 255, 80, 60, 0, 4, 0xC0, 7, 0, 0, 0, 128] + [UInt8](repeating: 7, count: 2000),
        [0, 1, 2, 3, 65, 80, 80, 60, 0, 4, 0xC0, 7, 1, 2, 3],
    ]

    @Test(
        "mutated payloads of every codec give bounded payloads and bounded state",
        arguments: [Codec.h264, .h265, .mjpeg, .aac], [false, true]
    )
    func mutations(codec: Codec, hasDecodingOrder: Bool) {
        var generator = SeededGenerator(seed: hasDecodingOrder ? 5 : 6)
        let samples = codec == .h265 ? Self.h265 : codec == .mjpeg ? Self.jpeg : Self.h264
        let parameters = FormatParameters(
            hasDecodingOrder ? [.init(name: "sprop-max-don-diff", value: "2")] : [])
        let limit = codec == .aac ? Int.max : 700
        var track = Normalizing(codec, parameters: parameters, limit: 700)
        var total = 0
        for index in 0..<4000 {
            let sample = samples[index % samples.count]
            let payload = Int.random(in: 0..<3, using: &generator) == 0 ? sample : generator.mutate(sample)
            track.receive(
                payload, timestamp: UInt32(index / 5), marker: Bool.random(using: &generator),
                missing: Int.random(in: 0..<10, using: &generator) == 0 ? 1 : 0
            )
            #expect(track.sent.allSatisfy { $0.payload.readableBytes <= limit })
            #expect(track.sent.allSatisfy { !($0.marker && $0.traits.contains(.prefix)) })
            #expect(track.sent.dropLast().allSatisfy { !$0.marker })
            // A random access picture may bring all sets known before it, 64 KB at most.
            #expect(track.sent.reduce(0) { $0 + $1.payload.readableBytes } < payload.count * 3 + 70_000)
            total += track.sent.count
            track.sent = []
        }
        #expect(total > 2000)
    }
}
