import Media
import TestSupport
import Testing

/// Both players decode ten seconds of each stream over both paths, all at once, without a complaint.
///
/// `longestStep` is the longest from one picture or sound to the next, in seconds: a camera that leaves pictures out while the
/// machine is busy, or begins with sound alone, is allowed a longer one.
func expectTenSeconds(
    of urls: [String], video: Codec = .h264, audio: GStreamer.Track = .init(codec: .aac, rate: 48_000),
    longestStep: Double = 0.3
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { players in
        for url in urls {
            for path in MediaPath.allCases {
                players.addTask {
                    expect(try await FFmpeg.watch(url, over: path, seconds: 10), longestStep, "ffmpeg, \(path): \(url)")
                }
                players.addTask {
                    let complaints = try await GStreamer.complaints(
                        watching: url, over: path, video: .init(codec: video, rate: 25), audio: audio, seconds: 10,
                        within: .seconds(20)
                    )
                    #expect(complaints == [], "GStreamer, \(path): \(url)")
                }
            }
        }
        try await players.waitForAll()
    }
}

private func expect(_ playback: Playback, _ longestStep: Double, _ comment: Comment) {
    #expect(playback.complaints == [], comment)
    for times in [playback.pictures, playback.sounds] {
        #expect((times.first ?? 10) < (longestStep < 1 ? 0.3 : 5) && (times.last ?? 0) > 9.5, comment)
        #expect(Playback.longestStep(times) < longestStep, comment)
        #expect(Playback.falls(times) == [], comment)
    }
    let expected = 25 * ((playback.pictures.last ?? 0) - (playback.pictures.first ?? 0))
    #expect(Double(playback.pictures.count) > 0.9 * expected, comment)
    #expect(playback.pictures.count >= 240 || longestStep >= 1, comment)
}
