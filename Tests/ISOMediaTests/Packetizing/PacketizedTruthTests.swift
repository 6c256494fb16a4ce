import Foundation
import Media
import NIOCore
import TestSupport
import Testing

@testable import ISOMedia

/// Movies that ffmpeg makes, played, and put together again: every byte is the file's.
struct PacketizedTruthTests {
    private static let movies = [
        MadeMovie("h264.mp4", MadeMovie.h264),
        MadeMovie("fragmented.mp4", MadeMovie.h264 + " -movflags +frag_keyframe+empty_moov+default_base_moof"),
        MadeMovie("inband.mp4", "-c:v libx264 -preset ultrafast -bf 2 -tag:v avc3 -c:a libmp3lame"),
        MadeMovie(
            "h265.mp4", "-c:v libx265 -preset ultrafast -g 10 -x265-params log-level=none:bframes=2 -c:a libmp3lame"),
        MadeMovie("mpeg4.mp4", "-c:v mpeg4 -bf 2 -g 12 -c:a libopus -ar 48000"),
        MadeMovie("mpeg4.mov", "-c:v mpeg4 -c:a libmp3lame -ac 2 -b:a 320k"),
        MadeMovie("h263.3gp", "-c:v h263 -s 176x144 -c:a aac"),
        MadeMovie("motion.mov", "-c:v mjpeg -huffman default -pix_fmt yuvj420p -an"),
    ]

    @Test("What a receiver puts together is what the file has, at the time that ffprobe finds", arguments: movies)
    func samples(made: MadeMovie) async throws {
        try await withTemporaryDirectory { directory in
            let file = try await made.make(in: directory)
            let bytes = try FileBytes(path: file.path)
            let movie = try Movie(reading: bytes)
            let probed = try await ProbedPacket.packets(of: file, options: [])
            for (number, track) in movie.tracks.enumerated() {
                let format = try MediaTrackFormat(track, in: bytes)
                var reader = PacketizedSamples(track, format: format, in: bytes)
                let expected = probed.filter { $0.stream == number }
                #expect(reader.sampleCount == expected.count)
                for (index, packet) in expected.enumerated() {
                    let sample = try bytes.read(at: packet.position, count: packet.size)
                    let played = try PlayedPacket.packets(ofSample: index, &reader)
                    try check(played, of: sample, track.samples.isSync(index), format)
                    let time = MovieTime.convert(packet.pts, from: track.timescale, to: MovieTime.microseconds)
                    #expect(abs(reader.presentationTime(ofSample: index) - time) <= 1)
                    let due = MovieTime.convert(packet.dts, from: track.timescale, to: MovieTime.microseconds)
                    #expect(abs(reader.dueTime(ofSample: index) - due) <= 1)
                    #expect(played.allSatisfy { $0.due == reader.dueTime(ofSample: index) })
                    let timestamp = MovieTime.convert(packet.pts, from: track.timescale, to: UInt32(format.clockRate))
                    let told = played.first.map { Int32(bitPattern: $0.timestamp) }
                    #expect(told.map { abs(Int64($0) - timestamp) <= 1 } == true)
                }
            }
        }
    }

    private func check(
        _ played: [PlayedPacket], of sample: ByteBuffer, _ isSync: Bool, _ format: MediaTrackFormat
    ) throws {
        let payloads = played.map(\.payload)
        let whole = Array(buffer: sample)
        #expect(payloads.allSatisfy { $0.count <= 1440 })
        #expect(Set(played.map(\.timestamp)).count == 1)
        #expect(played.allSatisfy { $0.payloadType == format.payloadType })
        #expect(played[0].traits.contains(.startsRandomAccess) == isSync)
        #expect(played.dropFirst().allSatisfy { !$0.traits.contains(.startsRandomAccess) })
        let isMarked = format.description.kind == .video || format.description.primary.codec == .aac
        #expect(played.map(\.marker) == payloads.indices.map { isMarked && $0 == payloads.count - 1 })
        switch format.description.primary.codec {
        case .h264, .h265:
            let isH265 = format.description.primary.codec == .h265
            let units = try #require(PlayedSample.units(payloads, isH265: isH265))
            let own = try #require(LengthPrefix.nalUnits(in: sample, lengthSize: 4)).map { Array(buffer: $0) }
            #expect(units.suffix(own.count).elementsEqual(own))
            let sets = units.dropLast(own.count)
            let expected: [[UInt8]] = isSync && !hasSets(own, isH265) ? knownSets(format) : []
            #expect(sets.elementsEqual(expected))
        case .aac: #expect(PlayedSample.aac(payloads) == whole)
        case .mpegAudio: #expect(PlayedSample.mpegAudio(payloads) == whole)
        case .h263: #expect(PlayedSample.h263(payloads) == whole)
        case .mjpeg:
            let scan = try #require(PlayedSample.jpegScan(payloads))
            #expect(whole.suffix(scan.count + 2).elementsEqual(scan + [0xFF, 0xD9]))
            #expect(whole.dropLast(scan.count + 2).suffix(3) == [0, 63, 0])
        default: #expect(payloads.flatMap { $0 } == whole)
        }
    }

    private func hasSets(_ units: [[UInt8]], _ isH265: Bool) -> Bool {
        units.contains { isH265 ? (32...34).contains($0[0] >> 1 & 0x3F) : [7, 8].contains($0[0] & 0x1F) }
    }

