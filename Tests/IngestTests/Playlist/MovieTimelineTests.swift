import LibAV
import Media
import NIOCore
import Testing

@testable import Ingest

@Suite("Movies end to end")
struct MovieTimelineTests {
    /// A movie by its own times: pictures of 40 ms, frames of sound of 1920 ticks, and where each begins.
    private struct Film {
        var pictures = 0
        var sounds = 0
        var firstPicture: Int64 = 0
        var firstSound: Int64 = 0

        /// Times on the playlist's timeline: pictures, then sounds.
        func play(on timeline: inout MovieTimeline) -> (pictures: [Int64], sounds: [Int64]) {
            let tracks: [(kind: MediaKind, first: Int64?)] =
                (pictures > 0 ? [(.video, firstPicture)] : []) + (sounds > 0 ? [(.audio, firstSound)] : [])
            timeline.begin(tracks)
            func times(_ count: Int, _ first: Int64, _ step: Int64, _ track: Int) -> [Int64] {
                (0..<count).map { index in
                    let time = first + Int64(index) * step
                    return timeline.place(track: track, presentation: time, decoding: time, duration: step).presentation
                }
            }
            return (times(pictures, firstPicture, 3600, 0), times(sounds, firstSound, 1920, pictures > 0 ? 1 : 0))
        }
    }

    @Test("The next movie begins where the last one ended, whatever its own times begin with")
    func joint() {
        var timeline = MovieTimeline()
        let first = Film(pictures: 50, firstPicture: 900_000).play(on: &timeline)
        let second = Film(pictures: 25, firstPicture: -7200).play(on: &timeline)
        #expect(first.pictures.first == 0)
        #expect(first.pictures + second.pictures == (0..<75).map { $0 * 3600 })
    }

    @Test("Where sound is longer than the picture no track overlaps itself, and the two keep their distance")
    func longerSound() {
        var timeline = MovieTimeline()
        // An encoder's first frame of sound lies before the first picture.
        let film = Film(pictures: 50, sounds: 96, firstSound: -1920)
        let first = film.play(on: &timeline)
        let second = film.play(on: &timeline)
        #expect(second.sounds[0] == (first.sounds.last ?? 0) + 1920, "sound goes on without a gap")
        #expect(second.pictures[0] - second.sounds[0] == first.pictures[0] - first.sounds[0])
        let gap = second.pictures[0] - (first.pictures.last ?? 0) - 3600
        #expect((0...4320).contains(gap))
    }

    @Test("A movie without sound, or with nothing else, lets the next one begin behind all of it")
    func otherTracks() {
        var timeline = MovieTimeline()
        _ = Film(pictures: 10).play(on: &timeline)
        let sound = Film(sounds: 100).play(on: &timeline)
        #expect(sound.sounds.first == 36_000)
        let both = Film(pictures: 10, sounds: 10).play(on: &timeline)
        #expect(both.sounds.first == 228_000)
        #expect(both.pictures.first == both.sounds.first)
    }

    @Test("A thousand movies of frames that no clock divides do not drift")
    func drift() {
        var timeline = MovieTimeline()
        var last: Int64 = 0
        for _ in 0..<1000 { last = Film(pictures: 7, sounds: 5).play(on: &timeline).pictures.last ?? 0 }
        #expect(last == (7 * 1000 - 1) * 3600)
    }

    @Test("Times that jump in a file, forwards or back, go on; nonsense traps nobody")
    func jumps() {
        var timeline = MovieTimeline()
        timeline.begin([(.video, 0)])
        let times: [Int64] = [0, 3600, 90_000_000, 90_003_600, 500, 4100, .max, .min, 0, .min / 2]
        let placed = times.map { timeline.place(track: 0, presentation: $0, decoding: $0, duration: 0).decoding }
        #expect(placed.prefix(6) == [0, 3600, 7200, 10_800, 14_400, 18_000])
        #expect(zip(placed, placed.dropFirst()).allSatisfy { $0 < $1 && $1 < 100_000 })
        let far = timeline.place(track: 0, presentation: .max, decoding: 4, duration: .max)
        #expect(far.presentation == far.decoding)
        timeline.begin([(.video, .min), (.audio, .max), (.audio, nil)])
        _ = timeline.place(track: 1, presentation: 5, decoding: 5, duration: 0)
        _ = timeline.place(track: 9, presentation: 5, decoding: 5, duration: 0)
    }

