import NIOConcurrencyHelpers

/// Numbers that differ and repeat from run to run: chance, for tests.
final class NIOLockedCounter: Sendable {
    private let value = NIOLockedValueBox<UInt32>(1)

    func next() -> UInt32 {
        value.withLockedValue {
            $0 += 1
            return $0
        }
    }
}
