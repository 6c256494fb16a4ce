import NIOCore

/// How one push is doing, for whoever asks.
package struct PushStatus: Sendable {
    /// What the relay is doing about it.
    package enum State: Sendable, Hashable {
        /// The stream sends nothing: its source is away.
        case awaitingStream
        /// A connection is being made, or the server has not said yes to everything.
        case connecting
        /// Packets go out as they come.
        case live
        /// Lost; the next try comes in a while.
        case waiting
        /// Credentials were refused more than once: tried once a minute.
        case locked
        /// The relay stops.
        case ended
    }

    /// What the relay is doing about it.
    package fileprivate(set) var state = State.awaitingStream
    /// When it came into that state.
    package fileprivate(set) var since: NIODeadline
    /// Why it was lost last; `nil` as long as it never was.
    package fileprivate(set) var lastError: PushError?
    /// Of the server that is connected, or was last.
    package fileprivate(set) var address: String?
    /// Times that packets flowed again after a loss.
    package fileprivate(set) var reconnects: UInt64 = 0
    fileprivate var hasLived = false
    fileprivate var pastCounters = DeliveryCounters()
    fileprivate var sessionCounters = DeliveryCounters()

    fileprivate var pastRefused = 0
    fileprivate var sessionRefused = 0

    /// What was sent since the relay runs; a second old at most.
    package var sent: DeliveryCounters { pastCounters + sessionCounters }
    /// Of that, datagrams (reports among them) that the kernel refused to send; 0 over connections.
    package var refused: Int { pastRefused &+ sessionRefused }
}

/// The status of one push, written on its stream's home loop.
final class PushMonitor: Sendable {
    private let box: NIOLoopBoundBox<PushStatus>
    private let eventLoop: any EventLoop

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        box = .makeBoxSendingValue(PushStatus(since: .now()), eventLoop: eventLoop)
    }

    func status() async throws -> PushStatus {
        try await eventLoop.submit { [box] in box.value }.get()
    }

    /// From any thread.
    func entered(_ state: PushStatus.State, because error: PushError? = nil) {
        if eventLoop.inEventLoop {
            enter(state, because: error)
        } else {
            eventLoop.execute { self.enter(state, because: error) }
        }
    }

    private func enter(_ state: PushStatus.State, because error: PushError?) {
        if let error { box.value.lastError = error }
        guard box.value.state != state else { return }
        box.value.state = state
        box.value.since = .now()
        guard state == .live else { return }
        if box.value.hasLived { box.value.reconnects &+= 1 }
        box.value.hasLived = true
    }

    // MARK: The session's calls, on the loop

    func connected(to address: String) {
        box.value.address = address
    }

    func counted(_ counters: DeliveryCounters, refused: Int = 0) {
        box.value.sessionCounters = counters
        box.value.sessionRefused = refused
    }

    func sessionEnded(_ counters: DeliveryCounters, refused: Int = 0) {
        box.value.pastRefused &+= refused
        box.value.sessionRefused = 0
        box.value.pastCounters = box.value.pastCounters + counters
        box.value.sessionCounters = DeliveryCounters()
    }
}

extension DeliveryCounters {
    static func + (left: DeliveryCounters, right: DeliveryCounters) -> DeliveryCounters {
        var sum = left
        sum.packets &+= right.packets
        sum.bytes &+= right.bytes
        sum.skips &+= right.skips
        sum.skippedBursts &+= right.skippedBursts
        return sum
    }
}
