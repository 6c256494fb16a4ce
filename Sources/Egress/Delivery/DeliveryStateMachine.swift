import NIOCore

/// What becomes of each burst for one viewer: sent, held back, or skipped up to the next random access point.
///
/// A viewer that cannot keep up loses whole groups of pictures, from the point of congestion to the next random access point,
/// and never single packets. What it is behind is bounded in bytes and in time; bursts held are shared, not copied.
package struct DeliveryStateMachine: ~Copyable {
    /// How far a viewer may be behind the live edge.
    package struct Bounds: Sendable, Equatable {
        /// Framed bytes held.
        package var bytes: Int
        /// Age of the oldest live burst held.
        package var age: TimeAmount
        /// The same, while the viewer is still taking what it started with.
        package var startingAge: TimeAmount

        package init(
            bytes: Int = 4 * 1024 * 1024, age: TimeAmount = .seconds(2), startingAge: TimeAmount = .seconds(10)
        ) {
            self.bytes = bytes
            self.age = age
            self.startingAge = startingAge
        }
    }

    private enum State {
        /// Bursts are held until the viewer may be sent to, or has taken what came before. To live, skipping.
        case behind(heldBytes: Int, allowedBytes: Int, oldest: NIODeadline, isStarting: Bool)
        /// Each burst goes out as it comes. To behind, skipping.
        case live
        /// Nothing goes out up to the next random access point. To live, behind.
        case skipping
    }

    private var state: State
    private let bounds: Bounds
    /// Times that the viewer lost its place.
    package private(set) var skips = 0

    /// A viewer that begins with `startBytes` of the ring, or waits for a random access point where there are none.
    package init(startBytes: Int?, at now: NIODeadline, bounds: Bounds = Bounds()) {
        self.bounds = bounds
        state =
            startBytes.map {
                .behind(heldBytes: $0, allowedBytes: $0 + bounds.bytes, oldest: now, isStarting: true)
            } ?? .skipping
    }

    package var isLive: Bool {
        switch state {
        case .live: true
        case .behind, .skipping: false
        }
    }

    package enum BurstArrivedResult: Sendable, Hashable {
        case send
        /// Keep it behind the others that are held.
        case hold
        /// Drop it.
        case skip
        /// Drop it, and whatever is held.
        case skipAll
        /// Drop whatever is held, and hold this one: it begins a group.
        case restart
    }

    /// `isWritable`: the viewer has taken everything that was sent.
    package mutating func burstArrived(
        bytes: Int, startsGroup: Bool, isWritable: Bool, at now: NIODeadline
    ) -> BurstArrivedResult {
        switch state {
        case .live where isWritable:
            return .send
        case .live:
            state = .behind(heldBytes: bytes, allowedBytes: bounds.bytes, oldest: now, isStarting: false)
            return .hold
        case .behind(let heldBytes, let allowedBytes, let oldest, let isStarting):
            let isLate = now - oldest > (isStarting ? bounds.startingAge : bounds.age)
            guard isLate || heldBytes + bytes > allowedBytes else {
                state = .behind(
                    heldBytes: heldBytes + bytes, allowedBytes: allowedBytes, oldest: oldest, isStarting: isStarting
                )
                return .hold
            }
            skips += 1
            guard startsGroup, bytes <= bounds.bytes else {
                state = .skipping
                return .skipAll
            }
            state = .behind(heldBytes: bytes, allowedBytes: bounds.bytes, oldest: now, isStarting: false)
            return .restart
        case .skipping where startsGroup && isWritable:
            state = .live
            return .send
        case .skipping where startsGroup && bytes <= bounds.bytes:
            state = .behind(heldBytes: bytes, allowedBytes: bounds.bytes, oldest: now, isStarting: false)
            return .hold
        case .skipping:
            return .skip
        }
    }

    /// A held burst went out; `next` is the arrival of the one that is the oldest now, `nil` if none is held.
    package mutating func heldBurstSent(bytes: Int, next: NIODeadline?) {
        switch state {
        case .behind(let heldBytes, let allowedBytes, let oldest, let isStarting):
            guard let next else {
                state = .live
                return
            }
            state = .behind(
                heldBytes: max(0, heldBytes - bytes), allowedBytes: allowedBytes, oldest: max(oldest, next),
                isStarting: isStarting
            )
        case .live, .skipping:
            break
        }
    }
}
