import Media
import NIOCore
import Testing

@testable import HLS

@Suite struct SegmenterTests {
    private static let rules = Segmenter.Rules(segmentDuration: .seconds(2))

    private static func picture(_ number: Int, key: Bool, at time: Int64? = nil) -> AccessUnit {
        let time = time ?? Int64(number) * 3600
        return AccessUnit(
            track: 0, decodeTime: time, presentationTime: time, wallClock: Int64(number) * 40_000_000,
            isRandomAccess: key, payload: ByteBuffer(repeating: 0, count: 100))
    }

    private static func frame(at ticks: Int64) -> AccessUnit {
        AccessUnit(
            track: 1, decodeTime: ticks, presentationTime: ticks, duration: 1024, wallClock: 0, isRandomAccess: true,
            payload: ByteBuffer(repeating: 1, count: 10))
    }

    private static func ends(_ actions: [Segmenter.Action]) -> [Int] {
        actions.compactMap { action in
            if case .endSegment(let end) = action { return Int(end.duration.nanoseconds / 1_000_000) }
            return nil
        }
    }

    private static func parts(_ actions: [Segmenter.Action]) -> [Int] {
        actions.compactMap { action in
            if case .endPart(let duration, _) = action { return Int(duration.nanoseconds / 1_000_000) }
            return nil
        }
    }

