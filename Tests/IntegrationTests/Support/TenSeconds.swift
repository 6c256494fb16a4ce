import Media
import TestSupport
import Testing

/// Both players decode ten seconds of each stream over both paths, all at once, without a complaint.
///
/// A camera that `stutters` leaves pictures out while the machine is busy, and begins with sound alone; then only what there is
/// has to be in order.
func expectTenSeconds(
    of urls: [String], video: GStreamer.Track = .init(codec: .h264, rate: 25),
    audio: GStreamer.Track = .init(codec: .aac, rate: 48_000), stutters: Bool = false
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { players in
        for url in urls {
            for path in Transport.direct {
                players.addTask {
                    let playback = try await FFmpeg.watch(url, over: path, seconds: 10)
                    expect(playback, pictureRate: video.rate, stutters: stutters, "ffmpeg, \(path): \(url)")
                }
                players.addTask {
                    let complaints = try await GStreamer.complaints(
                        watching: url, over: path, video: video, audio: audio, seconds: stutters ? 5 : 10,
                        within: .seconds(40)
                    )
                    #expect(complaints == [], "GStreamer, \(path): \(url)")
                }
            }
        }
        try await players.waitForAll()
    }
}

private func expect(_ playback: Playback, pictureRate: Int, stutters: Bool, _ comment: Comment) {
    #expect(playback.complaints == [], comment)
    for times in [playback.pictures, playback.sounds] {
        #expect((times.last ?? 0) > 9, comment)
        #expect(Playback.falls(times) == [], comment)
        #expect(stutters || (times.first ?? 10) < 0.3, comment)
        #expect(stutters || Playback.longestStep(times) < 0.3, comment)
    }
    #expect(playback.pictures.count >= (stutters ? 5 * pictureRate : 96 * pictureRate / 10), comment)
}
