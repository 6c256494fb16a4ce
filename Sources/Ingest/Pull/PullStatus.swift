import NIOCore
import RTSP
import Reflector

/// How a camera is doing, for whoever asks.
package struct PullStatus: Sendable {
    /// What the relay is doing about it.
    package enum State: Sendable, Hashable {
        /// Nobody wants it.
        case idle
        /// A connection is being made, or the camera has not sent a packet yet.
        case connecting
        /// Packets come.
        case live
        /// Gone; the next try comes in a while.
        case waiting
        /// Credentials were refused more than once: tried once a minute (quirk B11).
        case locked
    }

    /// What the relay is doing about the camera.
    package fileprivate(set) var state = State.idle
    /// When it came into that state.
    package fileprivate(set) var since: NIODeadline
    /// Why it was lost last; `nil` as long as it never was.
    package fileprivate(set) var lastError: PullError?
    /// Of the connection that is, or was last.
    package fileprivate(set) var address: String?
    /// Of the connection that is, or was last.
    package fileprivate(set) var transport: TransportSpecification.LowerTransport?
    /// Connections begun.
    package fileprivate(set) var connects: UInt64 = 0
    /// Of the sessions before.
    fileprivate var pastCounters = IngestCounters()
    fileprivate var sessionCounters = IngestCounters()

    /// Since the relay knows the camera; some tenths of a second old.
    package var counters: IngestCounters { pastCounters + sessionCounters }
}

/// The status of one camera, written on its stream's home loop.
final class PullMonitor: Sendable {
    private let box: NIOLoopBoundBox<PullStatus>
    private let eventLoop: any EventLoop

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        box = .makeBoxSendingValue(PullStatus(since: .now()), eventLoop: eventLoop)
    }

    func status() async throws -> PullStatus {
        try await eventLoop.submit { [box] in box.value }.get()
    }

    /// From any thread.
    func entered(_ state: PullStatus.State, because error: PullError? = nil) {
        if eventLoop.inEventLoop {
            enter(state, because: error)
        } else {
            eventLoop.execute { self.enter(state, because: error) }
        }
    }

    private func enter(_ state: PullStatus.State, because error: PullError?) {
        if let error { box.value.lastError = error }
        guard box.value.state != state else { return }
        box.value.state = state
        box.value.since = .now()
    }

    // MARK: The session's calls, on the loop

    func connectionBegan(over transport: TransportSpecification.LowerTransport) {
        box.value.connects &+= 1
        box.value.transport = transport
        enter(.connecting, because: nil)
    }

    func connected(to address: String) {
        box.value.address = address
    }

    func counted(_ counters: IngestCounters) {
        box.value.sessionCounters = counters
    }

    func sessionEnded(_ counters: IngestCounters) {
        box.value.pastCounters = box.value.pastCounters + counters
        box.value.sessionCounters = IngestCounters()
    }
}
