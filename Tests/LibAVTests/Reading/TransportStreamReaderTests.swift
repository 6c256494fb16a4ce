import Foundation
import Media
import NIOCore
import TestSupport
import Testing

@testable import LibAV

@Suite("TransportStreamReader")
struct TransportStreamReaderTests {
    private static let packetSize = 188

    /// Two seconds by ffmpeg's own muxer: 50 pictures in groups of ten.
    private static func film(_ audio: [String] = ["-c:a", "aac"]) async throws -> [UInt8] {
        try await withTemporaryDirectory { directory in
            try await OutsideTool("ffmpeg").output(
                [
                    "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=2",
                    "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=2", "-c:v", "libx264",
                    "-preset", "ultrafast", "-g", "10", "-bf", "2", "-pix_fmt", "yuv420p",
                ] + audio + ["-f", "mpegts", "pipe:1"], in: directory)
        }
    }

    private struct Taken {
        var programs: [[Codec]] = []
        var units: [TransportStreamReader.Unit] = []
        var error: LibAVError?
    }

    /// Everything that comes out of `bytes`, given in pieces as datagrams have them.
    private static func read(_ bytes: [UInt8]) -> Taken {
        var taken = Taken()
        var rest = bytes[...]
        do throws(LibAVError) {
            let reader = try TransportStreamReader { buffer in
                let piece = rest.prefix(min(buffer.count, 7 * packetSize))
                buffer.copyBytes(from: piece)
                rest = rest.dropFirst(piece.count)
                return piece.count
            }
            while let event = try reader.next() {
                switch event {
                case .program(let codecs): taken.programs.append(codecs)
                case .unit(let unit): taken.units.append(unit)
                }
            }
        } catch {
            taken.error = error
        }
        return taken
    }

    @Test("Every picture and every sound of a film comes out, with its time")
    func film() async throws {
        let taken = Self.read(try await Self.film())
        #expect(taken.error == nil && taken.programs == [[.h264, .aac]])
        let pictures = taken.units.filter { $0.stream == 0 }
        #expect(pictures.count == 50)
        let times = pictures.compactMap(\.presentationTime).sorted()
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 3600 } && times.count == 50)
        let sounds = taken.units.filter { $0.stream == 1 }
        #expect(sounds.count >= 93 && sounds.allSatisfy { ADTSHeader(parsing: $0.bytes) != nil })
    }

    @Test("What is not passed on is named")
    func otherSound() async throws {
        #expect(Self.read(try await Self.film(["-c:a", "ac3"])).programs == [[.h264, .other("ac3")]])
    }

    @Test("A stream joined in its midst is understood from its tables on")
    func joined() async throws {
        let film = try await Self.film()
        for start in stride(from: 5, to: 60, by: 7) {
            let taken = Self.read(Array(film[(start * Self.packetSize)...]))
            #expect(taken.programs == [[.h264, .aac]], "from packet \(start)")
        }
    }

    @Test("Lost packets, flipped bits and tables of nonsense end in pictures, or in an error")
    func mutations() async throws {
        let film = try await Self.film()
        var generator = SeededGenerator(seed: 20)
        for _ in 0..<60 {
            var bytes: [UInt8] = []
            for start in stride(from: 0, to: film.count, by: Self.packetSize) {
                var packet = Array(film[start..<start + Self.packetSize])
                if UInt8.random(in: 0..<50, using: &generator) == 0 { continue }
                for _ in 0..<Int.random(in: 0...2, using: &generator) {
                    // The sync byte stays: what has none never gets here.
                    packet[Int.random(in: 1..<Self.packetSize, using: &generator)] ^=
                        1 << UInt8.random(in: 0..<8, using: &generator)
                }
                bytes += packet
            }
            let taken = Self.read(bytes)
            #expect(taken.units.allSatisfy { $0.bytes.readableBytes < bytes.count })
        }
    }

    @Test("Megabytes without a picture are the end")
    func empty() {
        let stuffing: [UInt8] = [0x47, 0x1F, 0xFF, 0x10] + [UInt8](repeating: 0xFF, count: 184)
        let piece = (0..<7).flatMap { _ in stuffing }
        var given = 0
        #expect(throws: LibAVError.self) {
            let reader = try TransportStreamReader { buffer in
                buffer.copyBytes(from: piece)
                given += piece.count
                return given < 100 << 20 ? piece.count : 0
            }
            while try reader.next() != nil {}
        }
        #expect(given < 20 << 20)
    }

    @Test("Nothing at all is an error or the end, not a wait")
    func nothing() {
        #expect(Self.read([]).units.isEmpty)
        #expect(Self.read([0x47]).units.isEmpty)
    }
}

/// A linear congruential generator: the same seed gives the same mutations for ever.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 32 ^ state << 32
    }
}