    @Test("Reordered pictures keep their distance from their decoding")
    func reordering() {
        var timeline = MovieTimeline()
        timeline.begin([(.video, 7200)])
        let units: [(Int64, Int64)] = [(7200, 0), (18_000, 3600), (10_800, 7200), (14_400, 10_800)]
        let placed = units.map { timeline.place(track: 0, presentation: $0.0, decoding: $0.1, duration: 3600) }
        #expect(placed.map(\.presentation) == [0, 10_800, 3600, 7200])
        #expect(placed.map(\.decoding) == [-7200, -3600, 0, 3600])
    }

    @Test("Times of decoding that fall back a little do not turn the order of the file, nor move the pictures")
    func fallingBack() {
        var timeline = MovieTimeline()
        timeline.begin([(.video, 1890)])
        let units: [(Int64, Int64)] = [(1890, 1890), (16_290, 5490), (9090, 1890), (5490, 5490), (12_690, 9090)]
        let placed = units.map { timeline.place(track: 0, presentation: $0.0, decoding: $0.1, duration: 3600) }
        #expect(placed.map(\.decoding) == [0, 3600, 3600, 3600, 7200])
        #expect(placed.map(\.presentation) == [0, 14_400, 7200, 3600, 10_800])
    }

    @Test("Pictures whose times stand still are played by the usual step, and those of a fast camera by their own")
    func standstill() {
        var timeline = MovieTimeline()
        timeline.begin([(.video, 0)])
        let still = (0..<1050).map { _ in timeline.place(track: 0, presentation: 7, decoding: 7, duration: 0).decoding }
        #expect((still.last ?? 0) >= 990 * 3600)
        timeline.begin([(.video, 0)])
        let fast = (0..<500).map { timeline.place(track: 0, presentation: $0 * 375, decoding: $0 * 375, duration: 375) }
        #expect(zip(fast, fast.dropFirst()).allSatisfy { $1.decoding - $0.decoding == 375 })
    }

    @Test("A movie takes a fifth of a second at least")
    func shortest() {
        var timeline = MovieTimeline()
        let begins = (0..<5).map { _ in Film(pictures: 1).play(on: &timeline).pictures[0] }
        #expect(begins == [0, 18_000, 36_000, 54_000, 72_000])
    }

    @Test("A track whose times begin hours away is played beside the other; one that the file has late begins late")
    func apart() {
        let hours: Int64 = 10 * 3600 * 90_000
        var timeline = MovieTimeline()
        timeline.begin([(.video, 0), (.audio, hours)], newest: [7200, hours])
        #expect(timeline.place(track: 0, presentation: 0, decoding: 0, duration: 3600).decoding == 0)
        #expect(timeline.place(track: 1, presentation: hours, decoding: hours, duration: 1920).decoding == 0)
        timeline = MovieTimeline()
        timeline.begin([(.video, hours), (.audio, 0)], newest: [hours, 0])
        #expect(timeline.place(track: 0, presentation: hours, decoding: hours, duration: 3600).decoding == 0)
        timeline = MovieTimeline()
        timeline.begin([(.video, 0), (.audio, 900_000)], newest: [896_400, 900_000])
        #expect(timeline.place(track: 1, presentation: 900_000, decoding: 900_000, duration: 1920).decoding == 900_000)
        timeline = MovieTimeline()
        timeline.begin([(.video, 0), (.audio, nil)], newest: [3_600_000, nil])
        #expect(timeline.place(track: 0, presentation: 3600, decoding: 3600, duration: 3600).decoding == 3600)
        #expect(timeline.place(track: 1, presentation: hours, decoding: hours, duration: 1920).decoding == 3600)
    }

