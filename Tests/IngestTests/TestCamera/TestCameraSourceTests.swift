import Foundation
import Ingest
import Media
import NIOCore
import TestSupport
import Testing

@Suite("TestCameraSource")
struct TestCameraSourceTests {
    private var smallFormat: TestCameraSource.Format {
        var format = TestCameraSource.Format()
        format.width = 320
        format.height = 180
        format.keyFrameInterval = 25
        return format
    }

    private func frames(
        _ count: Int, of camera: TestCameraSource, from start: Double = 1_700_000_000
    ) throws -> [TestCameraFrame] {
        try (0..<count).map { try camera.nextFrame(at: start + Double($0) / Double(camera.format.frameRate)) }
    }

    @Test("its tracks describe themselves as the RTP formats of H.264 and AAC demand")
    func tracks() throws {
        let camera = try TestCameraSource(smallFormat)
        #expect(camera.tracks.map(\.kind) == [.video, .audio])
        let (video, audio) = (camera.tracks[0].primary, camera.tracks[1].primary)
        #expect(video.payloadType == 96 && video.codec == .h264 && video.clockRate == 90_000)
        #expect(video.encodingName == "H264")
        #expect(video.parameters["packetization-mode"] == "1")
        guard case .h264(let sequenceSets, let pictureSets) = video.configuration else {
            Issue.record("no parameter sets")
            return
        }
        #expect(
            video.parameters["sprop-parameter-sets"]?.split(separator: ",").map { Data(base64Encoded: String($0)) }
                == (sequenceSets + pictureSets).map { Data($0) }
        )
        #expect(video.parameters["profile-level-id"]?.count == 6)
        #expect(audio.payloadType == 97 && audio.codec == .aac && audio.clockRate == 48_000 && audio.channels == 2)
        #expect(audio.encodingName == "MPEG4-GENERIC")
        #expect(audio.parameters["mode"] == "AAC-hbr")
        #expect(audio.parameters["sizelength"] == "13")
        #expect(audio.parameters["indexlength"] == "3")
        #expect(audio.parameters["indexdeltalength"] == "3")
        #expect(audio.parameters["config"]?.hasPrefix("1190") == true)
    }

    @Test("video time runs at 90 kHz, key frames come at the interval", arguments: [25, 30, 7])
    func videoTime(frameRate: Int) throws {
        var format = smallFormat
        format.frameRate = frameRate
        let made = try frames(51, of: TestCameraSource(format))
        let expected = (0..<51).map { (index: Int64) in index * 90_000 / Int64(frameRate) }
        #expect(made.map(\.videoTimestamp) == expected)
        #expect(made.indices.filter { made[$0].isKeyFrame } == [0, 25, 50])
        #expect(made.allSatisfy { !$0.video.isEmpty })
    }

    @Test("sound starts at 0, has no gap, and each frame comes with the picture it begins under")
    func audioTime() throws {
        let made = try frames(100, of: TestCameraSource(smallFormat))
        let timestamps = made.flatMap { $0.audio.map(\.timestamp) }
        let expected = timestamps.indices.map { Int64($0) * 1024 }
        #expect(timestamps == expected)
        for (index, frame) in made.enumerated() {
            let picture = Int64(index) * 1920..<Int64(index + 1) * 1920
            #expect(frame.audio.allSatisfy { picture.contains($0.timestamp) })
        }
        #expect((timestamps.last ?? 0) + 1024 >= 100 * 1920)
    }

    @Test("without sound there is one track and no sound")
    func withoutSound() throws {
        var format = smallFormat
        format.audioChannels = 0
        let camera = try TestCameraSource(format)
        #expect(camera.tracks.map(\.kind) == [.video])
        #expect(try frames(10, of: camera).allSatisfy { $0.audio.isEmpty })
    }

    @Test("formats that cannot be are refused")
    func refuses() {
        for change in [
            { $0.width = 321 }, { $0.frameRate = 0 }, { $0.audioChannels = -1 }, { $0.audioChannels = 3 },
            { $0.bitRate = .max }, { $0.keyFrameInterval = 0 },
        ] as [(inout TestCameraSource.Format) -> Void] {
            var format = smallFormat
            change(&format)
            #expect(throws: (any Error).self) { _ = try TestCameraSource(format) }
        }
    }

    @Test("ffmpeg sees every picture, and the flash on those of the first tenth of a second")
    func flashIsSeen() async throws {
        // Starts at x.5 s: seconds begin at frames 12.5 and 37.5 and flash for 2.5 frames.
        let made = try frames(50, of: TestCameraSource(smallFormat), from: 1_700_000_000.5)
        try await withTemporaryDirectory { directory in
            let stream: [UInt8] = made.flatMap(\.video).flatMap { [0, 0, 0, 1] + Array($0.readableBytesView) }
            try Data(stream).write(to: directory.appendingPathComponent("video.h264"))
            let pixels = try await OutsideTool("ffmpeg").output(
                ["-v", "error", "-i", "video.h264", "-vf", "crop=8:8:308:142,scale=1:1,format=gray"]
                    + ["-fps_mode", "passthrough", "-f", "rawvideo", "-"],
                in: directory
            )
            #expect(pixels.count == 50)
            #expect(pixels.indices.filter { pixels[$0] > 128 } == [13, 14, 38, 39])
        }
    }
}
