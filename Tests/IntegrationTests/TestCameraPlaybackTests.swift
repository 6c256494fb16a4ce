import Media
import NIOCore
import TestSupport
import Testing

@Suite("The built-in test camera, as players see it")
struct TestCameraPlaybackTests {
    @Test("ffmpeg and GStreamer decode ten seconds of it without a complaint, over TCP and over UDP, all four at once")
    func fourPlayers() async throws {
        try await withRelay([.testCamera()]) { relay in
            try await expectTenSeconds(of: [relay.url("test")])
        }
    }
}

/// Both players watch each stream over both paths, all at once.
func expectTenSeconds(
    of urls: [String], video: Codec = .h264, audio: Codec = .aac, pictureRate: Int = 25, audioFrameRate: Int = 46,
    over paths: [MediaPath] = MediaPath.allCases
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { players in
        for url in urls {
            for path in paths {
                players.addTask {
                    let playback = try await FFmpeg.watch(url, over: path, seconds: 10)
                    #expect(playback.complaints.isEmpty, "ffmpeg over \(path)")
                    #expect(playback.pictures.count >= 96 * pictureRate / 10, "ffmpeg over \(path)")
                    #expect(playback.sounds.count >= 96 * audioFrameRate / 10, "ffmpeg over \(path)")
                    #expect(Playback.isRising(playback.pictures) && Playback.isRising(playback.sounds), "ffmpeg over \(path): \(playback.sounds.prefix(10))")
                    #expect(Playback.longestStep(playback.pictures) < 0.3, "ffmpeg over \(path)")
                    #expect(Playback.longestStep(playback.sounds) < 0.3, "ffmpeg over \(path)")
                }
                players.addTask {
                    let complaints = try await GStreamer.complaints(
                        watching: url, over: path, video: video, pictures: 10 * pictureRate, audio: audio,
                        sounds: 10 * audioFrameRate, within: .seconds(20)
                    )
                    #expect(complaints.isEmpty, "GStreamer over \(path)")
                }
            }
        }
        try await players.waitForAll()
    }
}
