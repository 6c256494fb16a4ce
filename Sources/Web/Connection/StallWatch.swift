import NIOCore

/// Whether a peer takes what it is sent.
struct StallWatch {
    /// All of so many bytes written is to be taken by the peer, seen first at that time.
    private var mark: (bytes: Int64, since: NIODeadline)?

    /// It has taken nothing for so long, though something waits for it; `meter` has counted all bytes of the connection so far.
    mutating func isStalled(
        _ channel: any Channel, _ meter: ByteMeter, at now: NIODeadline, for limit: TimeAmount
    ) -> Bool {
        let (unsent, written) = (meter.unsent(on: channel), meter.written)
        guard unsent > 0 else {
            mark = nil
            return false
        }
        if let mark, written - Int64(unsent) < mark.bytes { return now - mark.since >= limit }
        mark = (written, now)
        return false
    }
}
