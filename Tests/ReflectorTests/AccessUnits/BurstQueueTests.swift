import NIOCore
import Testing

@testable import Reflector

@Suite struct BurstQueueTests {
    private func burst(_ size: Int, startsGroup: Bool = false) -> Burst {
        Burst(
            bytes: ByteBuffer(repeating: 1, count: size), entries: [], arrival: .uptimeNanoseconds(1),
            startsGroup: startsGroup)
    }

    /// What waits: sizes of bursts, 0 for a gap, -1 for the end, -3 for a lost source.
    private func drain(_ queue: BurstQueue, until count: Int) async -> [Int] {
        var sizes: [Int] = []
        while sizes.count < count, let items = await queue.take() {
            for item in items {
                switch item {
                case .burst(let burst): sizes.append(burst.byteCount)
                case .gap: sizes.append(0)
                case .start: sizes.append(-2)
                case .sourceLost: sizes.append(-3)
                case .ended: sizes.append(-1)
                }
            }
        }
        return sizes
    }

    @Test("A reader that is too slow loses all up to the begin of a group, and is told")
    func overflow() async {
        let queue = BurstQueue()
        let large = 1024 * 1024
        for _ in 0..<20 { queue.put(burst(large)) }
        queue.put(burst(1, startsGroup: true))
        #expect(await drain(queue, until: 16) == Array(repeating: large, count: 16))
        queue.put(burst(2))
        queue.put(burst(3, startsGroup: true))
        queue.put(burst(4))
        queue.end(reason: "test")
        #expect(await drain(queue, until: 4) == [0, 3, 4, -1])
    }

    @Test("Many small bursts are bounded as well")
    func count() async {
        let queue = BurstQueue()
        for _ in 0..<10_000 { queue.put(burst(1, startsGroup: true)) }
        #expect(await drain(queue, until: 4096).count == 4096)
    }

    @Test("A reader that waits is woken by a burst, and by the end")
    func waits() async {
        let queue = BurstQueue()
        async let first = drain(queue, until: 1)
        queue.put(burst(7))
        #expect(await first == [7])
        async let none = drain(queue, until: 1)
        queue.close()
        #expect(await none == [])
        queue.put(burst(8))
        #expect(await drain(queue, until: 1) == [])
    }
}
