import Foundation
import Media
import NIOCore
import TestSupport
import Testing

@testable import LibAV

@Suite("PictureDecoder")
struct PictureDecoderTests {
    /// Red on the left, blue on the right, as BT.709 of limited range has them.
    private static func redAndBlue(width: Int, height: Int) throws -> (track: MuxedTrack, unit: AccessUnit) {
        let encoder = try VideoEncoder(
            width: width, height: height, frameRate: 25, bitRate: 4_000_000, keyFrameInterval: 10)
        var picture = try Picture(width: width, height: height)
        for (plane, red, blue) in [(Picture.Plane.luma, 63, 32), (.blue, 102, 240), (.red, 240, 118)]
            as [(Picture.Plane, UInt8, UInt8)]
        {
            let size = picture.size(of: plane)
            try picture.withMutablePlane(plane) { bytes, stride in
                for row in 0..<size.height {
                    bytes[row * stride..<row * stride + size.width / 2].update(repeating: red)
                    bytes[row * stride + size.width / 2..<row * stride + size.width].update(repeating: blue)
                }
            }
        }
        let coded = try #require(try encoder.encode(picture: picture, presentationIndex: 0).first)
        var payload = ByteBuffer()
        for unit in coded.nalUnits {
            payload.writeInteger(UInt32(unit.readableBytes))
            payload.writeImmutableBuffer(unit)
        }
        let track = MuxedTrack(
            codec: .h264, configuration: encoder.configuration, clockRate: 90_000, dimensions: encoder.dimensions)
        return (track, Self.unit(payload))
    }

    private static func unit(_ payload: ByteBuffer) -> AccessUnit {
        AccessUnit(
            track: 0, decodeTime: 0, presentationTime: 0, duration: nil, wallClock: 0, isRandomAccess: true,
            payload: payload)
    }

    private struct Still {
        /// `width,height,pix_fmt,color_range`
        var facts: String
        /// Three bytes a pixel.
        var pixels: [UInt8]
    }

    /// What ffmpeg makes of a JPEG.
    private static func look(at jpeg: ByteBuffer) async throws -> Still {
        try await withTemporaryDirectory { directory in
            try Data(jpeg.readableBytesView).write(to: directory.appendingPathComponent("still.jpg"))
            let facts = try await OutsideTool("ffprobe").lines(
                [
                    "-v", "error", "-show_entries", "stream=codec_name,width,height,pix_fmt,color_range", "-of",
                    "csv=p=0", "still.jpg",
                ], in: directory)
            let pixels = try await OutsideTool("ffmpeg").output(
                [
                    "-nostdin", "-v", "error", "-xerror", "-i", "still.jpg", "-f", "rawvideo", "-pix_fmt", "rgb24", "-",
                ], in: directory)
            return Still(facts: facts.first ?? "", pixels: pixels)
        }
    }

    /// A key frame coded by ffmpeg, with its track.
    private static func key(_ arguments: [String], size: String = "320x180") async throws -> (MuxedTrack, AccessUnit) {
        try await withTemporaryDirectory { directory in
            _ = try await OutsideTool("ffmpeg").output(
                [
                    "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=\(size):rate=25:duration=0.2",
                ] + arguments + ["film.mp4"], in: directory)
            let reader = try MovieReader(path: directory.appendingPathComponent("film.mp4").path)
            let first = try #require(try reader.next())
            var payload = ByteBuffer()
            for part in first.parts {
                payload.writeInteger(UInt32(part.readableBytes))
                payload.writeImmutableBuffer(part)
            }
            let track = MuxedTrack(
                codec: reader.tracks[0].codec, configuration: reader.tracks[0].configuration, clockRate: 90_000)
            return (track, Self.unit(payload))
        }
    }

