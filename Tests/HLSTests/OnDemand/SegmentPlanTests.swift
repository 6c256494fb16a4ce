import Foundation
import ISOMedia
import LibAV
import Media
import NIOCore
import TestSupport
import Testing

@testable import HLS

@Suite struct SegmentPlanTests {
    @Test("A movie is cut at the first key picture after the target less a tenth, and each sample is in one segment")
    func cuts() async throws {
        try await withTemporaryDirectory { folder in
            let plan = try MovieFile.plan(try await MovieFile.make(in: folder))
            #expect(plan.segments.map(\.start) == [0, 960_000, 1_920_000, 2_880_000, 3_840_000, 4_800_000, 5_760_000])
            #expect(plan.end == 6_000_000)
            #expect(plan.segments.indices.map { plan.duration(of: $0) }.reduce(.zero, +) == .seconds(6))
            #expect(plan.segments.indices.map { plan.pictures(of: $0).count } == [24, 24, 24, 24, 24, 24, 6])
            let video = try #require(plan.tracks.video?.units)
            let sound = try #require(plan.tracks.sound?.units)
            #expect(plan.segments.indices.flatMap { plan.pictures(of: $0) } == Array(video.range))
            #expect(plan.segments.indices.flatMap { plan.sound(of: $0) } == Array(sound.range))
            for index in plan.segments.indices {
                var pictures = video.cursor(over: plan.pictures(of: index))
                #expect(pictures.next()?.isSync == true)
                var frames = sound.cursor(over: plan.sound(of: index))
                while index > 0, let frame = frames.next() {
                    let time = sound.microseconds(frame.compositionTime)
                    #expect(time >= plan.segments[index].start)
                    if index + 1 < plan.segments.count { #expect(time < plan.segments[index + 1].start) }
                }
            }
            #expect(plan.frameRate == 25)
            // Pictures are decoded before they are shown, and so the first before 0.
            #expect(plan.origin == 1 && plan.advance == 0)
        }
    }

    @Test("The playlist says that it is whole, how long each segment is, and where to begin; the tag is in each name")
    func playlist() async throws {
        try await withTemporaryDirectory { folder in
            _ = try await MovieFile.make(in: folder)
            // Begins between two key pictures: with an edit list, and the pictures since the one before.
            _ = try await OutsideTool("ffmpeg").output(
                ["-nostdin", "-v", "error", "-ss", "1.2", "-i", "film.mp4", "-c", "copy", "cut.mp4"], in: folder)
            let plan = try MovieFile.plan(
                MovieFile.bytes("cut.mp4", in: folder), target: .seconds(3), form: .fragments(hasVideo: true))
            #expect(
                plan.playlist(tag: "0123456789abcdef").text == """
                    #EXTM3U
                    #EXT-X-VERSION:6
                    #EXT-X-TARGETDURATION:3
                    #EXT-X-PLAYLIST-TYPE:VOD
                    #EXT-X-MEDIA-SEQUENCE:0
                    #EXT-X-DISCONTINUITY-SEQUENCE:0
                    #EXT-X-INDEPENDENT-SEGMENTS
                    #EXT-X-START:TIME-OFFSET=0.240000,PRECISE=YES
                    #EXT-X-MAP:URI="0123456789abcdef-init.mp4"
                    #EXTINF:2.880000,
                    0123456789abcdef-0.m4s
                    #EXTINF:2.160000,
                    0123456789abcdef-1.m4s
                    #EXT-X-ENDLIST

                    """)
            let variant = try #require(plan.variants.variants.first)
            #expect(variant.resolution == PictureDimensions(width: 160, height: 120))
            #expect(variant.codecs?.count == 2 && variant.frameRate == 25)
        }
    }

    @Test("A segment is the same whenever it is made, and BANDWIDTH is what the largest one takes, to a tenth")
    func bytes() async throws {
        try await withTemporaryDirectory { folder in
            let films = [
                try await MovieFile.make(in: folder),
                try await MovieFile.make("film.mov", ["-ar", "8000", "-c:a", "pcm_alaw"], in: folder),
                try await MovieFile.make("mp3.mp4", ["-c:a", "libmp3lame"], in: folder),
            ]
            for film in films {
                for form in [SegmentForm.transportStream, .fragments(hasVideo: true)] {
                    let plan = try MovieFile.plan(film, form: form)
                    #expect(plan.tracks.muxed.count == 2 && plan.variants.variants.first?.codecs?.count == 2)
                    let made = try plan.segments.indices.map { try plan.make($0, from: film) }
                    for index in plan.segments.indices.reversed() {
                        #expect(try plan.make(index, from: film) == made[index])
                    }
                    let rates = plan.segments.indices.dropLast().map {
                        Double(made[$0].readableBytes) * 8 / plan.duration(of: $0).asSeconds
                    }
                    let peak = try #require(rates.max())
                    let told = Double(plan.rate.peak)
                    #expect(told > peak * 0.95 && told < peak * 1.1, "\(told) of \(peak), \(form)")
                }
            }
        }
    }

