import Foundation
import ISOMedia
import NIOCore
import TestSupport

@testable import HLS

/// Movies that ffmpeg made, as they come to who cuts them.
enum MovieFile {
    /// Six seconds of H.264 with B frames, a key frame each 0.48 s, and AAC.
    static func make(_ name: String = "film.mp4", _ more: [String] = [], in folder: URL) async throws -> ByteBuffer {
        _ = try await OutsideTool("ffmpeg").output(
            [
                "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=6", "-f",
                "lavfi", "-i", "sine=sample_rate=48000:duration=6", "-pix_fmt", "yuv420p", "-c:v", "libx264",
                "-preset", "ultrafast", "-bf", "2", "-g", "12", "-c:a", "aac",
            ] + more + [name], in: folder)
        return try bytes(name, in: folder)
    }

    static func bytes(_ name: String, in folder: URL) throws -> ByteBuffer {
        ByteBuffer(bytes: try Data(contentsOf: folder.appending(path: name)))
    }

    static func plan(
        _ bytes: ByteBuffer, target: TimeAmount = .seconds(1), form: SegmentForm = .transportStream
    ) throws -> SegmentPlan {
        let tracks = try MovieTracks(of: Movie(reading: bytes), in: bytes, makesFragments: form != .transportStream)
        return try SegmentPlan(tracks, target: target, fileSize: bytes.size)
    }
}

/// Keeps nothing open.
final class Nobody: Sendable {}
