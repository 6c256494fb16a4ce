import NIOCore

/// Since when a connection owes something, and whether that is too long.
package struct ConnectionPatience {
    /// What a look at the clock comes to.
    package enum Verdict: Equatable {
        case fine
        /// A request was begun and is not complete (slowloris).
        case requestTooSlow
        /// There is no session and nothing was asked.
        case idle
        /// The last words were not read.
        case closingTooSlow
    }

    private let requestTime: TimeAmount
    private let idleTime: TimeAmount
    private let closingTime: TimeAmount
    private var requestBegan: NIODeadline?
    private var closingBegan: NIODeadline?
    private var lastActive: NIODeadline

    /// A connection that was accepted just now.
    package init(limits: ConnectionLimits, at now: NIODeadline) {
        requestTime = limits.requestTime
        idleTime = limits.idleTime
        closingTime = limits.closingTime
        lastActive = now
    }

    /// Bytes were read, and what is left of them is (or is not) the beginning of a request.
    package mutating func readEnded(withinRequest: Bool, at now: NIODeadline) {
        requestBegan = withinRequest ? requestBegan ?? now : nil
    }

    /// A request came in whole; what follows it is another one.
    package mutating func requestCompleted(at now: NIODeadline) {
        requestBegan = nil
        lastActive = now
    }

    /// A request was answered, or a session ended. What came of the next request meanwhile may have had to wait for us.
    package mutating func wasActive(at now: NIODeadline) {
        lastActive = now
        if requestBegan != nil { requestBegan = now }
    }

    /// The last answer has gone out, or will not.
    package mutating func closingBegan(at now: NIODeadline) {
        closingBegan = closingBegan ?? now
    }

    /// `isBusy`: a request is being answered; the time that takes is not the peer's.
    package func verdict(at now: NIODeadline, hasSession: Bool, isBusy: Bool) -> Verdict {
        if let closingBegan { return now - closingBegan >= closingTime ? .closingTooSlow : .fine }
        // While one is being answered reading may be paused, so that the next cannot become complete.
        guard !isBusy else { return .fine }
        if let requestBegan, now - requestBegan >= requestTime { return .requestTooSlow }
        return !hasSession && now - lastActive >= idleTime ? .idle : .fine
    }
}