    @Test("The JPEG of a key frame has the colours of the picture, in full range", arguments: [nil, 320, 5000])
    func colours(width: Int?) async throws {
        let (track, unit) = try Self.redAndBlue(width: 1280, height: 720)
        let jpeg = try PictureDecoder.jpeg(ofKeyFrame: unit, track: track, width: width)
        let still = try await Self.look(at: jpeg)
        let size = width == 320 ? (320, 180) : (1280, 720)
        #expect(still.facts == "mjpeg,\(size.0),\(size.1),yuvj420p,pc")
        try #require(still.pixels.count == size.0 * size.1 * 3)
        func pixel(_ x: Int, _ y: Int) -> [Int] {
            still.pixels[(y * size.0 + x) * 3..<(y * size.0 + x) * 3 + 3].map { Int($0) }
        }
        for (found, wanted) in [
            (pixel(size.0 / 4, size.1 / 2), [255, 0, 0]), (pixel(size.0 * 3 / 4, size.1 / 2), [0, 0, 255]),
        ] {
            #expect(zip(found, wanted).allSatisfy { abs($0 - $1) <= 6 }, "\(found) for \(wanted)")
        }
    }

    @Test(
        "H.264 and H.265 of other forms become JPEGs of the right shape",
        arguments: [
            (["-c:v", "libx265", "-x265-params", "log-level=none"], nil, "320,180"),
            (["-c:v", "libx265", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p10le"], 160, "160,90"),
            (["-c:v", "libx264", "-pix_fmt", "yuv444p"], nil, "320,180"),
            (["-c:v", "libx264", "-pix_fmt", "yuvj420p"], 101, "101,57"),
            (["-c:v", "libx264", "-pix_fmt", "yuv420p", "-vf", "setsar=2"], nil, "640,180"),
            (["-c:v", "libx264", "-pix_fmt", "yuv420p", "-vf", "setsar=1/2"], 80, "80,90"),
            (["-c:v", "libx264", "-pix_fmt", "yuv420p", "-flags", "+ildct", "-x264-params", "tff=1"], nil, "320,180"),
            (["-c:v", "libx264", "-pix_fmt", "yuv420p", "-x264-params", "slices=8"], nil, "320,180"),
        ] as [([String], Int?, String)])
    func forms(arguments: [String], width: Int?, size: String) async throws {
        let (track, unit) = try await Self.key(arguments)
        let still = try await Self.look(at: try PictureDecoder.jpeg(ofKeyFrame: unit, track: track, width: width))
        #expect(still.facts == "mjpeg,\(size),yuvj420p,pc")
        // The test picture is colourful.
        #expect(Set(still.pixels).count > 100)
    }

    @Test("A camera's JPEG passes as it is, or is made smaller")
    func motionJPEG() async throws {
        let (track, unit) = try Self.redAndBlue(width: 640, height: 360)
        let jpeg = try PictureDecoder.jpeg(ofKeyFrame: unit, track: track, width: nil)
        let camera = MuxedTrack(codec: .mjpeg, configuration: .none, clockRate: 90_000)
        #expect(try PictureDecoder.jpeg(ofKeyFrame: Self.unit(jpeg), track: camera, width: nil) == jpeg)
        #expect(try PictureDecoder.jpeg(ofKeyFrame: Self.unit(jpeg), track: camera, width: 640) == jpeg)
        let small = try PictureDecoder.jpeg(ofKeyFrame: Self.unit(jpeg), track: camera, width: 160)
        let still = try await Self.look(at: small)
        #expect(still.facts == "mjpeg,160,90,yuvj420p,pc" && small.readableBytes < jpeg.readableBytes)
        #expect(still.pixels[0] > 248 && still.pixels[1] < 8 && still.pixels[2] < 8)
    }

    @Test("A better quality makes a larger file")
    func quality() async throws {
        let (track, unit) = try await Self.key(["-c:v", "libx264", "-pix_fmt", "yuv420p"])
        let sizes = try [2, 5, 31].map {
            try PictureDecoder.jpeg(ofKeyFrame: unit, track: track, width: nil, quality: $0).readableBytes
        }
        #expect(sizes[0] > sizes[1] && sizes[1] > sizes[2] && sizes[2] > 500)
    }

    @Test("What is no picture, too large or asked for in vain is refused in words")
    func refused() throws {
        let (track, unit) = try Self.redAndBlue(width: 64, height: 64)
        func refuses(_ unit: AccessUnit, _ track: MuxedTrack, width: Int? = nil, quality: Int = 5) -> Bool {
            do {
                _ = try PictureDecoder.jpeg(ofKeyFrame: unit, track: track, width: width, quality: quality)
                return false
            } catch {
                return error.description.hasPrefix("cannot ")
            }
        }
        #expect(refuses(unit, track, width: 0) && refuses(unit, track, width: .min) && refuses(unit, track, quality: 0))
        #expect(
            refuses(Self.unit(ByteBuffer()), track) && refuses(Self.unit(ByteBuffer(bytes: [0, 0, 0, 1, 0x65])), track))
        #expect(refuses(Self.unit(ByteBuffer(repeating: 0, count: 17 << 20)), track))
        let sound = MuxedTrack(codec: .pcmu, configuration: .none, clockRate: 8000)
        #expect(refuses(unit, sound))
        let camera = MuxedTrack(codec: .mjpeg, configuration: .none, clockRate: 90_000)
        #expect(refuses(unit, camera))
        // A JPEG that says it is 65 500 pixels wide.
        var sample = SampleJPEG()
        (sample.width, sample.height) = (65_496, 65_496)
        #expect(refuses(Self.unit(ByteBuffer(bytes: sample.bytes)), camera, width: 640))
        let other = MuxedTrack(
            codec: .h264, configuration: .h264(sequenceParameterSets: [[0x67, 1]], pictureParameterSets: [[0x68]]),
            clockRate: 90_000)
        var bare = unit
        bare.payload.moveReaderIndex(to: 0)
        let slices = LengthPrefix.nalUnits(in: bare.payload, lengthSize: 4)?.filter {
            $0.readableBytesView[0] & 31 == 5
        }
        var payload = ByteBuffer()
        for slice in slices ?? [] {
            payload.writeInteger(UInt32(slice.readableBytes))
            payload.writeImmutableBuffer(slice)
        }
        #expect(refuses(Self.unit(payload), other))
        #expect(!refuses(Self.unit(payload), track))
    }

    @Test("Mutated pictures become some JPEG or an error, and never crash or take long")
    func mutations() async throws {
        var random = LinearCongruentialGenerator(seed: 43)
        let samples = [
            try await Self.key(["-c:v", "libx264", "-pix_fmt", "yuv420p"]),
            try await Self.key(["-c:v", "libx265", "-x265-params", "log-level=none"]),
        ]
        for (track, unit) in samples {
            var made = 0
            for round in 0..<200 {
                var (bad, other) = (unit, track)
                bad.payload = random.mutated(unit.payload)
                if round % 3 == 0 { other.configuration = Self.mutated(track.configuration, &random) }
                if (try? PictureDecoder.jpeg(ofKeyFrame: bad, track: other, width: 64)) != nil { made += 1 }
            }
            #expect(made > 5)
        }
        let jpeg = try PictureDecoder.jpeg(ofKeyFrame: samples[0].1, track: samples[0].0, width: nil)
        let camera = MuxedTrack(codec: .mjpeg, configuration: .none, clockRate: 90_000)
        for _ in 0..<200 {
            _ = try? PictureDecoder.jpeg(ofKeyFrame: Self.unit(random.mutated(jpeg)), track: camera, width: 64)
        }
    }

    private static func mutated(
        _ configuration: CodecConfiguration, _ random: inout LinearCongruentialGenerator
    ) -> CodecConfiguration {
        func set(_ bytes: [UInt8]) -> [UInt8] {
            Array(random.mutated(ByteBuffer(bytes: bytes)).readableBytesView)
        }
        switch configuration {
        case .h264(let sequence, let picture):
            return .h264(sequenceParameterSets: sequence.map { set($0) }, pictureParameterSets: picture.map { set($0) })
        case .h265(let video, let sequence, let picture):
            return .h265(
                videoParameterSets: video.map { set($0) }, sequenceParameterSets: sequence.map { set($0) },
                pictureParameterSets: picture.map { set($0) })
        case .none, .aac: return configuration
        }
    }

    @Test("Hundreds of snapshots leave no memory behind")
    func memory() throws {
        let (track, unit) = try Self.redAndBlue(width: 1280, height: 720)
        for _ in 0..<5 { _ = try PictureDecoder.jpeg(ofKeyFrame: unit, track: track, width: 320) }
        let before = try residentBytes()
        for _ in 0..<200 { _ = try PictureDecoder.jpeg(ofKeyFrame: unit, track: track, width: 320) }
        // One picture of the decoder is 1.4 MB, and it has several.
        #expect(try residentBytes() - before < 150 << 20)
    }
}
