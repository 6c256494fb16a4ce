import Media
import NIOCore
import Reflector
import TestSupport
import Testing

@testable import HLS

@Suite("FragmentCutter")
struct FragmentCutterTests {
    /// Everything that comes of a camera's units, in a clock of 90 kHz and of 8 kHz.
    private struct Cut {
        var opened: [Bool] = []
        var pictures: [(unit: AccessUnit, duration: Int64)] = []
        var sound: [(unit: AccessUnit, duration: Int64)] = []
        var cuts: [Bool] = []

        mutating func take(_ actions: [FragmentCutter.Action]) {
            for action in actions {
                switch action {
                case .open(let withSound): opened.append(withSound)
                case .write(let unit, .video, let duration): pictures.append((unit, duration))
                case .write(let unit, .sound, let duration): sound.append((unit, duration))
                case .cut(let startsGroup): cuts.append(startsGroup)
                }
            }
        }

        mutating func play(_ camera: inout SimulatedCamera, pictures count: Int, into cutter: inout FragmentCutter) {
            for _ in 0..<count { take(camera.next(), into: &cutter) }
        }

        mutating func take(_ events: [AccessUnitFeed.Event], into cutter: inout FragmentCutter) {
            for case .units(let units) in events {
                for unit in units { take(cutter.unitArrived(unit, unit.track == 0 ? .video : .sound)) }
            }
        }

        /// W3C MSE §3.5.8: where this fails a player throws away everything up to the next key frame.
        var isAcceptable: Bool {
            [(pictures, 90_000.0), (sound, 8_000.0)].allSatisfy { units, _ in
                zip(units, units.dropFirst()).allSatisfy { earlier, later in
                    let step = later.unit.decodeTime - earlier.unit.decodeTime
                    return step > 0 && step <= earlier.duration * 2
                        && later.unit.presentationTime >= later.unit.decodeTime
                }
            }
        }
    }

    private static func cutter(hasSound: Bool = true) -> FragmentCutter {
        var cutter = FragmentCutter()
        cutter.tracksChanged(SegmentClocks(video: 90_000, sound: hasSound ? 8_000 : nil), frameRate: nil)
        return cutter
    }

    @Test("A picture is cut off at once, with the sound before it, and only key frames begin groups")
    func pictures() {
        var (camera, cut) = (SimulatedCamera(), Cut())
        var cutter = Self.cutter()
        // Sound comes with the second picture: from then on nothing is held back.
        cut.play(&camera, pictures: 2, into: &cutter)
        #expect(cut.opened == [true] && cut.pictures.count == 2)
        for count in 3...120 {
            cut.play(&camera, pictures: 1, into: &cutter)
            #expect(cut.pictures.count == count && cut.cuts.count == count)
        }
        #expect(cut.cuts.indices.filter { cut.cuts[$0] } == [0, 50, 100])
        #expect(cut.pictures.allSatisfy { $0.unit.decodeTime == $0.unit.presentationTime && $0.duration == 3600 })
        #expect(cut.sound.count == 119 * 2)
        #expect(cut.isAcceptable && cut.opened == [true])
    }

    @Test("Sound that is announced and does not come is left out, and taken in when it comes")
    func silence() {
        var (camera, cut) = (SimulatedCamera(), Cut())
        var cutter = Self.cutter()
        camera.hasSound = false
        cut.play(&camera, pictures: 30, into: &cutter)
        #expect(cut.opened == [false] && cut.pictures.count == 30)
        camera.hasSound = true
        cut.play(&camera, pictures: 25, into: &cutter)
        #expect(cut.opened == [false, true] && !cut.sound.isEmpty)
        camera.hasSound = false
        cut.play(&camera, pictures: 150, into: &cutter)
        #expect(cut.opened == [false, true, false])
        #expect(cut.isAcceptable)
    }

