import NIOConcurrencyHelpers

/// A value that a test and the loops it watches share.
package struct Locked<Value: Sendable>: Sendable {
    private let box: NIOLockedValueBox<Value>

    package init(_ value: Value) {
        box = NIOLockedValueBox(value)
    }

    package var value: Value { box.withLockedValue { $0 } }

    @discardableResult
    package func change<Result>(_ body: (inout Value) -> Result) -> Result {
        box.withLockedValue { body(&$0) }
    }
}
