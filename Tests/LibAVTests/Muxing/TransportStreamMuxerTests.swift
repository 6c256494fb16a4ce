import Foundation
import Media
import NIOCore
import TestSupport
import Testing

@testable import LibAV

@Suite("TransportStreamMuxer")
struct TransportStreamMuxerTests {
    /// A packet of 188 bytes, as far as a test wants to know it (ISO/IEC 13818-1 §2.4.3.2).
    private struct Packet {
        let identifier: Int
        let counter: UInt8
        let startsUnit, hasPayload, isRandomAccess: Bool
        /// The 33 bits of the PCR's base.
        var clock: Int64?

        init(_ bytes: ArraySlice<UInt8>) {
            let packet = Array(bytes)
            identifier = Int(packet[1] & 0x1F) << 8 | Int(packet[2])
            startsUnit = packet[1] & 0x40 != 0
            hasPayload = packet[3] & 0x10 != 0
            counter = packet[3] & 0x0F
            let flags = packet[3] & 0x20 != 0 && packet[4] > 0 ? packet[5] : 0
            isRandomAccess = flags & 0x40 != 0
            guard flags & 0x10 != 0 else { return }
            clock = packet[6..<10].reduce(0) { $0 << 8 | Int64($1) } << 1 | Int64(packet[10] >> 7)
        }
    }

    private static func packets(_ bytes: [UInt8]) -> [Packet] {
        #expect(bytes.count % 188 == 0)
        return stride(from: 0, to: bytes.count, by: 188).map { start in
            #expect(bytes[start] == 0x47)
            return Packet(bytes[start..<start + 188])
        }
    }

    /// Segments, each from a key frame of the first track on.
    private static func mux(_ film: SampleFilm) throws -> [[UInt8]] {
        let muxer = try TransportStreamMuxer(tracks: film.tracks)
        var segments: [[UInt8]] = []
        for (index, unit) in film.units.enumerated() {
            let isCut = film.tracks[0].codec == .aac ? index % 20 == 0 : unit.track == 0 && unit.isRandomAccess
            if isCut, index > 0 { segments.append(Array(try muxer.cut().readableBytesView)) }
            try muxer.write(unit, duration: unit.duration ?? 0)
        }
        segments.append(Array(try muxer.cut().readableBytesView))
        #expect(try muxer.cut().readableBytes == 0)
        return segments.filter { !$0.isEmpty }
    }

    private static func given(_ film: SampleFilm) -> [String] {
        film.units.map { unit in
            let clock = Int64(film.tracks[unit.track].clockRate)
            let times = [unit.presentationTime, unit.decodeTime].map { ($0 * 90_000 * 2 / clock + 1) / 2 }
            return "\(unit.track),\(times[0]),\(times[1])"
        }
    }

    @Test(
        "ffprobe finds every unit at the time it was given, with B frames, over cuts",
        arguments: [
            (Codec.h264, SampleFilm.Sound.aac), (.h265, .aac), (.h264, nil), (.h265, nil), (nil, .aac), (.h264, .mp3),
            (.h265, .mp3),
        ] as [(Codec?, SampleFilm.Sound?)])
    func times(video: Codec?, sound: SampleFilm.Sound?) async throws {
        let film = try await SampleFilm.make(video, sound, from: 900_000)
        let file = try Self.mux(film).flatMap { $0 }
        #expect(try await SampleFilm.probe(file, as: "film.ts").sorted() == Self.given(film).sorted())
        #expect(try await SampleFilm.decode(file, as: "film.ts").count >= film.units.count - 3)
    }

    @Test("Each piece begins with PAT, PMT and a random access point with its clock, and plays alone")
    func pieces() async throws {
        for codec in [Codec.h264, .h265] {
            let film = try await SampleFilm.make(codec, .aac, from: 900_000)
            let segments = try Self.mux(film)
            #expect(segments.count >= 5)
            for segment in segments.dropFirst(film.units[0].track == 0 ? 0 : 1) {
                let packets = Self.packets(segment)
                #expect(packets[0].identifier == 0 && packets[1].identifier == 4096)
                #expect(packets[0].startsUnit && packets[1].startsUnit)
                #expect(packets[2].identifier == 256 && packets[2].startsUnit && packets[2].isRandomAccess)
                #expect(packets[2].clock != nil && !packets.contains { $0.identifier == 17 })
                let frames = try await SampleFilm.decode(segment, as: "piece.ts")
                #expect(frames.count { $0.hasPrefix("0,") } == 10)
            }
        }
    }