    @Test("Pictures that come late are decoded near those before, and shown when they are to be")
    func late() {
        var (camera, cut) = (SimulatedCamera(), Cut())
        var cutter = Self.cutter()
        camera.group = 1000
        cut.play(&camera, pictures: 20, into: &cutter)
        // Half a second without a picture, though nothing is lost.
        var shown: [Int64] = []
        for _ in 0..<12 { _ = camera.next() }
        for _ in 0..<30 {
            let events = camera.next()
            for case .units(let units) in events { shown += units.filter { $0.track == 0 }.map(\.presentationTime) }
            cut.take(events, into: &cutter)
        }
        #expect(cut.isAcceptable)
        #expect(cut.pictures.suffix(30).map(\.unit.presentationTime) == shown)
        // And it is caught up with.
        #expect(cut.pictures.last.map { $0.unit.decodeTime == $0.unit.presentationTime } == true)
    }

    @Test("Times tremble, stand still and go back a little: those of decoding grow all the same", arguments: [1, 2, 3])
    func trembling(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (camera, cut) = (SimulatedCamera(), Cut())
        var cutter = Self.cutter()
        camera.jump(by: 10)
        for _ in 0..<500 {
            cut.take(camera.next(trembling: .random(in: -9000...9000, using: &random)), into: &cutter)
        }
        #expect(cut.pictures.count == 500 && cut.isAcceptable)
    }

    @Test("What comes after a pause follows what was before, and begins with a key frame", arguments: [20, -2, 0.4])
    func pause(seconds: Double) throws {
        var (camera, cut) = (SimulatedCamera(), Cut())
        var cutter = Self.cutter()
        cut.play(&camera, pictures: 60, into: &cutter)
        let end = cut.pictures.last.map { $0.unit.decodeTime + $0.duration } ?? 0
        if seconds > 0 { _ = camera.restart(after: seconds) } else { camera.jump(by: seconds) }
        cutter.timelineBroke()
        cut.play(&camera, pictures: 60, into: &cutter)
        try #require(cut.pictures.count == 120)
        let next = cut.pictures[60].unit
        #expect(next.isRandomAccess && cut.cuts.filter(\.self).count == 4)
        #expect(next.presentationTime >= end && next.presentationTime - end <= (seconds == 0.4 ? 36_000 : 3600))
        // Sound goes along.
        let distance = (cut.pictures.last?.unit.presentationTime ?? 0) / 90 - (cut.sound.last?.unit.decodeTime ?? 0) / 8
        #expect(abs(distance) < 100)
        #expect(cut.isAcceptable && cut.opened == [true])
    }

    @Test("Sound alone is cut every little while, and a viewer can begin every second")
    func soundAlone() {
        var cutter = FragmentCutter()
        cutter.tracksChanged(SegmentClocks(video: nil, sound: 8_000), frameRate: nil)
        var (camera, cut) = (SimulatedCamera(), Cut())
        for _ in 0..<100 {
            for case .units(let units) in camera.next() {
                for unit in units where unit.track == 1 { cut.take(cutter.unitArrived(unit, .sound)) }
            }
        }
        #expect(cut.opened == [true])
        #expect((50...70).contains(cut.cuts.count) && cut.cuts.filter(\.self).count == 4)
    }

    @Test("Units in any order with any times come to no harm, and no time of decoding goes back", arguments: 1...8)
    func anything(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var cutter = Self.cutter()
        var cut = Cut()
        for _ in 0..<2000 {
            let time: Int64 =
                switch Int.random(in: 0..<20, using: &random) {
                case 0: .random(in: .min ... .max, using: &random)
                case 1: .random(in: -1_000_000...1_000_000_000, using: &random)
                default: .random(in: 1_000_000...2_000_000, using: &random)
                }
            let role: SegmentRole = Bool.random(using: &random) ? .video : .sound
            let unit = AccessUnit(
                track: role == .video ? 0 : 1, decodeTime: time, presentationTime: time, duration: nil, wallClock: 0,
                isRandomAccess: .random(using: &random), payload: ByteBuffer())
            cut.take(cutter.unitArrived(unit, role))
            if Int.random(in: 0..<50, using: &random) == 0 { cutter.timelineBroke() }
        }
        #expect(!cut.pictures.isEmpty)
    }
}
