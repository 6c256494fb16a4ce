import Foundation
import ISOMedia
import NIOCore
import TestSupport
import Testing

@testable import HLS

@Suite("Movies of several parts in segments") struct EditedPlanTests {
    private static func edits(_ count: Int, using generator: inout SeededGenerator) -> [EditedMovie.Edit] {
        (0..<count).map { _ in
            let length = Double(Int.random(in: 1...150, using: &generator)) / 100
            let media = Double(Int.random(in: 0...550, using: &generator)) / 100
            switch Int.random(in: 0...9, using: &generator) {
            case 0: return .init(length, from: nil)
            case 1: return .init(length, from: media, rate: 0)
            default: return .init(length, from: media)
            }
        }
    }

    @Test(
        "Whatever the parts are, times grow from segment to segment, each begins with a key picture, and all can be made"
    )
    func anyParts() async throws {
        try await withTemporaryDirectory { folder in
            let film = Array((try await MovieFile.make(in: folder)).readableBytesView)
            var generator = SeededGenerator(seed: 11)
            for round in 0..<40 {
                var edits = Self.edits(Int.random(in: 2...12, using: &generator), using: &generator)
                edits.append(.init(0.5, from: 1))
                let bytes = ByteBuffer(bytes: EditedMovie.with(edits, for: film))
                let movie = try Movie(reading: bytes)
                guard movie.tracks.contains(where: { !$0.edits.isSimple }) else { continue }
                let plan = try MovieFile.plan(
                    bytes, form: round % 2 == 0 ? .transportStream : .fragments(hasVideo: true))
                let video = try #require(plan.tracks.video?.units)
                #expect(plan.segments.indices.flatMap { plan.pictures(of: $0) } == Array(video.range))
                let told = edits.reduce(0) { $0 + $1.duration }
                #expect(abs(Double(plan.end) / 1e6 - told) < 0.1, "\(edits)")
                var last = Int64.min
                for index in plan.segments.indices {
                    var cursor = video.cursor(over: plan.pictures(of: index))
                    var isFirst = true
                    while let sample = cursor.next() {
                        if isFirst { #expect(sample.isSync) }
                        isFirst = false
                        #expect(sample.decodeTime > last && sample.compositionOffset >= 0)
                        #expect(video.microseconds(sample.compositionTime) >= plan.segments[index].start - 20)
                        last = sample.decodeTime
                    }
                    #expect(try plan.make(index, from: bytes).readableBytes > 0)
                }
            }
        }
    }

    @Test("The playlist of several parts is as long as they are, and has no place to begin but its beginning")
    func playlist() async throws {
        try await withTemporaryDirectory { folder in
            let film = Array((try await MovieFile.make(in: folder)).readableBytesView)
            // Both begin between two key pictures.
            let edits: [EditedMovie.Edit] = [.init(1.5, from: 2.2), .init(1.5, from: 0.2)]
            let plan = try MovieFile.plan(ByteBuffer(bytes: EditedMovie.with(edits, for: film)))
            let playlist = plan.playlist(tag: "0123456789abcdef")
            #expect(playlist.start == nil && playlist.segments.allSatisfy { !$0.isDiscontinuity })
            #expect(plan.segments.first?.start == 0 && abs(plan.end - 3_000_000) < 30_000)
            #expect(plan.variants.variants.first?.frameRate == nil)
        }
    }
}
