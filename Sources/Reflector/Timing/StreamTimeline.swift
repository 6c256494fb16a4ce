import NIOCore

/// Stream time: seconds that run while the stream has a source and stand still while it has none.
///
/// On it a camera that was away for a minute goes on where it stopped, every track by the same step.
struct StreamTimeline {
    /// From the last packet of one source to the first of the next, in seconds: about a frame.
    private static let step = 0.04

    private var origin: NIODeadline?
    private var originTime = 0.0
    /// Of the packet that came at `lastArrival`.
    private(set) var lastTime = 0.0
    private(set) var lastArrival = NIODeadline.uptimeNanoseconds(0)

    /// The next packet opens a new span.
    mutating func sourceBegan() {
        origin = nil
    }

    mutating func sourceEnded() {
        origin = nil
    }

    mutating func time(at arrival: NIODeadline) -> Double {
        lastArrival = arrival
        guard let origin else {
            self.origin = arrival
            originTime = lastTime + Self.step
            lastTime = originTime
            return originTime
        }
        lastTime = max(lastTime, originTime + Double((arrival - origin).nanoseconds) / 1e9)
        return lastTime
    }
}
