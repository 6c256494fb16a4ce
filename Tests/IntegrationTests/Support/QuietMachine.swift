import NIOCore
import TestSupport
import Testing

/// Holds a test back until the unit tests that run in the same process leave it a thread.
///
/// These tests play live pictures: what computes for seconds on the threads that all tests share would be a camera that stutters.
struct QuietMachine: TestTrait, SuiteTrait, TestScoping {
    private static let nap = TimeAmount.milliseconds(20)
    /// A nap that takes this much longer was no quiet one.
    private static let oversleep = TimeAmount.milliseconds(30)
    private static let naps = 75
    /// It was quiet before: the unit tests are over, or were never to be run.
    private static let fewNaps = 10
    private static let hasBeenQuiet = Locked(false)
    /// A machine that never is quiet has to do as it is.
    private static let patience = TimeAmount.seconds(60)

    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let deadline = NIODeadline.now() + Self.patience
        let naps = Self.hasBeenQuiet.value ? Self.fewNaps : Self.naps
        var quiet = 0
        while quiet < naps, NIODeadline.now() < deadline {
            let begin = NIODeadline.now()
            try await Task.sleep(for: .nanoseconds(Self.nap.nanoseconds))
            quiet = NIODeadline.now() - begin <= Self.nap + Self.oversleep ? quiet + 1 : 0
        }
        if quiet == naps { Self.hasBeenQuiet.change { $0 = true } }
        try await function()
    }
}

extension Trait where Self == QuietMachine {
    /// Runs when the machine has time for live pictures.
    static var onQuietMachine: QuietMachine { QuietMachine() }
}
