import NIOCore

/// The bursts since the last random access point, for viewers to come: bounded in bytes and in time.
///
/// When a group outgrows its bounds the ring empties and waits for the next random access point: a new viewer
/// then waits too, and nobody else is any poorer.
struct GroupRing {
    struct Bounds: Sendable, Equatable {
        /// Framed bytes.
        var bytes: Int
        var age: TimeAmount
    }

    private(set) var bursts: [Burst] = []
    /// The group before, as long as the first picture of this one has not come to its end.
    private(set) var previous: [Burst] = []
    private(set) var byteCount = 0
    private let bounds: Bounds

    init(bounds: Bounds) {
        self.bounds = bounds
    }

    /// `true` when a viewer can start from here.
    var isStartable: Bool { !bursts.isEmpty }

    mutating func append(_ burst: Burst) {
        if burst.startsGroup {
            if burst.leavesPictureOpen { swap(&previous, &bursts) }
            bursts.removeAll(keepingCapacity: true)
            byteCount = 0
        } else if bursts.isEmpty {
            return
        }
        if !burst.leavesPictureOpen, !previous.isEmpty { previous.removeAll(keepingCapacity: true) }
        bursts.append(burst)
        byteCount += burst.byteCount
        if byteCount > bounds.bytes || burst.arrival - bursts[0].arrival > bounds.age { clear() }
    }

    mutating func clear() {
        bursts = []
        previous = []
        byteCount = 0
    }
}