    @Test(
        "Segments are cut at the first key frame after their time, the first one sooner",
        arguments: [
            (25, [1000, 2000, 2000]), (50, [2000, 2000]), (40, [1600, 3200]), (100, [4000]), (12, [960, 1920, 1920]),
        ])
    func cuts(group: Int, expected: [Int]) {
        var segmenter = Segmenter(Self.rules)
        var actions = segmenter.tracksChanged(.init(video: 90_000, sound: nil))
        for number in 0..<126 {
            actions += segmenter.unitArrived(Self.picture(number, key: number % group == 0), .video)
        }
        #expect(Self.ends(actions) == expected)
        #expect(actions.first == .open(withSound: false, partTarget: nil))
        #expect(
            actions.dropFirst().first == .beginSegment(wallClock: 0, isDiscontinuity: true, isIndependent: true))
    }

    @Test("Nothing begins before a key frame, and less than half a second is no segment")
    func beginning() {
        var segmenter = Segmenter(Self.rules)
        var actions = segmenter.tracksChanged(.init(video: 90_000, sound: nil))
        for number in 0..<200 { actions += segmenter.unitArrived(Self.picture(number, key: false), .video) }
        #expect(actions.isEmpty)
        for number in 200..<210 { actions += segmenter.unitArrived(Self.picture(number, key: number == 200), .video) }
        #expect(segmenter.timelineBroke().isEmpty)
        #expect(actions.isEmpty)
    }

    @Test("A break ends the segment, and the next one is a discontinuity", arguments: [-50_000_000, 10_000_000])
    func breaks(jump: Int64) {
        var segmenter = Segmenter(Self.rules)
        var actions = segmenter.tracksChanged(.init(video: 90_000, sound: nil))
        for number in 0..<60 { actions += segmenter.unitArrived(Self.picture(number, key: number % 50 == 0), .video) }
        #expect(Self.ends(actions) == [2000])
        actions = []
        for number in 60..<140 {
            let time = Int64(number) * 3600 + jump
            actions += segmenter.unitArrived(Self.picture(number, key: number % 50 == 0, at: time), .video)
        }
        // 50 to 59, and what follows the jump waits for the key frame at 100.
        #expect(Self.ends(actions) == [400])
        actions = segmenter.timelineBroke()
        #expect(
            actions.contains(.beginSegment(wallClock: 4_000_000_000, isDiscontinuity: true, isIndependent: true)))
        #expect(Self.ends(actions) == [1600])
    }

    @Test("Timestamps that stand still do not break anything")
    func standing() {
        var segmenter = Segmenter(Self.rules)
        var actions = segmenter.tracksChanged(.init(video: 90_000, sound: nil))
        for number in 0..<101 {
            let time = Int64(number - number % 2) * 3600
            actions += segmenter.unitArrived(Self.picture(number, key: number % 50 == 0, at: time), .video)
        }
        #expect(Self.ends(actions) == [2000, 2000])
    }

    @Test("Sound goes with the pictures of its time; one that never comes is not muxed, one that stops is left out")
    func sound() {
        var segmenter = Segmenter(Self.rules)
        _ = segmenter.tracksChanged(.init(video: 90_000, sound: 48_000))
        var actions: [Segmenter.Action] = []
        var soundTime: Int64 = 0
        for number in 0..<501 {
            // From the second segment on, up to the fourth.
            while soundTime < Int64(number) * 1920 {
                if (60..<160).contains(number) { actions += segmenter.unitArrived(Self.frame(at: soundTime), .sound) }
                soundTime += 1024
            }
            actions += segmenter.unitArrived(Self.picture(number, key: number % 50 == 0), .video)
        }
        let opened = actions.compactMap { action in
            if case .open(let withSound, _) = action { return withSound }
            return nil
        }
        #expect(opened == [false, true, false])
        var last = 0.0
        for case .write(let unit, let role, _) in actions {
            let seconds = Double(unit.decodeTime) / (role == .video ? 90_000 : 48_000)
            #expect(abs(seconds - last) < 0.1, "what is written together belongs together")
            last = seconds
        }
        let breaks = actions.filter { action in
            if case .beginSegment(_, let isDiscontinuity, _) = action { return isDiscontinuity }
            return false
        }
        #expect(breaks.count == 3)
    }

    @Test("Sound alone is cut anywhere")
    func soundAlone() {
        var segmenter = Segmenter(Self.rules)
        var actions = segmenter.tracksChanged(.init(video: nil, sound: 48_000))
        for number in 0..<200 { actions += segmenter.unitArrived(Self.frame(at: Int64(number) * 1024), .sound) }
        #expect(Self.ends(actions) == [917, 1813])
    }

    @Test("A segment that outgrows the memory ends wherever it is, and the next goes on from there")
    func memory() {
        var segmenter = Segmenter(Segmenter.Rules(segmentDuration: .seconds(2), mostBytes: 17_800))
        var actions = segmenter.tracksChanged(.init(video: 90_000, sound: nil))
        for number in 0..<301 { actions += segmenter.unitArrived(Self.picture(number, key: number % 100 == 0), .video) }
        #expect(Self.ends(actions) == [2040, 1960, 2040, 1960, 2040, 1960])
        #expect(Self.written(actions) == Array(0..<300))
    }

    @Test(
        "Parts fill their target to 85 % at least, whatever a picture lasts",
        arguments: [5, 10, 12, 15, 25, 30, 50, 60])
    func parts(frameRate: Int) throws {
        var segmenter = Segmenter(
            Segmenter.Rules(segmentDuration: .seconds(2), partDuration: .milliseconds(500)))
        var actions = segmenter.tracksChanged(.init(video: 90_000, sound: nil))
        for number in 0..<(10 * frameRate) {
            // Up to a fiftieth of a picture too early or too late.
            let time = Int64(number * 90_000 / frameRate) + Int64(number * 7919 % (90_000 / frameRate / 25))
            actions += segmenter.unitArrived(Self.picture(number, key: number % (2 * frameRate) == 0, at: time), .video)
        }
        guard case .open(_, let target?) = actions.first else { return #expect(Bool(false), "no part target") }
        let most = Int(target.nanoseconds / 1_000_000)
        #expect((400...650).contains(most))
        var isLast = true
        var count = 0
        for action in actions.reversed() {
            switch action {
            case .endSegment: isLast = true
            case .endPart(let duration, _):
                let length = Int(duration.nanoseconds / 1_000_000)
                #expect(length <= most && (isLast || length * 100 >= most * 85), "\(length) of \(most)")
                isLast = false
                count += 1
            case .open, .beginSegment, .write: break
            }
        }
        #expect(count >= 12)
    }

    @Test(
        "M19 No picture is lost where pictures come slowly or one comes late, and no part is longer than its target",
        arguments: [
            // Two pictures a second.
            SlowCamera(interval: 45_000, group: 4, part: 200, late: [:]),
            // A picture every five seconds, all of them key pictures.
            SlowCamera(interval: 450_000, group: 1, part: 200, late: [:]),
            // 25 a second, of which some take a little, some much longer than a part.
            SlowCamera(interval: 3600, group: 50, part: 200, late: [60: 27_000, 120: 45_000, 149: 90_000, 201: 9000]),
            SlowCamera(interval: 3600, group: 50, part: 500, late: [60: 50_000, 77: 120_000, 78: 60_000]),
            // The first group has one.
            SlowCamera(interval: 3600, group: 50, part: 200, late: [10: 60_000]),
        ])
    func slow(camera: SlowCamera) throws {
        var segmenter = Segmenter(
            Segmenter.Rules(segmentDuration: .seconds(2), partDuration: .milliseconds(camera.part)))
        var actions = segmenter.tracksChanged(.init(video: 90_000, sound: nil))
        var time: Int64 = 0
        for number in 0...400 {
            actions += segmenter.unitArrived(Self.picture(number, key: number % camera.group == 0, at: time), .video)
            time += camera.interval + (camera.late[number] ?? 0)
        }
        actions += segmenter.timelineBroke()
        var target = TimeAmount.zero
        var lengths: [Int64] = []
        var written: [Int64] = []
        var isFresh = true
        for action in actions {
            switch action {
            case .open(_, let part): target = try #require(part)
            case .beginSegment(_, let isDiscontinuity, _):
                // The part target may change; but nothing that came late breaks anything.
                #expect(!isDiscontinuity || isFresh)
            case .write(let unit, _, let duration):
                written.append(unit.decodeTime)
                #expect(duration > 0)
            case .endPart(let duration, _):
                #expect(duration <= target)
                lengths.append(duration.nanoseconds / 1000)
            case .endSegment(let end):
                let sum = lengths.reduce(0, +)
                #expect(sum <= end.duration.nanoseconds / 1000 + 1)
                for length in lengths.dropLast() { #expect(length * 100_000 >= target.nanoseconds * 84) }
                // What is in no part was a remainder that fills one.
                if camera.late.isEmpty { #expect(sum > end.duration.nanoseconds / 1000 - 1000) }
                lengths = []
            }
            if case .open = action { isFresh = true } else if case .beginSegment = action { isFresh = false }
        }
        #expect(written.count == 401)
        #expect(zip(written, written.dropFirst()).allSatisfy { $0 < $1 })
        if !camera.late.isEmpty { #expect(target < .milliseconds(camera.part * 6 / 5), "\(target)") }
    }

    /// The numbers of the pictures that are in segments.
    private static func written(_ actions: [Segmenter.Action]) -> [Int] {
        actions.compactMap { action in
            if case .write(let unit, .video, _) = action { return Int(unit.wallClock / 40_000_000) }
            return nil
        }
    }

    /// Whether segments begin with key frames; that none but the first is a discontinuity is looked at, too.
    private static func independence(_ actions: [Segmenter.Action]) -> [Bool] {
        var found: [Bool] = []
        for case .beginSegment(_, let isDiscontinuity, let isIndependent) in actions {
            #expect(isDiscontinuity == found.isEmpty)
            found.append(isIndependent)
        }
        return found
    }

    @Test("A group that is too long for the playlist goes on in the next segment, and no picture is lost")
    func tooLong() throws {
        var segmenter = Segmenter(Self.rules)
        var actions = segmenter.tracksChanged(.init(video: 90_000, sound: nil))
        segmenter.untellable = .milliseconds(2500)
        // Of two seconds, but for one of six; later all are of six.
        let keys = Set(stride(from: 0, to: 900, by: 50)).subtracting([250, 300]).union(
            stride(from: 900, through: 1800, by: 150))
        for number in 0...1800 {
            actions += segmenter.unitArrived(Self.picture(number, key: keys.contains(number)), .video)
        }
        #expect(Self.written(actions) == Array(0..<1800))
        let lengths = Self.ends(actions)
        #expect(lengths.prefix(7) == [2000, 2000, 2000, 2000, 2480, 2480, 1040])
        // Once it is known that groups are longer, they are cut into even pieces.
        #expect(lengths.suffix(6) == [2000, 2000, 2000, 2000, 2000, 2000], "\(lengths)")
        #expect(lengths.allSatisfy { $0 < 2500 })
        #expect(Self.independence(actions).dropLast().suffix(6) == [true, false, false, true, false, false])
    }

    @Test(
        "Whatever the groups of a camera are, nothing is lost and no segment is longer than can be told",
        arguments: [100, 250, 313, 1500, 100_000], [nil, 500] as [Int64?])
    func longGroups(group: Int, part: Int64?) {
        var segmenter = Segmenter(
            Segmenter.Rules(
                segmentDuration: .seconds(2), partDuration: part.map { .milliseconds($0) },
                longestAtFirst: .seconds(6)))
        var actions = segmenter.tracksChanged(.init(video: 90_000, sound: 48_000))
        var sound: Int64 = 0
        for number in 0...6000 {
            if number == 1000 { segmenter.untellable = .milliseconds(10_500) }
            while sound < Int64(number) * 1920 {
                actions += segmenter.unitArrived(Self.frame(at: sound), .sound)
                sound += 1024
            }
            actions += segmenter.unitArrived(Self.picture(number, key: number % group == 0), .video)
        }
        #expect(Self.written(actions).starts(with: 0..<5700))
        let lengths = Self.ends(actions)
        #expect(lengths.prefix(3).allSatisfy { $0 <= 6000 } && lengths.allSatisfy { $0 <= 10_499 }, "\(lengths)")
        let independence = Self.independence(actions)
        // Each group begins a segment.
        #expect(independence.count { $0 } >= 5700 / group)
        if group <= 250 { #expect(independence.dropLast().suffix(6).allSatisfy { $0 }, "\(lengths)") }
        let frames = actions.count { action in
            if case .write(_, .sound, _) = action { return true }
            return false
        }
        #expect(frames >= 5700 * 1920 / 1024)
    }

    @Test("A picture that lasts beyond the end of its segment counts for both, and what follows goes on")
    func lateWithin() throws {
        var segmenter = Segmenter(Self.rules)
        var actions = segmenter.tracksChanged(.init(video: 90_000, sound: nil))
        segmenter.untellable = .milliseconds(2500)
        for number in 0...200 {
            // The one before takes almost a second longer.
            let late: Int64 = number > 90 ? 81_000 : 0
            let key = number % 50 == 0 && number != 100
            actions += segmenter.unitArrived(
                Self.picture(number, key: key, at: Int64(number) * 3600 + late), .video)
        }
        #expect(Self.written(actions) == Array(0..<200))
        #expect(Self.ends(actions).prefix(2) == [2000, 2499])
        #expect(Self.ends(actions).reduce(0, +) == 8900)
        #expect(!Self.independence(actions).isEmpty)
        let durations = actions.compactMap { action -> Int64? in
            if case .write(_, _, let duration) = action { return duration }
            return nil
        }
        #expect(durations[90] == 84_600, "what is written has no gap")
    }

    @Test("A picture that lasts until long behind the end of its segment does not make it longer than can be told")
    func lateAtTheEnd() {
        var segmenter = Segmenter(Self.rules)
        var actions = segmenter.tracksChanged(.init(video: 90_000, sound: nil))
        segmenter.untellable = .milliseconds(2500)
        for number in 0..<200 {
            let late: Int64 = number >= 100 ? 135_000 : 0
            actions += segmenter.unitArrived(
                Self.picture(number, key: number % 50 == 0, at: Int64(number) * 3600 + late), .video)
        }
        #expect(Self.ends(actions) == [2000, 2499, 2000])
    }

    @Test("Without key frames segments go on, and empty units are not free")
    func endless() {
        var segmenter = Segmenter(Self.rules)
        var actions = segmenter.tracksChanged(.init(video: 90_000, sound: nil))
        for number in 0..<2000 { actions += segmenter.unitArrived(Self.picture(number, key: number == 0), .video) }
        #expect(Self.ends(actions) == [12_000, 12_000, 12_000, 12_000, 12_000, 12_000])
        #expect(Self.independence(actions) == [true] + Array(repeating: false, count: 6))
        var small = Segmenter(Segmenter.Rules(segmentDuration: .seconds(2), mostBytes: 25_600))
        actions = small.tracksChanged(.init(video: 90_000, sound: nil))
        for number in 0..<200 {
            var unit = Self.picture(number, key: number == 0)
            unit.payload = ByteBuffer()
            actions += small.unitArrived(unit, .video)
        }
        #expect(Self.ends(actions).first.map { $0 < 4200 } == true)
    }

    struct SlowCamera: Sendable {
        /// Ticks.
        var interval: Int64
        /// Pictures.
        var group: Int
        /// Milliseconds.
        var part: Int64
        /// By how many ticks longer the pictures last that stand there.
        var late: [Int: Int64]
    }
}