    @Test("A gap of half a minute in a file is none, unless the picture before it is said to last so long")
    func gap() {
        let times: [Int64] = [0, 3600, 2_700_000]
        for (duration, last) in [(Int64(3600), Int64(7200)), (2_696_400, 2_700_000)] {
            var timeline = MovieTimeline()
            timeline.begin([(.video, 0)])
            let placed = times.map {
                timeline.place(track: 0, presentation: $0, decoding: $0, duration: duration).decoding
            }
            #expect(placed.last == last)
        }
    }

    // MARK: The begin of a movie

    private static func unit(_ track: Int, _ time: Int64, key: Bool = false) -> MovieReader.Unit {
        .init(track: track, presentationTime: time, decodingTime: time, duration: 0, isKeyFrame: key, parts: [])
    }

    @Test("Nothing of the picture goes before the first key frame, nor what is shown before it; sound waits for nobody")
    func opening() {
        var opening = MovieOpening(pictures: 0)
        let units = [
            Self.unit(0, 0), Self.unit(1, 0), Self.unit(0, 100, key: true), Self.unit(0, 50), Self.unit(0, 150),
            Self.unit(0, 200, key: true), Self.unit(0, 180), Self.unit(0, 20),
        ]
        #expect(units.map { opening.takes($0) } == [false, true, true, false, true, true, true, true])
    }

    // MARK: The clock

    @Test("A day of pictures is played by the clock to the tick, and what is due is never due a tick too early")
    func clock() {
        var clock = PlayoutClock()
        let begin = NIODeadline.uptimeNanoseconds(1_000_000_007)
        #expect(clock.time(at: begin) == nil && clock.moment(of: 5) == nil)
        clock.played(-7200, at: begin)
        for time in stride(from: Int64(-7200), to: 24 * 3600 * 90_000, by: 90_000 * 977 + 13) {
            guard let moment = clock.moment(of: time), let back = clock.time(at: moment) else {
                Issue.record("no moment")
                return
            }
            #expect(back >= time && back - time <= 1)
            let elapsed = Double((moment - begin).nanoseconds) / 1e9
            #expect(abs(elapsed - Double(time + 7200) / 90_000) < 0.000_001)
            clock.played(time, at: moment + .milliseconds(20))
        }
    }

    @Test("What comes half a second late moves all that follows")
    func late() {
        var clock = PlayoutClock()
        let begin = NIODeadline.uptimeNanoseconds(1_000_000_000)
        clock.played(0, at: begin)
        clock.played(90_000, at: begin + .milliseconds(1400))
        #expect(clock.moment(of: 180_000) == begin + .seconds(2))
        clock.played(180_000, at: begin + .seconds(5))
        #expect(clock.moment(of: 270_000) == begin + .seconds(6))
    }

    @Test("What follows moves nothing when it comes late behind others; what leads does, and so does a new movie")
    func follower() {
        var clock = PlayoutClock()
        let begin = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var inTime = [clock.played(0, at: begin), clock.played(900_000, at: begin + .seconds(10))]
        inTime.append(clock.played(0, leads: false, at: begin + .seconds(10)))
        #expect(inTime == [true, true, false] && clock.moment(of: 990_000) == begin + .seconds(11))
        let afterPause = clock.played(990_000, leads: false, at: begin + .seconds(20))
        #expect(afterPause && clock.moment(of: 990_000) == begin + .seconds(20))
        let leading = clock.played(450_000, at: begin + .seconds(20))
        #expect(leading && clock.moment(of: 450_000) == begin + .seconds(20))
        clock.movieBegan()
        let first = clock.played(90_000, leads: false, at: begin + .seconds(21))
        #expect(first && clock.moment(of: 90_000) == begin + .seconds(21))
    }
}