    @Test("Continuity counters run on over cuts, and the clock comes every 100 ms, before what it is for")
    func counters() async throws {
        for film in [try await SampleFilm.make(.h264, .aac, from: 900_000), try await SampleFilm.make(nil, .aac)] {
            var counters: [Int: UInt8] = [:]
            var clocks: [Int64] = []
            for packet in Self.packets(try Self.mux(film).flatMap { $0 }) {
                if packet.hasPayload {
                    if let last = counters[packet.identifier] { #expect(packet.counter == (last + 1) & 15) }
                    counters[packet.identifier] = packet.counter
                }
                if let clock = packet.clock { clocks.append(clock) }
            }
            let first = film.units[0].decodeTime * 90_000 / Int64(film.tracks[film.units[0].track].clockRate)
            let wanted = (first - 9000) & 0x1_FFFF_FFFF
            #expect(clocks.first.map { abs($0 - wanted) <= 3600 } == true)
            #expect(
                zip(clocks, clocks.dropFirst()).allSatisfy { (1...9000).contains(($1 - $0) & 0x1_FFFF_FFFF) })
        }
    }

    @Test(
        "Times wrap at 33 bits, and those before zero or far up in time are the same as others",
        arguments: [-1, 0, 1, 200])
    func wraps(round: Int64) async throws {
        let film = try await SampleFilm.make(.h264, .aac, from: (round << 33 - 90_000) / 100 * 100)
        let reader = try Self.reader(try Self.mux(film).flatMap { $0 })
        var times: [Int: [Int64]] = [:]
        while let event = try reader.next() {
            if case .unit(let unit) = event, let time = unit.presentationTime {
                times[unit.stream, default: []].append(time & 0x1_FFFF_FFFF)
            }
        }
        let pictures = film.units.filter { $0.track == 0 }.map { $0.presentationTime & 0x1_FFFF_FFFF }
        #expect(times[0] == pictures && pictures.contains { $0 > 1 << 32 } && pictures.contains { $0 < 1 << 32 })
        #expect(times[1]?.count == film.units.count { $0.track == 1 })
    }

    private static func reader(_ bytes: [UInt8]) throws -> TransportStreamReader {
        var rest = bytes[...]
        return try TransportStreamReader { buffer in
            let piece = rest.prefix(buffer.count)
            buffer.copyBytes(from: piece)
            rest = rest.dropFirst(piece.count)
            return piece.count
        }
    }

    @Test("Each picture has one delimiter in front, each random access point all parameter sets once")
    func annexB() async throws {
        for (codec, delimiter, sets) in [(Codec.h264, [9], [7, 8]), (.h265, [35], [32, 33, 34])]
            as [(Codec, [UInt8], [UInt8])]
        {
            let film = try await SampleFilm.make(codec, nil)
            let reader = try Self.reader(try Self.mux(film).flatMap { $0 })
            var pictures = 0
            while let event = try reader.next() {
                guard case .unit(let unit) = event else { continue }
                let kinds = AnnexB.nalUnits(in: unit.bytes).compactMap {
                    $0.getInteger(at: $0.readerIndex, as: UInt8.self)
                }
                .map { codec == .h264 ? $0 & 31 : $0 >> 1 & 63 }
                #expect(kinds.starts(with: film.units[pictures].isRandomAccess ? delimiter + sets : delimiter))
                #expect(kinds.count { $0 == delimiter[0] } == 1 && kinds.count { $0 == sets[0] } <= 1)
                pictures += 1
            }
            #expect(pictures == film.units.count)
        }
    }

    @Test("What is no unit is refused, and writing goes on")
    func refused() async throws {
        let film = try await SampleFilm.make(.h264, .aac)
        let muxer = try TransportStreamMuxer(tracks: film.tracks)
        var unit = try #require(film.units.first { $0.track == 1 })
        try muxer.write(unit, duration: 1024)
        #expect(throws: LibAVError.self) { try muxer.write(unit, duration: 1024) }
        unit.decodeTime += 1024
        for bytes in [[], [0], [0xFF, 0xF1, 0x50, 0x80, 0, 0xFF, 0xFC]] as [[UInt8]] {
            var bad = unit
            bad.payload = ByteBuffer(bytes: bytes)
            #expect(throws: LibAVError.self) { try muxer.write(bad, duration: 1024) }
        }
        try muxer.write(unit, duration: 1024)
        #expect(try muxer.cut().readableBytes > 188)
        #expect(throws: LibAVError.self) {
            _ = try TransportStreamMuxer(tracks: [MuxedTrack(codec: .opus, configuration: .none, clockRate: 48_000)])
        }
    }

    @Test("Ten thousand pieces leave no memory behind")
    func memory() async throws {
        let film = try await SampleFilm.make(.h264, .aac)
        let muxer = try TransportStreamMuxer(tracks: film.tracks)
        var picture = try #require(film.units.first { $0.track == 0 })
        picture.payload = ByteBuffer(bytes: [0, 0, 0x4E, 0x20, 0x65] + [UInt8](repeating: 7, count: 19_999))
        var sound = try #require(film.units.first { $0.track == 1 })
        func run(_ cuts: Int) throws {
            for _ in 0..<cuts {
                picture.decodeTime += 3600
                sound.decodeTime += 1764
                try muxer.write(picture, duration: 3600)
                try muxer.write(sound, duration: 1024)
                #expect(try muxer.cut().readableBytes > 20_000)
            }
        }
        try run(100)
        let before = try residentBytes()
        try run(10_000)
        #expect(try residentBytes() - before < 100 << 20)
    }
}
