import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Web

@Suite("The board of cameras")
struct FleetBoardTests {
    @Test("However many look, cameras are asked once in half a second")
    func once() async {
        let now = NIOLockedValueBox(NIODeadline.uptimeNanoseconds(0))
        let asked = NIOLockedValueBox(0)
        let board = FleetBoard(now: { now.withLockedValue(\.self) }) {
            asked.withLockedValue { $0 += 1 }
            await Task.yield()
            return [.gate]
        }
        await withTaskGroup(of: Int.self) { tasks in
            for _ in 0..<100 { tasks.addTask { await board.cameras().count } }
            for await count in tasks { #expect(count == 1) }
        }
        #expect(asked.withLockedValue(\.self) == 1)
        now.withLockedValue { $0 = .uptimeNanoseconds(499_000_000) }
        _ = await board.cameras()
        #expect(asked.withLockedValue(\.self) == 1)
        now.withLockedValue { $0 = .uptimeNanoseconds(500_000_000) }
        _ = await board.cameras()
        #expect(asked.withLockedValue(\.self) == 2)
    }
}
