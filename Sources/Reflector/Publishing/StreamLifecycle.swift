/// Whether a stream wants a source, and has one.
///
/// An always-on stream wants one from the start and for ever; one on demand from the first viewer to the end of the linger
/// after the last.
struct StreamLifecycle: ~Copyable {
    private enum State {
        /// On demand, and nobody watches; a source that is just being stopped may still come and go. To waiting, closed.
        case idle
        /// Wanted, not there: starting, or reconnecting. To live, lingering, closed.
        case waiting
        /// There. To waiting, lingering, closed.
        case live
        /// On demand, the last viewer has left; the source, if there, stays a while. To idle, waiting, live, closed.
        case lingering(isLive: Bool)
        /// Final.
        case closed
    }

    private var state: State
    private let onDemand: Bool

    init(onDemand: Bool) {
        self.onDemand = onDemand
        state = onDemand ? .idle : .waiting
    }

    var isClosed: Bool {
        switch state {
        case .closed: true
        case .idle, .waiting, .live, .lingering: false
        }
    }

    /// A source is asked for, or there.
    var wantsSource: Bool {
        switch state {
        case .waiting, .live, .lingering: true
        case .idle, .closed: false
        }
    }

    enum WantedResult {
        case startSource
        case nothing
    }

    /// Somebody asks for the stream.
    mutating func wanted() -> WantedResult {
        switch state {
        case .idle:
            state = .waiting
            return .startSource
        case .lingering(let isLive):
            state = isLive ? .live : .waiting
            return .nothing
        case .waiting, .live, .closed:
            return .nothing
        }
    }

    enum UnwantedResult {
        case startLinger
        case nothing
    }

    /// Nobody watches or waits any more.
    mutating func unwanted() -> UnwantedResult {
        switch state {
        case .waiting where onDemand:
            state = .lingering(isLive: false)
            return .startLinger
        case .live where onDemand:
            state = .lingering(isLive: true)
            return .startLinger
        case .idle, .waiting, .live, .lingering, .closed:
            return .nothing
        }
    }

    enum LingeredResult {
        case stopSource
        case nothing
    }

    /// The linger is over.
    mutating func lingered() -> LingeredResult {
        switch state {
        case .lingering:
            state = .idle
            return .stopSource
        case .idle, .waiting, .live, .closed:
            return .nothing
        }
    }

    mutating func sourceBegan() {
        switch state {
        case .waiting, .live: state = .live
        case .lingering: state = .lingering(isLive: true)
        // Not live: the next viewer has to ask for a source again, since this one ends.
        case .idle, .closed: break
        }
    }

    mutating func sourceEnded() {
        switch state {
        case .live: state = .waiting
        case .lingering: state = .lingering(isLive: false)
        case .idle, .waiting, .closed: break
        }
    }

    mutating func closed() {
        state = .closed
    }
}
