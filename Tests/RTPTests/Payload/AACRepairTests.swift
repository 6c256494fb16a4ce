import Media
import NIOCore
import RTP
import Testing

@Suite struct AACRepairTests {
    private static let configuration = CodecConfiguration.aac(audioSpecificConfig: [0x12, 0x10])
    private static let frame: [UInt8] = [0x21, 0x1A, 0xD4, 0x55, 0x00, 0x7F]
    private static let other: [UInt8] = [0x21, 0x00, 0x49, 0x90]

    private func track(limit: Int = 1440, parameters: [String: String] = [:]) -> Normalizing {
        Normalizing(
            .aac, configuration: Self.configuration,
            parameters: FormatParameters(parameters.map { FormatParameters.Parameter(name: $0, value: $1) }),
            limit: limit)
    }

    /// RFC 3640, `mode=AAC-hbr`.
    private func payload(_ units: [[UInt8]], sizes: [Int]? = nil) -> [UInt8] {
        let sizes = sizes ?? units.map(\.count)
        let heads = sizes.flatMap { [UInt8($0 >> 5), UInt8(truncatingIfNeeded: $0 << 3)] }
        return [UInt8(heads.count * 8 >> 8), UInt8(heads.count * 8 & 0xFF)] + heads + units.joined()
    }

    private func adts(_ frame: [UInt8], checksum: Bool = false) -> [UInt8] {
        let length = frame.count + (checksum ? 9 : 7)
        return [
            0xFF, checksum ? 0xF0 : 0xF1, 0x50, 0x80 | UInt8(length >> 11), UInt8(length >> 3 & 0xFF),
            UInt8(truncatingIfNeeded: length << 5) | 0x1F, 0xFC,
        ] + (checksum ? [0xAB, 0xCD] : []) + frame
    }

    /// The units a receiver puts together by RFC 3640 to the letter; `nil` where it would complain.
    private func units(_ track: Normalizing) -> [[UInt8]]? {
        var units: [[UInt8]] = []
        var open: (size: Int, bytes: [UInt8])?
        for payload in track.payloads {
            let count = (Int(payload[0]) << 8 | Int(payload[1])) / 16
            var start = 2 + 2 * count
            for index in 0..<count {
                let size = (Int(payload[2 + 2 * index]) << 8 | Int(payload[3 + 2 * index])) >> 3
                let end = min(payload.count, start + size - (open?.bytes.count ?? 0))
                guard open == nil || open?.size == size, end <= payload.count else { return nil }
                let bytes = (open?.bytes ?? []) + payload[start..<end]
                start = end
                open = bytes.count < size ? (size, bytes) : nil
                if bytes.count == size { units.append(bytes) }
            }
            guard start == payload.count else { return nil }
        }
        return open == nil ? units : nil
    }

    @Test("payloads by the book pass as they are, one unit or several, and so do fragments")
    func untouched() {
        var track = track()
        let long = [UInt8](repeating: 0x21, count: 2000)
        let payloads = [
            payload([Self.frame]), payload([Self.frame, Self.other]),
            payload([Array(long[..<1200])], sizes: [2000]), payload([Array(long[1200...])], sizes: [2000]),
        ]
        for payload in payloads { track.receive(payload, marker: true) }
        #expect(track.payloads == payloads)
        #expect(track.normalizer.counters.dropped == 0)
    }

    @Test("J1 ADTS headers inside RFC 3640 are taken out, with checksum or without, of one unit and of several")
    func headersInUnits() {
        var track = track()
        track.receive(payload([adts(Self.frame)]), timestamp: 1024, marker: true)
        track.receive(payload([adts(Self.frame, checksum: true), adts(Self.other)]), timestamp: 2048, marker: true)
        #expect(track.payloads == [payload([Self.frame]), payload([Self.frame, Self.other])])
        #expect(track.markers == [true, true])
    }

    @Test("J1 the ADTS header of a unit in fragments is taken out of the first, and out of the size that all tell")
    func headerOfFragments() {
        var track = track()
        let frame = (0..<3000).map { UInt8($0 % 251) }
        let unit = adts(frame)
        for (index, start) in stride(from: 0, to: unit.count, by: 1200).enumerated() {
            let piece = Array(unit[start..<min(unit.count, start + 1200)])
            track.receive(payload([piece], sizes: [unit.count]), timestamp: 1024, marker: index == 2)
        }
        track.receive(payload([adts(Self.other)]), timestamp: 2048, marker: true)
        #expect(units(track) == [frame, Self.other])
        #expect(track.markers == [false, false, true, true])
    }

    @Test("J2 bare ADTS gets AU headers, frame by frame")
    func bareFrames() {
        var track = track()
        track.receive(adts(Self.frame) + adts(Self.other, checksum: true), timestamp: 1024, marker: true)
        #expect(track.payloads == [payload([Self.frame, Self.other])])
    }

    @Test("J2 a bare ADTS frame that goes on in the next packets becomes a unit in fragments")
    func bareFragments() {
        var track = track()
        let frame = (0..<2500).map { UInt8($0 % 251) }
        let bytes = adts(frame)
        track.receive(Array(bytes[..<1400]), timestamp: 1024)
        track.receive(Array(bytes[1400...]), timestamp: 1024, marker: true)
        track.receive(adts(Self.other), timestamp: 2048, marker: true)
        #expect(units(track) == [frame, Self.other])
        #expect(track.markers == [false, true, true])
    }

    @Test("J2 where the rest of a frame is lost, the next one is whole again")
    func lostRest() {
        var track = track()
        let bytes = adts([UInt8](repeating: 0x33, count: 2000))
        track.receive(Array(bytes[..<1400]), timestamp: 1024)
        track.receive(adts(Self.frame), timestamp: 2048, marker: true, missing: 1)
        #expect(track.payloads.last == payload([Self.frame]))
    }

    @Test("J4 a unit longer than the path takes is cut into fragments that all tell its size")
    func longUnit() {
        var track = track(limit: 500)
        let frame = (0..<1800).map { UInt8($0 % 251) }
        track.receive(payload([frame]), timestamp: 1024, marker: true)
        #expect(units(track) == [frame])
        #expect(track.payloads.allSatisfy { $0.count <= 500 })
        #expect(track.markers == [false, false, false, true])
    }

    @Test("other widths of the AU header are left alone")
    func lowBitRate() {
        var track = track(parameters: ["mode": "AAC-lbr"])
        let bytes = adts(Self.frame)
        track.receive(bytes, marker: true)
        #expect(track.payloads == [bytes])
    }

    @Test("four thousand payloads bent at random neither trap nor grow")
    func mutations() {
        var random = SeededGenerator(seed: 0xAAC)
        let seeds = [
            payload([adts(Self.frame)]), payload([Self.frame, Self.other]), adts(Self.frame) + adts(Self.other),
            Array(adts([UInt8](repeating: 5, count: 900))[..<400]),
            payload([Array(adts([UInt8](repeating: 5, count: 900))[..<400])], sizes: [907]),
        ]
        var track = track(limit: 200)
        for round in 0..<4000 {
            let bytes = random.mutate(seeds[round % seeds.count])
            let before = track.sent.count
            track.receive(bytes, timestamp: UInt32(round / 3))
            let sent = track.sent[before...].reduce(0) { $0 + $1.payload.readableBytes }
            #expect(sent <= bytes.count + 4 * (track.sent.count - before) + 4)
        }
    }
}
