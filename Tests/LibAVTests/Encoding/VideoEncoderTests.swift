import Foundation
import LibAV
import Media
import NIOCore
import TestSupport
import Testing

@Suite("VideoEncoder")
struct VideoEncoderTests {
    private func encode(
        _ count: Int, width: Int = 320, height: Int = 180, keyFrameInterval: Int = 10
    ) throws -> [EncodedAccessUnit] {
        let encoder = try VideoEncoder(
            width: width, height: height, frameRate: 25, bitRate: 500_000, keyFrameInterval: keyFrameInterval
        )
        var picture = try Picture(width: width, height: height)
        return try (0..<count).flatMap { index in
            try picture.drawSquare(at: index)
            return try encoder.encode(picture: picture, presentationIndex: Int64(index))
        }
    }

    @Test("parameter sets are known before the first picture")
    func parameterSetsAtOnce() throws {
        let encoder = try VideoEncoder(width: 320, height: 180, frameRate: 25, bitRate: 500_000, keyFrameInterval: 10)
        guard case .h264(let sequenceSets, let pictureSets) = encoder.configuration else {
            Issue.record("not H.264: \(encoder.configuration)")
            return
        }
        #expect(sequenceSets.map { $0[0] & 0x1F } == [7])
        #expect(pictureSets.map { $0[0] & 0x1F } == [8])
        #expect(encoder.dimensions == PictureDimensions(width: 320, height: 180))
    }

    @Test("each picture in is one access unit out, under its own index")
    func oneForOne() throws {
        #expect(try encode(23).map(\.presentationIndex) == Array(0..<23))
    }

    @Test("a key frame comes at every interval and nowhere else, led by the parameter sets")
    func keyFrames() throws {
        let accessUnits = try encode(31)
        #expect(accessUnits.filter(\.isKeyFrame).map(\.presentationIndex) == [0, 10, 20, 30])
        for accessUnit in accessUnits {
            let types = accessUnit.nalUnits.compactMap { $0.getInteger(at: $0.readerIndex, as: UInt8.self) }
                .map { $0 & 0x1F }
            if accessUnit.isKeyFrame {
                #expect(types.prefix(2) == [7, 8])
                #expect(types.last == 5)
            } else {
                #expect(types == [1])
            }
        }
    }

    @Test("ffprobe decodes every picture, at its size, in order, with no B frame")
    func ffprobeDecodes() async throws {
        let accessUnits = try encode(30)
        try await withTemporaryDirectory { directory in
            let (size, kinds) = try await probe(accessUnits, in: directory)
            #expect(size == ["width=320", "height=180"])
            #expect(kinds == (0..<30).map { $0 % 10 == 0 ? "1,I" : "0,P" })
        }
    }

    @Test("a decoder can start at any key frame")
    func startsAtAnyKeyFrame() async throws {
        let accessUnits = try encode(30)
        try await withTemporaryDirectory { directory in
            let (size, kinds) = try await probe(Array(accessUnits[20...]), in: directory)
            #expect(size == ["width=320", "height=180"])
            #expect(kinds.count == 10)
        }
    }

    private func probe(
        _ accessUnits: [EncodedAccessUnit], in directory: URL
    ) async throws -> (size: [String], kinds: [String]) {
        let stream = accessUnits.flatMap { Array($0.annexB.readableBytesView) }
        try Data(stream).write(to: directory.appendingPathComponent("video.h264"))
        let ffprobe = OutsideTool("ffprobe")
        let size = try await ffprobe.lines(
            ["-v", "error", "-show_entries", "stream=width,height", "-of", "default=nw=1", "video.h264"], in: directory
        )
        let kinds = try await ffprobe.lines(
            ["-v", "error", "-show_entries", "frame=key_frame,pict_type", "-of", "csv=p=0", "video.h264"], in: directory
        )
        // ffprobe ends a line with a comma where a frame has side data, such as the SEI of the first.
        return (size, kinds.map { $0.hasSuffix(",") ? String($0.dropLast()) : $0 })
    }

    @Test("noise stays below the bit rate")
    func keepsBitRate() throws {
        let bitRate = 400_000
        let encoder = try VideoEncoder(
            width: 320, height: 180, frameRate: 25, bitRate: bitRate, keyFrameInterval: 25
        )
        var picture = try Picture(width: 320, height: 180)
        try picture.drawSquare(at: 0)
        var random = LinearCongruentialGenerator(seed: 3)
        var bytes = 0
        for index in 0..<100 {
            try picture.drawNoise(&random)
            bytes += try encoder.encode(picture: picture, presentationIndex: Int64(index))
                .reduce(0) { $0 + $1.annexB.readableBytes }
        }
        // Four seconds, and the one second of buffer that the rate is averaged over.
        #expect(bytes * 8 < bitRate * 5)
        #expect(bytes * 8 > bitRate * 2)
    }

    @Test(
        "values out of range are refused in words",
        arguments: [
            (321, 180, 25, 500_000, 10), (320, 180, 0, 500_000, 10), (320, 180, 25, 1, 10), (320, 180, 25, 500_000, 0),
            (-1, -1, -1, -1, -1), (.max, .max, .max, .max, .max),
        ])
    func refusesValues(width: Int, height: Int, frameRate: Int, bitRate: Int, interval: Int) {
        let error = #expect(throws: LibAVError.self) {
            _ = try VideoEncoder(
                width: width, height: height, frameRate: frameRate, bitRate: bitRate, keyFrameInterval: interval
            )
        }
        #expect(error?.description.hasPrefix("cannot encode H.264 at ") == true)
    }

    @Test("a picture of another size and an index that does not grow are refused, and encoding goes on")
    func refusesPictures() throws {
        let encoder = try VideoEncoder(width: 320, height: 180, frameRate: 25, bitRate: 500_000, keyFrameInterval: 10)
        var picture = try Picture(width: 320, height: 180)
        try picture.drawSquare(at: 0)
        #expect(try encoder.encode(picture: picture, presentationIndex: 5).count == 1)
        #expect(throws: LibAVError.self) { try encoder.encode(picture: picture, presentationIndex: 5) }
        let other = try Picture(width: 160, height: 90)
        #expect(throws: LibAVError.self) { try encoder.encode(picture: other, presentationIndex: 6) }
        #expect(try encoder.encode(picture: picture, presentationIndex: 7).count == 1)
    }

    @Test("encoders that end give their memory back")
    func freesMemory() throws {
        func useEncoders(_ count: Int) throws {
            for _ in 0..<count {
                let encoder = try VideoEncoder(
                    width: 1280, height: 720, frameRate: 25, bitRate: 500_000, keyFrameInterval: 10
                )
                var picture = try Picture(width: 1280, height: 720)
                try picture.drawSquare(at: 1)
                #expect(try encoder.encode(picture: picture, presentationIndex: 0).count == 1)
                let sound = try AudioEncoder(channels: 2, bitRate: 96_000)
                _ = try sound.encode(firstSample: 0) { _, samples in samples.update(repeating: 0) }
            }
        }
        try useEncoders(3)
        let before = try residentBytes()
        try useEncoders(50)
        // One encoder of this size holds about 10 MB; the rest is what tests beside this one may use.
        #expect(try residentBytes() - before < 150_000_000)
    }

    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(fields[1])) * 4096
    }
}
