import Foundation
import NIOCore
import TestSupport

/// GStreamer as a viewer.
enum GStreamer {
    typealias Track = GStreamerPlayer.Track

    /// Decodes `seconds` of both tracks; whatever hinders it, or takes longer than `bound`, is a complaint.
    static func complaints(
        watching url: String, over transport: Transport, video: Track, audio: Track, seconds: Int,
        within bound: TimeAmount
    ) async throws -> [String] {
        try await withTemporaryDirectory { directory in
            let player = try GStreamerPlayer(url, over: transport, video: video, audio: audio, in: directory)
            var complaints: [String] = []
            do {
                try await eventually("GStreamer has decoded \(seconds) s of both tracks", within: bound) {
                    let (pictures, samples) = player.decoded
                    return pictures >= seconds * video.rate && samples >= seconds * audio.rate || !player.isPlaying
                }
            } catch {
                complaints.append("\(error): \(player.decoded)")
            }
            complaints += player.complaints
            try await player.end()
            return complaints
        }
    }
}
