import TestSupport
import Testing

@testable import Reflector

@Suite struct DecodeOrderTests {
    private static let frame: Int64 = 3600

    /// Times of decoding in frames.
    private func decoded(_ shown: [Int64], depth: Int) -> [Int64] {
        var order = DecodeOrder()
        order.told(depth: depth)
        return shown.compactMap {
            let placement = order.place(
                $0 * Self.frame, frame: Self.frame, tolerance: 45_000, isReordered: false)
            guard case .placed(let decodeTime, $0 * Self.frame) = placement else { return nil }
            return decodeTime / Self.frame
        }
    }

    @Test("Without reordering pictures are decoded when they are shown")
    func plain() {
        #expect(decoded([0, 1, 2, 3], depth: 0) == [0, 1, 2, 3])
    }

    @Test("I19 with B pictures decoding is as far ahead as they are reordered by")
    func reordered() {
        #expect(decoded([0, 3, 1, 2, 6, 4, 5, 7], depth: 1) == [-1, 0, 1, 2, 3, 4, 5, 6])
        #expect(decoded([0, 4, 2, 1, 3, 8, 6, 5, 7], depth: 2) == [-2, -1, 0, 1, 2, 3, 4, 5, 6])
        #expect(decoded([0, 1, 2, 3], depth: 2) == [-2, -1, 0, 1])
    }

    @Test("I19 what is not told is learnt by the first picture that comes too late, and holds for the next group")
    func learnt() {
        var order = DecodeOrder()
        func place(_ time: Int64, isReordered: Bool) -> DecodeOrder.Placement {
            order.place(time, frame: 1, tolerance: 100, isReordered: isReordered)
        }
        #expect(place(0, isReordered: false) == .placed(decodeTime: 0, presentationTime: 0))
        #expect(place(30, isReordered: false) == .placed(decodeTime: 30, presentationTime: 30))
        #expect(place(10, isReordered: true) == .learnt)
        #expect(order.depth == 2)
        var last: Int64 = 30
        for (time, isReordered) in [(100, false), (130, false), (110, true), (120, true), (160, false)] {
            guard case .placed(let decoded, let shown) = place(Int64(time), isReordered: isReordered) else {
                Issue.record("\(time) has no place")
                continue
            }
            #expect(decoded > last && decoded <= shown && shown == Int64(time))
            last = decoded
        }
    }

    @Test(
        "A timestamp that goes back a little is moved behind the one before; one that goes back further breaks the timeline"
    )
    func backwards() {
        var order = DecodeOrder()
        func place(_ time: Int64) -> DecodeOrder.Placement {
            order.place(time, frame: 1, tolerance: 100, isReordered: false)
        }
        _ = place(1000)
        #expect(place(950) == .placed(decodeTime: 1001, presentationTime: 1001))
        #expect(place(1001) == .placed(decodeTime: 1002, presentationTime: 1002))
        #expect(place(500) == .wentBack(503))
    }

    @Test("Where decoding begins anew behind a gap, it does so just ahead of the first picture")
    func restart() {
        var order = DecodeOrder()
        order.told(depth: 2)
        func place(_ time: Int64) -> DecodeOrder.Placement {
            order.place(time, frame: 10, tolerance: 100, isReordered: false)
        }
        for time in [0, 40, 20, 10, 30] { _ = place(Int64(time)) }
        order.restart()
        #expect(place(1000) == .placed(decodeTime: 980, presentationTime: 1000))
        // Less of a gap than pictures are reordered by.
        order.restart()
        #expect(place(1010) == .placed(decodeTime: 990, presentationTime: 1010))
        order.restart()
        #expect(place(1005) == .placed(decodeTime: 991, presentationTime: 1005))
    }

    @Test("Whatever times come, decoding only goes on and never comes after showing")
    func anyTimes() {
        var generator = SeededGenerator(seed: 19)
        for depth in [0, 1, 3, 16, 100] {
            var order = DecodeOrder()
            order.told(depth: depth)
            var last = Int64.min
            for _ in 0..<2000 {
                let time = Int64.random(in: -1_000_000...1_000_000, using: &generator)
                guard
                    case .placed(let decoded, let shown) = order.place(
                        time, frame: 40, tolerance: 1_000_000, isReordered: Bool.random(using: &generator))
                else { continue }
                #expect(decoded > last && decoded <= shown)
                last = decoded
            }
        }
    }
}
