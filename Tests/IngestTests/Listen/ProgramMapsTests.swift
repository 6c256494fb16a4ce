import NIOCore
import Testing

@testable import Ingest

/// Packets of 188 bytes made by hand.
enum Multiplex {
    static func packet(_ pid: UInt16, _ section: [UInt8], stuffing: Int = 0) -> [UInt8] {
        var bytes: [UInt8] = [0x47, 0x40 | UInt8(pid >> 8), UInt8(pid & 0xFF), stuffing > 0 ? 0x30 : 0x10]
        if stuffing > 0 { bytes += [UInt8(stuffing - 1)] + [UInt8](repeating: 0xFF, count: stuffing - 1) }
        bytes += [0] + section
        return bytes + [UInt8](repeating: 0xFF, count: 188 - bytes.count)
    }

    static func section(_ table: UInt8, _ body: [UInt8], isCurrent: Bool = true) -> [UInt8] {
        let length = 5 + body.count + 4
        var bytes: [UInt8] = [
            table, 0xB0 | UInt8(length >> 8), UInt8(length & 0xFF), 0, 1, isCurrent ? 0xC1 : 0xC0, 0, 0,
        ]
        bytes += body
        let sum = ProgramMaps.checksum(bytes[...])
        return bytes + [UInt8(sum >> 24), UInt8(sum >> 16 & 0xFF), UInt8(sum >> 8 & 0xFF), UInt8(sum & 0xFF)]
    }

    static let programs = packet(0, section(0, [0, 1, 0xE1, 0x00]))

    static func map(
        _ types: [(UInt8, UInt16)], isCurrent: Bool = true, stuffing: Int = 0, at pid: UInt16 = 0x100
    ) -> [UInt8] {
        let streams = types.flatMap { [$0.0, 0xE0 | UInt8($0.1 >> 8), UInt8($0.1 & 0xFF), 0xF0, 2, 5, 0] as [UInt8] }
        return packet(pid, section(2, [0xE1, 0x01, 0xF0, 0] + streams, isCurrent: isCurrent), stuffing: stuffing)
    }
}

@Suite("The program maps of a transport stream")
struct ProgramMapsTests {
    private static func changes(_ packets: [[UInt8]]) -> (ProgramMaps, [Bool]) {
        var maps = ProgramMaps()
        let changes = packets.map { maps.changed(by: ByteBuffer(bytes: $0)) }
        return (maps, changes)
    }

    @Test("The codecs are read, and a map that says the same changes nothing")
    func same() {
        let map = Multiplex.map([(0x1B, 0x101), (0x0F, 0x102)])
        let (maps, changes) = Self.changes([Multiplex.programs + map, map, map])
        #expect(changes == [false, false, false])
        #expect(
            maps.types == [
                ProgramMaps.Entry(map: 0x100, stream: 0x101): 0x1B, ProgramMaps.Entry(map: 0x100, stream: 0x102): 0x0F,
            ])
    }

    @Test("Another codec on the same stream is noticed, behind an adaptation field too; a further stream is none")
    func another() {
        let (_, changes) = Self.changes([
            Multiplex.programs + Multiplex.map([(0x1B, 0x101)]),
            Multiplex.map([(0x1B, 0x101), (0x0F, 0x102)]),
            Multiplex.map([(0x24, 0x101), (0x0F, 0x102)], stuffing: 40),
            Multiplex.map([(0x24, 0x101), (0x0F, 0x102)]),
        ])
        #expect(changes == [false, false, true, false])
    }

    @Test("Two programs may call a stream that nobody carries by two names, and change the name")
    func shared() {
        let programs = Multiplex.packet(0, Multiplex.section(0, [0, 1, 0xE1, 0x00, 0, 2, 0xE2, 0x00]))
        let first = Multiplex.map([(0x1B, 0x101), (0x06, 0x110)])
        let second = Multiplex.map([(0x1B, 0x201), (0x86, 0x110)], at: 0x200)
        let (maps, changes) = Self.changes([
            programs + first + second, first, second, Multiplex.map([(0x1B, 0x101), (0x15, 0x110)]),
            Multiplex.map([(0x24, 0x201), (0x86, 0x110)], at: 0x200),
        ])
        #expect(changes == [false, false, false, false, true])
        #expect(maps.types.count == 4)
    }

    @Test("What is broken, not valid yet, or of another packet is passed over")
    func passedOver() {
        var broken = Multiplex.map([(0x24, 0x101)])
        broken[22] ^= 1
        let (_, changes) = Self.changes([
            Multiplex.programs + Multiplex.map([(0x1B, 0x101)]), broken,
            Multiplex.map([(0x24, 0x101)], isCurrent: false),
            Multiplex.packet(0x200, Multiplex.section(2, [0xE1, 0x01, 0xF0, 0, 0x24, 0xE1, 0x01, 0xF0, 0])),
        ])
        #expect(changes == [false, false, false, false])
    }

    @Test("Whatever the bytes are, they do no harm and keep within bounds")
    func mutations() {
        var state: UInt64 = 20
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var maps = ProgramMaps()
        for _ in 0..<20_000 {
            var bytes = Multiplex.programs + Multiplex.map([(0x1B, 0x101), (0x0F, 0x102)], stuffing: next(3) * 30)
            for _ in 0..<next(6) { bytes[next(bytes.count)] = UInt8(next(256)) }
            // A right checksum over wrong lengths gets further in.
            if next(2) == 0 {
                var section = Array(bytes[193...].prefix(14))
                section[next(section.count)] = UInt8(next(256))
                bytes.replaceSubrange(188..., with: Multiplex.packet(0x100, Multiplex.section(2, section)))
            }
            _ = maps.changed(by: ByteBuffer(bytes: bytes))
        }
        #expect(maps.types.count <= 256)
    }
}