    @Test("Sound alone is cut by time, and what goes on behind the pictures is not lost")
    func sound() async throws {
        try await withTemporaryDirectory { folder in
            let alone = try MovieFile.plan(try await MovieFile.make("sound.m4a", ["-vn"], in: folder))
            #expect(alone.segments.count == 6 && alone.tracks.video == nil)
            #expect(alone.segments.indices.allSatisfy { alone.duration(of: $0) < .milliseconds(1030) })
            let short = try await MovieFile.make(
                "short.mp4", ["-map", "0:v", "-map", "1:a", "-vf", "trim=end=1.6"], in: folder)
            let plan = try MovieFile.plan(short)
            #expect(plan.end == 6_000_000)
            #expect(plan.segments.indices.allSatisfy { plan.duration(of: $0) <= .seconds(2) })
            let frames = try #require(plan.tracks.sound?.units.range)
            #expect(plan.segments.indices.flatMap { plan.sound(of: $0) } == Array(frames))
            #expect(plan.pictures(of: plan.segments.count - 1).isEmpty)
        }
    }

    @Test("Sound alone that becomes AAC is cut where its frames begin, and nothing of it is lost")
    func madeSound() async throws {
        try await withTemporaryDirectory { folder in
            for (name, coder) in [
                ("sound.mov", ["-ar", "8000", "-c:a", "pcm_mulaw"]), ("sound.mp4", ["-c:a", "libmp3lame"]),
                ("opus.mp4", ["-c:a", "libopus"]),
            ] {
                let film = try await MovieFile.make(name, ["-vn"] + coder, in: folder)
                let plan = try MovieFile.plan(film, form: .fragments(hasVideo: false))
                let made = try #require(plan.madeSound)
                #expect(plan.segments.count == 6 && plan.segments[0].start == 0)
                #expect(abs(plan.end - 6_000_000) < 30_000)
                #expect(plan.segments.indices.flatMap { plan.frames(of: $0) } == Array(made.frames))
                for index in plan.segments.indices.dropFirst() {
                    let frames = plan.frames(of: index)
                    #expect(made.grid.microseconds(ofFrame: frames.lowerBound) == plan.segments[index].start)
                }
            }
        }
    }

    @Test("A movie whose end is missing is played up to there, and one with too little for a key picture is refused")
    func truncated() async throws {
        try await withTemporaryDirectory { folder in
            let film = try await MovieFile.make("film.mp4", ["-movflags", "faststart"], in: folder)
            let half = try #require(film.getSlice(at: 0, length: film.readableBytes / 2))
            let plan = try MovieFile.plan(half)
            #expect(plan.end < 5_000_000 && plan.end > 1_000_000)
            for index in plan.segments.indices { #expect(try plan.make(index, from: half).readableBytes > 0) }
            let movie = try Movie(reading: film)
            let tracks = try MovieTracks(of: movie, in: film)
            #expect(throws: MovieError.self) {
                try SegmentPlan(tracks, target: .seconds(1), fileSize: 100)
            }
        }
    }

    @Test("Spoilt movies are cut or refused, within the bounds, and every segment can be asked for without harm")
    func mutations() async throws {
        try await withTemporaryDirectory { folder in
            let whole = try await MovieFile.make("film.mp4", ["-movflags", "faststart", "-t", "2"], in: folder)
            let split = try await MovieFile.make(
                "split.mp4", ["-movflags", "frag_keyframe+empty_moov", "-t", "2"], in: folder)
            let law = try await MovieFile.make(
                "law.mov", ["-movflags", "faststart", "-t", "2", "-ar", "8000", "-c:a", "pcm_mulaw"], in: folder)
            let opus = try await MovieFile.make(
                "opus.mp4", ["-movflags", "faststart", "-t", "2", "-c:a", "libopus"], in: folder)
            var (cut, made) = (0, 0)
            for film in [whole, split, law, opus] {
                var generator = SeededGenerator(seed: UInt64(film.readableBytes))
                let bytes = Array(film.readableBytesView)
                let head = film.firstRange(of: "mdat")
                for round in 0..<150 {
                    await Task.yield()
                    // The tables first, where most harm can be done; every fifth time anywhere.
                    let part = round % 5 == 0 ? bytes.count : head
                    let spoilt = ByteBuffer(bytes: generator.mutated(Array(bytes[..<part])) + bytes[part...])
                    guard let plan = try? MovieFile.plan(spoilt) else { continue }
                    cut += 1
                    #expect(plan.segments.count <= 2 * Int(SegmentPlan.Limits.segments))
                    #expect(zip(plan.segments, plan.segments.dropFirst()).allSatisfy { $0.start < $1.start })
                    _ = plan.playlist(tag: "0123456789abcdef").text
                    for index in plan.segments.indices.prefix(4) {
                        let segment = try? plan.make(index, from: spoilt)
                        made += (segment?.readableBytes ?? 0) > 0 ? 1 : 0
                    }
                }
            }
            // Else all of this would show nothing.
            #expect(cut > 30 && made > 60)
        }
    }
}

extension ByteBuffer {
    /// Where a text stands first; the end where it does not.
    fileprivate func firstRange(of text: String) -> Int {
        Array(readableBytesView).firstRange(of: Array(text.utf8))?.lowerBound ?? readableBytes
    }
}
