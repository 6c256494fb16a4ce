import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import HLS

@Suite struct SharedWorkTests {
    /// Works that were handed over, done when the test says so.
    private final class Bench: Sendable {
        let works = Locked<[@Sendable (Bool) -> Void]>([])

        func submit(_ work: @escaping @Sendable (Bool) -> Void) { works.change { $0.append(work) } }

        func doNext(isRunning: Bool = true) {
            let work = works.change { $0.isEmpty ? nil : $0.removeFirst() }
            work?(isRunning)
        }
    }

    @Test("Two who wait for the same get what was made once")
    func once() async throws {
        let bench = Bench()
        let work = SharedWork<String, Int>(mostUnderWay: 2, submit: { bench.submit($0) })
        let made = Locked(0)
        async let first = work.value(for: "a") {
            made.change {
                $0 += 1; return $0
            }
        }
        async let second = work.value(for: "a") {
            made.change {
                $0 += 1; return $0
            }
        }
        try await eventually("both wait") { work.waitingCount(for: "a") == 2 }
        bench.doNext()
        #expect(await first == 1)
        #expect(await second == 1)
        #expect(bench.works.value.isEmpty)
    }

    @Test("What nobody waits for any more is not made, and can be asked for again")
    func cancelled() async throws {
        let bench = Bench()
        let work = SharedWork<String, Int>(mostUnderWay: 2, submit: { bench.submit($0) })
        let made = Locked(0)
        let task = Task {
            await work.value(for: "a") {
                made.change {
                    $0 += 1; return $0
                }
            }
        }
        try await eventually("it waits") { work.waitingCount(for: "a") == 1 }
        task.cancel()
        #expect(await task.value == nil)
        bench.doNext()
        #expect(made.value == 0)
        async let again = work.value(for: "a") { 7 }
        try await eventually("it waits") { work.waitingCount(for: "a") == 1 }
        bench.doNext()
        #expect(await again == 7)
    }

    @Test("Beyond the bound, and where the threads are gone, the answer is none")
    func bounds() async throws {
        let bench = Bench()
        let work = SharedWork<Int, Int>(mostUnderWay: 1, submit: { bench.submit($0) })
        async let first = work.value(for: 1) { 1 }
        try await eventually("it waits") { work.waitingCount(for: 1) == 1 }
        #expect(await work.value(for: 2) { 2 } == nil)
        bench.doNext(isRunning: false)
        #expect(await first == nil)
    }
}
