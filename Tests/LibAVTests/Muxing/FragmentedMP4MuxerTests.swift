import Foundation
import Media
import NIOCore
import TestSupport
import Testing

@testable import LibAV

@Suite("FragmentedMP4Muxer")
struct FragmentedMP4MuxerTests {
    /// Fragments, a cut before each key frame of the first track and in the midst of each group.
    private static func mux(_ film: SampleFilm) throws -> (initialization: ByteBuffer, fragments: [ByteBuffer]) {
        let muxer = try FragmentedMP4Muxer(tracks: film.tracks)
        var fragments: [ByteBuffer] = []
        for (index, unit) in film.units.enumerated() {
            if index > 0, (unit.track == 0 && unit.isRandomAccess && film.tracks.count > 1) || index % 7 == 0 {
                fragments.append(try muxer.cut())
            }
            try muxer.write(unit, duration: unit.duration ?? 0)
        }
        fragments.append(try muxer.cut())
        return (muxer.initialization, fragments)
    }

    private static func bytes(_ parts: ByteBuffer...) -> [UInt8] { parts.flatMap { Array($0.readableBytesView) } }

    /// What stands in the first box of that name, or the first bytes of it.
    private static func content(of box: String, in bytes: [UInt8], _ length: Int?) -> [UInt8] {
        let name = Array(box.utf8)
        guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: name) }), start >= 4 else { return [] }
        let size = bytes[start - 4..<start].reduce(0) { $0 << 8 | Int($1) } - 8
        return Array(bytes[(start + 4)...].prefix(length ?? size))
    }

    @Test(
        "ffprobe finds every unit at the time it was given, with B frames, in fragments that begin far up in time",
        arguments: [
            (Codec.h264, SampleFilm.Sound.aac), (.h265, .aac), (.h264, nil), (.h265, nil), (nil, .aac), (.h264, .mp3),
        ] as [(Codec?, SampleFilm.Sound?)],
        [0, 1_099_511_627_700] as [Int64])
    func times(tracks: (video: Codec?, sound: SampleFilm.Sound?), start: Int64) async throws {
        // Times before zero are none: the first picture is decoded 80 ms before it is shown.
        let film = try await SampleFilm.make(tracks.video, tracks.sound, from: start + 9000)
        let (initialization, fragments) = try Self.mux(film)
        #expect(fragments.allSatisfy { $0.getString(at: $0.readerIndex + 4, length: 4) == "moof" })
        let file = Self.bytes(initialization) + fragments.flatMap { Array($0.readableBytesView) }
        let given = film.units.map { "\($0.track),\($0.presentationTime),\($0.decodeTime)" }
        #expect(try await SampleFilm.probe(file, as: "film.mp4").sorted() == given.sorted())
        #expect(try await SampleFilm.decode(file, as: "film.mp4").count >= film.units.count - 3)
    }

    @Test("A fragment plays behind the initialization alone, from the place it has in the stream")
    func fragmentAlone() async throws {
        let film = try await SampleFilm.make(.h264, .aac, from: 9_000_000)
        let muxer = try FragmentedMP4Muxer(tracks: film.tracks)
        let keys = film.units.indices.filter { film.units[$0].track == 0 && film.units[$0].isRandomAccess }
        for unit in film.units[..<keys[2]] { try muxer.write(unit, duration: unit.duration ?? 0) }
        _ = try muxer.cut()
        let group = film.units[keys[2]..<keys[3]]
        for unit in group { try muxer.write(unit, duration: unit.duration ?? 0) }
        let file = Self.bytes(muxer.initialization, try muxer.cut())
        let given = group.map { "\($0.track),\($0.presentationTime),\($0.decodeTime)" }
        #expect(try await SampleFilm.probe(file, as: "film.mp4").sorted() == given.sorted())
        #expect(try muxer.cut().readableBytes == 0)
    }

    @Test("A gap in time, and a unit that comes early, keep the next fragment at its place")
    func gaps() async throws {
        var film = try await SampleFilm.make(.h264, .aac, from: 9000)
        let middle = film.units.indices.filter { film.units[$0].track == 0 && film.units[$0].isRandomAccess }[2]
        for index in film.units.indices[middle...] {
            // Nine hours of pictures, and sound that overlaps by 30 ms.
            let shift: Int64 = film.units[index].track == 0 ? 90_000 * 32_400 : -1323
            film.units[index].decodeTime += shift
            film.units[index].presentationTime += shift
        }
        let last = try #require(film.units[..<middle].lastIndex { $0.track == 1 })
        film.units.remove(at: last)
        let (initialization, fragments) = try Self.mux(film)
        let file = Self.bytes(initialization) + fragments.flatMap { Array($0.readableBytesView) }
        let given = film.units.map { "\($0.track),\($0.presentationTime),\($0.decodeTime)" }
        let found = Set(try await SampleFilm.probe(file, as: "film.mp4"))
        #expect(found.subtracting(given).sorted() == Set(given).subtracting(found).sorted())
        #expect(found.count == given.count)
        // `mfhd`: a box of 16 bytes with the fragment's number at its end.
        let numbers = fragments.compactMap { $0.getInteger(at: $0.readerIndex + 20, as: UInt32.self) }
        #expect(numbers == (1...UInt32(fragments.count)).map { $0 })
    }

    @Test("The initialization has avc1 or hvc1, CMAF's brand and no edit list; its record is that of ffmpeg")
    func initialization() async throws {
        for (codec, box, record) in [(Codec.h264, "avc1", "avcC"), (.h265, "hvc1", "hvcC")] {
            let film = try await SampleFilm.make(codec, .aac)
            let muxer = try FragmentedMP4Muxer(tracks: film.tracks)
            let text = String(decoding: muxer.initialization.readableBytesView, as: UTF8.self)
            #expect(muxer.initialization.getString(at: 4, length: 4) == "ftyp")
            for word in ["moov", box, record, "mp4a", "cmfc", "mvex"] { #expect(text.contains(word), "\(word)") }
            for word in ["elst", "tmcd", "hev1", "Lavf"] { #expect(!text.contains(word), "\(word)") }
            #expect(muxer.initialization.readableBytes < 4000)
            // ffmpeg puts x265's SEI beside the sets; up to their number all of the record is the same.
            let length = codec == .h264 ? nil : 22
            let ours = Self.content(of: record, in: Array(muxer.initialization.readableBytesView), length)
            let theirs = Self.content(of: record, in: film.movie, length)
            #expect(ours == theirs)
            #expect(ours.count >= 22)
        }
    }

    @Test("Parameter sets that the initialization has go out of the samples, others and SEI stay")
    func parameterSets() async throws {
        let film = try await SampleFilm.make(.h264, nil)
        let units = try #require(PictureUnits(film.tracks[0]))
        let key = try #require(film.units.first)
        let sample = try units.sample(of: key.payload)
        let kinds = try #require(LengthPrefix.nalUnits(in: sample, lengthSize: 4)).map { $0.readableBytesView[0] & 31 }
        #expect(kinds == [6, 5])
        var other = ByteBuffer(bytes: [0, 0, 0, 3, 0x68, 1, 2])
        other.writeImmutableBuffer(sample)
        #expect(try units.sample(of: other) == other)
        #expect(try units.sample(of: sample) == sample)
    }

    @Test("What is no track, no unit or out of order is refused in words, and writing goes on")
    func refused() async throws {
        let film = try await SampleFilm.make(.h264, .aac)
        func refuses(_ track: MuxedTrack) -> Bool {
            do {
                _ = try FragmentedMP4Muxer(tracks: [track])
                return false
            } catch {
                return error.description.hasPrefix("cannot write fragments of MP4: ")
            }
        }
        #expect(refuses(MuxedTrack(codec: .h264, configuration: .none, clockRate: 90_000)))
        #expect(refuses(MuxedTrack(codec: .pcmu, configuration: .none, clockRate: 8000)))
        #expect(refuses(MuxedTrack(codec: .aac, configuration: .aac(audioSpecificConfig: []), clockRate: 8000)))
        #expect(refuses(MuxedTrack(codec: .aac, configuration: .aac(audioSpecificConfig: [18, 16]), clockRate: 0)))
        #expect(throws: LibAVError.self) { _ = try FragmentedMP4Muxer(tracks: []) }

        let muxer = try FragmentedMP4Muxer(tracks: film.tracks)
        var key = try #require(film.units.first { $0.track == 0 })
        (key.decodeTime, key.presentationTime) = (1000, 1000)
        try muxer.write(key, duration: 3600)
        let changes: [(inout AccessUnit) -> Void] = [
            { $0.decodeTime = 1000 }, { $0.decodeTime = -5 }, { $0.decodeTime = .max }, { $0.decodeTime = .min },
            { $0.presentationTime = .max }, { $0.decodeTime = 1 << 40 }, { $0.track = 2 }, { $0.track = -1 },
            { $0.payload = ByteBuffer() }, { $0.payload = ByteBuffer(bytes: [0, 0, 1, 0, 0x65]) },
            { $0.payload = ByteBuffer(bytes: [0, 0, 0, 2, 0x68, 0]) }, { $0.track = 1 },
        ]
        for (index, change) in changes.enumerated() {
            var bad = key
            bad.decodeTime = 4600
            bad.presentationTime = 4600
            if index == changes.count - 1 { bad.payload = ByteBuffer(bytes: [0xFF, 0xF1, 0, 0, 0]) }
            change(&bad)
            #expect(throws: LibAVError.self, "change \(index)") { try muxer.write(bad, duration: 3600) }
        }
        key.decodeTime = 4600
        key.presentationTime = 0
        #expect(throws: LibAVError.self) { try muxer.write(key, duration: .max) }
        try muxer.write(key, duration: 3600)
        let file = Self.bytes(muxer.initialization, try muxer.cut())
        #expect(try await SampleFilm.probe(file, as: "film.mp4") == ["0,1000,1000", "0,4600,4600"])
    }

    @Test("Ten thousand fragments, and hundreds of muxers, leave no memory behind")
    func memory() async throws {
        let film = try await SampleFilm.make(.h264, .aac)
        var picture = try #require(film.units.first { $0.track == 0 })
        picture.payload = ByteBuffer(bytes: [0, 0, 0x4E, 0x20, 0x65] + [UInt8](repeating: 7, count: 19_999))
        var sound = try #require(film.units.first { $0.track == 1 })
        func run(_ cuts: Int, _ muxer: FragmentedMP4Muxer) throws {
            for _ in 0..<cuts {
                picture.decodeTime += 3600
                picture.presentationTime = picture.decodeTime
                sound.decodeTime += 1764
                sound.presentationTime = sound.decodeTime
                try muxer.write(picture, duration: 3600)
                try muxer.write(sound, duration: 1024)
                #expect(try muxer.cut().readableBytes > 20_000)
            }
        }
        let muxer = try FragmentedMP4Muxer(tracks: film.tracks)
        picture.decodeTime = 0
        try run(100, muxer)
        let before = try residentBytes()
        try run(10_000, muxer)
        for _ in 0..<300 {
            let other = try FragmentedMP4Muxer(tracks: film.tracks)
            try other.write(picture, duration: 3600)
        }
        // Fragments alone are 200 MB; what tests beside this one use is in the difference too.
        #expect(try residentBytes() - before < 100 << 20)
    }

    @Test("Mutated units are refused or written, and never crash")
    func mutations() async throws {
        var random = LinearCongruentialGenerator(seed: 41)
        for codec in [Codec.h264, .h265] {
            let film = try await SampleFilm.make(codec, .aac, from: 9000)
            let fragmented = try FragmentedMP4Muxer(tracks: film.tracks)
            let transport = try TransportStreamMuxer(tracks: film.tracks)
            var written = 0
            for round in 0..<4 {
                for var unit in film.units {
                    let forward = Int64(round * 2 * film.tracks[unit.track].clockRate)
                    unit.decodeTime += forward
                    unit.presentationTime += forward
                    if round > 0 { unit.payload = random.mutated(unit.payload) }
                    if (try? fragmented.write(unit, duration: unit.duration ?? 0)) != nil { written += 1 }
                    _ = try? transport.write(unit, duration: unit.duration ?? 0)
                }
                #expect(try fragmented.cut().readableBytes > 0)
                #expect(try transport.cut().readableBytes % 188 == 0)
            }
            #expect(written > film.units.count)
        }
    }
}
