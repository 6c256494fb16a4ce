import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ISOMedia

struct MovieTruthTests {
    @Test(
        "Every sample has the time, the size, the place and the mark that ffprobe finds",
        arguments: MadeMovie.plain + MadeMovie.fragmented)
    func samples(made: MadeMovie) async throws {
        try await withTemporaryDirectory { directory in
            let file = try await made.make(in: directory)
            let movie = try Movie(reading: FileBytes(path: file.path))
            let packets = try await ProbedPacket.packets(of: file)
            #expect(!packets.isEmpty)
            for (number, track) in movie.tracks.enumerated() {
                let expected = packets.filter { $0.stream == number }
                if track.samples.uniformSampleSize != nil {
                    try compareRuns(of: track.samples, with: expected)
                } else {
                    compareSamples(of: track.samples, with: expected)
                }
            }
        }
    }

    private func compareSamples(of table: SampleTable, with packets: [ProbedPacket]) {
        #expect(table.count == packets.count)
        var cursor = SampleCursor(table)
        // Where pictures are shown before they are decoded, ffmpeg has all of them decoded that much earlier.
        let early =
            (0..<table.count).compactMap { table.sample(at: $0)?.compositionOffset }.min().map { min(0, $0) } ?? 0
        for (index, packet) in packets.enumerated() {
            guard let sample = cursor.next() else {
                Issue.record("no sample \(index)")
                return
            }
            #expect(sample == table.sample(at: index))
            #expect(sample.offset == packet.position)
            #expect(sample.size == packet.size)
            #expect(sample.decodeTime + early == packet.dts)
            #expect(sample.compositionTime == packet.pts)
            #expect(sample.isSync == packet.isKey)
            #expect(table.isSync(index) == packet.isKey)
        }
        let beyond = cursor.next()
        #expect(beyond == nil)
    }

    /// ffprobe makes packets of many samples of PCM.
    private func compareRuns(of table: SampleTable, with packets: [ProbedPacket]) throws {
        var index = 0
        let size = try #require(table.uniformSampleSize)
        for packet in packets {
            let run = try #require(table.run(from: index, maximum: packet.size / size))
            #expect(run.offset == packet.position)
            #expect(run.bytes == packet.size)
            #expect(run.decodeTime == packet.dts)
            #expect(table.sample(at: index)?.offset == packet.position)
            index += run.count
        }
        #expect(index == table.count)
    }
}
