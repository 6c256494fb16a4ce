import NIOConcurrencyHelpers
import NIOCore

/// What a peer received and nobody asked for yet; a test takes from it, or waits a bounded time for it.
package final class Inbox<Element: Sendable>: Sendable {
    private struct Waiter: Sendable {
        let matches: @Sendable (Element) -> Bool
        let promise: EventLoopPromise<Element>
    }

    private struct Contents: Sendable {
        var elements: [Element] = []
        var waiters: [Waiter] = []
        var end: (any Error)?
    }

    private let contents = NIOLockedValueBox(Contents())
    private let eventLoop: any EventLoop
    private let name: String

    /// `name` says in a failure what the test waited for.
    package init(_ name: String, on eventLoop: any EventLoop) {
        self.name = name
        self.eventLoop = eventLoop
    }

    /// Everything that lies here now, oldest first; it stays.
    package var elements: [Element] {
        contents.withLockedValue { $0.elements }
    }

    package func put(_ element: Element) {
        let waiter = contents.withLockedValue { contents -> Waiter? in
            guard let index = contents.waiters.firstIndex(where: { $0.matches(element) }) else {
                contents.elements.append(element)
                return nil
            }
            return contents.waiters.remove(at: index)
        }
        waiter?.promise.succeed(element)
    }

    /// Nothing comes any more: those who wait, and those who will, get `error` once the inbox is empty.
    package func close(_ error: any Error) {
        let waiters = contents.withLockedValue { contents -> [Waiter] in
            contents.end = error
            defer { contents.waiters = [] }
            return contents.waiters
        }
        for waiter in waiters { waiter.promise.fail(error) }
    }

    /// Takes the oldest element that matches, waiting for it no longer than `bound`.
    package func next(
        within bound: TimeAmount = .seconds(20),
        where matches: @escaping @Sendable (Element) -> Bool = { _ in true }
    ) async throws -> Element {
        let promise = eventLoop.makePromise(of: Element.self)
        let waiting = contents.withLockedValue { contents -> Result<Element, any Error>? in
            if let index = contents.elements.firstIndex(where: matches) {
                return .success(contents.elements.remove(at: index))
            }
            if let end = contents.end { return .failure(end) }
            contents.waiters.append(Waiter(matches: matches, promise: promise))
            return nil
        }
        if let waiting {
            promise.completeWith(waiting)
            return try await promise.futureResult.get()
        }
        let timeout = eventLoop.scheduleTask(in: bound) { [contents, name] in
            let isWaiting = contents.withLockedValue { contents -> Bool in
                guard
                    let index = contents.waiters.firstIndex(where: { $0.promise.futureResult === promise.futureResult })
                else { return false }
                contents.waiters.remove(at: index)
                return true
            }
            if isWaiting { promise.fail(WaitTimedOut(name: name, bound: bound)) }
        }
        defer { timeout.cancel() }
        return try await promise.futureResult.get()
    }
}

/// A test waited for something that did not come.
package struct WaitTimedOut: Error, CustomStringConvertible {
    package let name: String
    package let bound: TimeAmount

    package init(name: String, bound: TimeAmount) {
        self.name = name
        self.bound = bound
    }

    package var description: String { "no \(name) within \(bound)" }
}
