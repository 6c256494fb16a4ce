import NIOConcurrencyHelpers

/// A value that a test and the loops it watches share.
package struct Locked<Value: Sendable>: Sendable {
    private let box: NIOLockedValueBox<Value>

    /// Shares a first value.
    package init(_ value: Value) {
        box = NIOLockedValueBox(value)
    }

    /// A copy of it as it is now.
    package var value: Value { box.withLockedValue { $0 } }

    /// Changes it, alone for that moment.
    @discardableResult
    package func change<Result>(_ body: (inout Value) -> Result) -> Result {
        box.withLockedValue { body(&$0) }
    }
}
