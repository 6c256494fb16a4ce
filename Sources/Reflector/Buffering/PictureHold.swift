import NIOCore

/// How long packets wait for the rest of their picture, so that it goes out in one burst.
///
/// A send costs the kernel 2 to 3 µs, whatever it carries: a picture that is read in five pieces and sent on in five costs
/// each viewer five times that. Who waits as long as one round of sends would take delays nobody on average, for what comes
/// meanwhile would have waited for that round. It never waits for the next picture.
struct PictureHold {
    /// One round of sends costs this much a viewer.
    static let costPerViewer = TimeAmount.microseconds(3)
    /// Packets of one picture come 12 µs apart on a gigabit line: even for one viewer a few of them are worth waiting for.
    static let shortest = TimeAmount.microseconds(200)
    /// What nobody notices, however many watch.
    static let longest = TimeAmount.milliseconds(1)

    enum Verdict: Equatable {
        case distribute
        /// More of the picture may come until then.
        case wait(until: NIODeadline)
    }

    /// When what waits goes out at the latest; `nil` while nothing waits.
    private(set) var deadline: NIODeadline?

    /// A read cycle is over. `viewers`: as many as are served by the loop that serves the most.
    mutating func readEnded(isMidPicture: Bool, viewers: Int, at now: NIODeadline) -> Verdict {
        guard isMidPicture else {
            deadline = nil
            return .distribute
        }
        let deadline = deadline ?? now + Self.patience(viewers: viewers)
        guard now < deadline else {
            self.deadline = nil
            return .distribute
        }
        self.deadline = deadline
        return .wait(until: deadline)
    }

    /// What waited went out with something else, or is forgotten.
    mutating func reset() {
        deadline = nil
    }

    private static func patience(viewers: Int) -> TimeAmount {
        let round = costPerViewer * min(viewers, 100_000)
        return max(shortest, min(longest, round))
    }
}
