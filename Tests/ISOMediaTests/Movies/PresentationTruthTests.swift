import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ISOMedia

struct PresentationTruthTests {
    private static let movies = [
        MadeMovie("edits.mp4", MadeMovie.h264),
        MadeMovie("late.mov", MadeMovie.h264 + " -af adelay=0 -output_ts_offset 1.5"),
        MadeMovie("pieces.mp4", MadeMovie.h264 + " -movflags +frag_keyframe+delay_moov"),
    ]

    @Test("With edit lists, each sample is shown when ffprobe says it is", arguments: movies)
    func presentation(made: MadeMovie) async throws {
        try await withTemporaryDirectory { directory in
            let file = try await made.make(in: directory)
            let movie = try Movie(reading: FileBytes(path: file.path))
            let packets = try await ProbedPacket.packets(of: file, options: [])
            for (number, track) in movie.tracks.enumerated() {
                let expected = packets.filter { $0.stream == number }
                #expect(!expected.isEmpty)
                let places = Dictionary(expected.map { ($0.position, $0.pts) }) { first, _ in first }
                var compared = 0
                var cursor = SampleCursor(track.samples)
                while let sample = cursor.next() {
                    // What the edit list leaves out ffprobe does not tell.
                    guard let pts = places[sample.offset] else { continue }
                    let shown = track.edits.presentationTime(ofMedia: sample.compositionTime)
                    let told = MovieTime.convert(pts, from: track.timescale, to: MovieTime.microseconds)
                    // Waits are told in the movie's clock, 1 ms.
                    #expect(abs(shown - told) <= 1000, "sample \(sample.index) of track \(track.id)")
                    compared += 1
                }
                #expect(compared == expected.count)
            }
        }
    }
}
