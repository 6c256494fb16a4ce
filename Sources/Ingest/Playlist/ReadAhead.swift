import Media
import NIOConcurrencyHelpers
import NIOCore

/// One picture or sound of a movie, with its place on the playlist's timeline. All times in 1/90000 s.
struct PlaylistUnit: Sendable {
    /// Place in the tracks of its movie.
    var track: Int
    var presentationTime: Int64
    var decodingTime: Int64
    /// Where it is in its file.
    var movieTime: Int64
    /// NAL units, or one frame of sound.
    var parts: [ByteBuffer]
}

/// Where a playlist stopped.
struct PlaylistPosition: Sendable, Equatable {
    /// What is played, and what follows it.
    var entry: PlaylistEntry
    var progress: PlaylistProgress
    /// How far, in 1/90000 s of the file's own time; `nil` for its beginning.
    var movieTime: Int64?
}

/// What a thread that reads movies tells the loop that plays them, in order.
enum PlaylistEvent: Sendable {
    /// A movie begins; `tracks` are what its units have.
    case movie(PlaylistPosition, tracks: [TrackDescription])
    case unit(PlaylistUnit)
    /// Of all movies none can be played at this time.
    case nothing
    /// The list is over.
    case over
}

/// What was read of movies and is not played yet; bounded, between the thread that reads and the loop that plays.
final class ReadAhead: Sendable {
    /// What the loop finds.
    enum Finding: Sendable {
        case event(PlaylistEvent)
        /// The next unit is due at this time of the timeline.
        case later(Int64)
        /// Nothing was read; there will be a call.
        case empty
    }

    fileprivate struct State {
        var events = CircularBuffer<PlaylistEvent>()
        /// Units of each track among them.
        var units = [Int](repeating: 0, count: PlaylistTracks.most)
        /// Tracks of the newest movie among them.
        var tracks = 0
        var bytes = 0
        var newest: Int64?
        var wake: (@Sendable () -> Void)?
        var isAwaited = false
        var isClosed = false
    }

    /// So much of the timeline is read ahead, in 1/90000 s, as soon as each track has something.
    fileprivate static let enough: Int64 = 2 * 90_000
    /// So many bytes at most, whatever the order in which a file has its tracks.
    fileprivate static let mostBytes = 8 << 20
    fileprivate static let mostEvents = 4000

    /// `true` while there is room, and when all is over.
    private let room = ConditionLock(value: true)
    /// `true` when all is over.
    private let closing = ConditionLock(value: false)
    private let state = NIOLockedValueBox(State())

    /// `wake` is called, on the thread, when something has come behind a `.empty`.
    func onArrival(_ wake: @escaping @Sendable () -> Void) {
        state.withLockedValue { $0.wake = wake }
    }

    /// Waits for room; `false` where nobody wants it any more.
    func append(_ event: PlaylistEvent) -> Bool {
        room.lock(whenValue: true)
        let (isTaken, hasRoom) = state.withLockedValue { state -> (Bool, Bool) in
            guard !state.isClosed else { return (false, true) }
            state.insert(event)
            if state.isAwaited { state.wake?() }
            state.isAwaited = false
            return (true, !state.isFull)
        }
        room.unlock(withValue: hasRoom)
        return isTaken
    }

    /// The next event, where it is no unit that is due after `time`; without a time whatever is next.
    func take(dueBy time: Int64?) -> Finding {
        room.lock()
        let (finding, hasRoom) = state.withLockedValue { state -> (Finding, Bool) in
            let finding = state.take(dueBy: time)
            return (finding, state.isClosed || !state.isFull)
        }
        room.unlock(withValue: hasRoom)
        return finding
    }

    var isClosed: Bool { state.withLockedValue(\.isClosed) }

    /// Sleeps for a time, or until it is closed.
    func pause(_ amount: TimeAmount) {
        let isClosed = closing.lock(whenValue: true, timeoutSeconds: Double(amount.nanoseconds) / 1e9)
        if isClosed { closing.unlock() }
    }

    /// Nobody wants any more; what was read is forgotten, and `wake` is not called again.
    func close() {
        room.lock()
        state.withLockedValue { state in
            state = State()
            state.isClosed = true
        }
        room.unlock(withValue: true)
        closing.lock()
        closing.unlock(withValue: true)
    }

    /// How much can be read before it is full; for tests.
    var count: Int { state.withLockedValue { $0.events.count } }
}

extension ReadAhead.State {
    fileprivate var isFull: Bool {
        if bytes >= ReadAhead.mostBytes || events.count >= ReadAhead.mostEvents { return true }
        guard tracks > 0, units.prefix(tracks).allSatisfy({ $0 > 0 }), let newest,
            case .unit(let next)? = events.first(where: { if case .unit = $0 { true } else { false } })
        else { return false }
        return newest &- next.decodingTime >= ReadAhead.enough
    }

    /// In order of decoding within a movie: a file may have its tracks in pieces of a second or more.
    fileprivate mutating func insert(_ event: PlaylistEvent) {
        var index = events.endIndex
        switch event {
        case .movie(_, let descriptions):
            tracks = min(descriptions.count, units.count)
        case .nothing, .over:
            tracks = 0
        case .unit(let unit):
            while index > events.startIndex, case .unit(let other) = events[events.index(before: index)],
                other.decodingTime > unit.decodingTime
            { index = events.index(before: index) }
            bytes += unit.size
            newest = max(newest ?? .min, unit.decodingTime)
            if units.indices.contains(unit.track) { units[unit.track] += 1 }
        }
        events.insert(event, at: index)
    }

    fileprivate mutating func take(dueBy time: Int64?) -> ReadAhead.Finding {
        guard let next = events.first else {
            isAwaited = true
            return .empty
        }
        if case .unit(let unit) = next {
            if let time, unit.decodingTime > time { return .later(unit.decodingTime) }
            bytes -= unit.size
            if units.indices.contains(unit.track) { units[unit.track] -= 1 }
        }
        events.removeFirst()
        return .event(next)
    }
}

extension PlaylistUnit {
    fileprivate var size: Int { parts.reduce(0) { $0 + $1.readableBytes } }
}