    private func knownSets(_ format: MediaTrackFormat) -> [[UInt8]] {
        switch format.description.primary.configuration {
        case .h264(let sequence, let picture): sequence + picture
        case .h265(let video, let sequence, let picture): video + sequence + picture
        default: []
        }
    }

    @Test("B pictures are told as disposable where nothing refers to them, and sent in the order they are decoded in")
    func disposable() async throws {
        try await withTemporaryDirectory { directory in
            let made = MadeMovie(
                "b.mp4", "-c:v libx264 -preset ultrafast -bf 2 -g 12 -x264-params b-pyramid=0:b-adapt=0 -an")
            let bytes = try FileBytes(path: try await made.make(in: directory).path)
            let track = try Movie(reading: bytes).tracks[0]
            var reader = try PacketizedSamples(track, format: MediaTrackFormat(track, in: bytes), in: bytes)
            var disposable = 0
            for index in 0..<reader.sampleCount {
                let played = try PlayedPacket.packets(ofSample: index, &reader)
                let isDisposable = played.allSatisfy { $0.traits.contains(.disposable) }
                #expect(isDisposable == played.contains { $0.traits.contains(.disposable) })
                disposable += isDisposable ? 1 : 0
                if index > 0 { #expect(reader.dueTime(ofSample: index) > reader.dueTime(ofSample: index - 1)) }
            }
            // Two of three, but for the key pictures and the last ones.
            #expect(disposable > reader.sampleCount / 2)
        }
    }

    @Test(
        "PCM goes out in packets of 20 ms or less, as RTP has its bytes",
        arguments: [
            ("-c:a pcm_mulaw -ar 8000", "mulaw", 160, "PCMU/8000"),
            ("-c:a pcm_alaw -ar 8000", "alaw", 160, "PCMA/8000"),
            ("-c:a pcm_s16le -ac 2", "s16be", 1440, "L16/44100/2"),
            ("-c:a pcm_s16be -ac 1", "s16be", 1440, "L16/44100"),
            ("-c:a pcm_s24le -ar 16000 -ac 1", "s24be", 960, "L24/16000"),
            ("-c:a pcm_mulaw -ar 16000 -ac 2", "mulaw", 640, "PCMU/16000/2"),
            ("-c:a pcm_u8 -ar 8000 -ac 1", "s16be", 320, "L16/8000"),
            ("-c:a pcm_s8 -ac 2", "s16be", 1440, "L16/44100/2"),
            ("-c:a pcm_s32le -ac 1", "s24be", 1440, "L24/44100"), ("-c:a pcm_s32be -ac 1", "s24be", 1440, "L24/44100"),
            ("-c:a pcm_f32le -ac 1", "s24be", 1440, "L24/44100"), ("-c:a pcm_f64be -ac 1", "s24be", 1440, "L24/44100"),
        ])
    func waveforms(codec: String, raw: String, size: Int, map: String) async throws {
        try await withTemporaryDirectory { directory in
            let file = try await MadeMovie("sound.mov", codec + " -c:v mpeg4").make(in: directory)
            let samples = try await OutsideTool("ffmpeg").output(
                ["-v", "error", "-i", file.path, "-vn", "-f", raw, "-"], in: directory)
            let bytes = try FileBytes(path: file.path)
            let track = try #require(Movie(reading: bytes).tracks.first { $0.handler == "soun" })
            let format = try MediaTrackFormat(track, in: bytes)
            #expect(format.mediaDescription.contains("a=rtpmap:\(format.payloadType) \(map)\r\n"))
            var reader = PacketizedSamples(track, format: format, in: bytes)
            var played: [PlayedPacket] = []
            for index in 0..<reader.sampleCount { played += try PlayedPacket.packets(ofSample: index, &reader) }
            #expect(played.flatMap(\.payload) == samples)
            #expect(played.dropLast().allSatisfy { $0.payload.count == size })
            let perPacket = played.count > 1 ? played[1].timestamp : 0
            #expect(played.map(\.timestamp) == played.indices.map { UInt32($0) * perPacket })
            let middle = reader.sampleCount / 2
            #expect(reader.syncSample(for: reader.presentationTime(ofSample: middle)) == middle)
            #expect(reader.syncSample(after: reader.sampleCount - 1) == nil && reader.syncSample(before: 1) == 0)
        }
    }

    @Test("What cannot be carried is told")
    func untold() async throws {
        try await withTemporaryDirectory { directory in
            let made = [
                MadeMovie("own.mov", "-c:v mjpeg -huffman optimal -pix_fmt yuvj420p -an"),
                MadeMovie("pro.mov", "-c:v prores -an"),
                MadeMovie("ima.mov", "-c:a adpcm_ima_qt -vn"), MadeMovie("three.mp4", "-c:a ac3 -vn"),
                // ffmpeg gives the colours twice as many blocks in each macroblock as RFC 2435 knows.
                MadeMovie("wide.mov", "-c:v mjpeg -huffman default -pix_fmt yuvj422p -an"),
            ]
            var reasons: [String] = []
            for movie in made {
                let bytes = try FileBytes(path: try await movie.make(in: directory).path)
                let track = try Movie(reading: bytes).tracks[0]
                do {
                    _ = try MediaTrackFormat(track, in: bytes)
                    reasons.append("")
                } catch {
                    reasons.append("\(error)")
                }
            }
            #expect(reasons[0].contains("Huffman"))
            #expect(reasons[1].contains("ap") && reasons[3].contains("ac-3"))
            #expect(reasons[2].contains("ima4") && reasons[4].contains("4:2:2"))
        }
    }
}
