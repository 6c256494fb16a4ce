import ISOMedia
import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file of a movie, as long as it is the one that was opened.
///
/// While it is parsed, reading fails once nobody waits for it any more, and the parsing with it; and where it takes longer than a moment
/// while too many others do. Writing over a file that is played would make rubbish of what is sent: from then on nothing is read of it.
/// But of a movie in fragments all is as it was where a recorder has only added to its end.
final class AwaitedFile: RandomAccessBytes {
    private enum Phase {
        case parsed(for: [MovieAsker])
        case opened
        case givenUp
    }

    /// How far parsing has come, by the clock.
    private enum Pace {
        case waits
        case begun(at: NIODeadline)
        /// One of `SlowParsings`.
        case slow
        case madeRoom
        case ended
    }

    /// What is parsed within keeps nobody waiting.
    private static let moment = TimeAmount.seconds(1)

    private let file: FileBytes
    private let slow: SlowParsings
    private let pace = Mutex(Pace.waits)
    private let phase: Mutex<Phase>
    private let growth: FileGrowth
    /// Who plays asks for this alone.
    private let isOpened = Atomic(false)

    init(_ file: FileBytes, for asker: MovieAsker, among slow: SlowParsings) {
        self.file = file
        self.slow = slow
        phase = Mutex(.parsed(for: [asker]))
        growth = FileGrowth(of: file)
    }

    var identity: FileBytes.Identity { file.identity }

    var size: Int64 { file.size }

    func read(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer {
        if !isOpened.load(ordering: .relaxed) {
            guard isWanted() else { throw .unreadable(code: ECANCELED) }
            guard mayGoOn() else { throw .unreadable(code: EBUSY) }
            let buffer = try file.read(at: offset, count: count)
            // What has become of it meanwhile is asked when all is known that was read.
            growth.note(buffer, at: offset)
            return buffer
        }
        let buffer = try file.read(at: offset, count: count)
        try growth.expectIntact()
        return buffer
    }

    /// The parsing has come to its end, and found a movie. Throws `.changed` where the file has not only been added to meanwhile;
    /// `mayGrow`: nor afterwards.
    func settle(mayGrow: Bool) throws(MovieError) {
        try growth.expectIntact()
        if mayGrow { try growth.noteSpread() } else { growth.forbid() }
        try growth.expectIntact()
    }

    /// Throws `.changed` where what was read of it is not as it was. Blocks.
    func expectIntact() throws(MovieError) {
        try growth.expectIntact()
    }

    /// Only for who plays it.
    func readAtHand(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer? {
        guard isOpened.load(ordering: .relaxed), let buffer = try file.readAtHand(at: offset, count: count),
            try growth.expectIntactAtHand()
        else { return nil }
        return buffer
    }

    /// A thread begins to parse it.
    func begin(at time: NIODeadline) {
        pace.withLock { $0 = .begun(at: time) }
    }

    /// Parsing has come to its end, or was given up; true where it made room for others.
    func end() -> Bool {
        pace.withLock { pace in
            defer { pace = .ended }
            switch pace {
            case .slow: slow.leave()
            case .madeRoom: return true
            case .waits, .begun, .ended: break
            }
            return false
        }
    }

    /// Within its moment, or one of the few that may take longer.
    private func mayGoOn() -> Bool {
        pace.withLock { pace in
            switch pace {
            case .waits, .slow, .ended: return true
            case .madeRoom: return false
            case .begun(let start):
                guard NIODeadline.now() - start > Self.moment else { return true }
                pace = slow.enter() ? .slow : .madeRoom
                if case .slow = pace { return true }
                return false
            }
        }
    }

    /// Somebody else waits for it too; false where it has been given up already.
    func join(_ asker: MovieAsker) -> Bool {
        phase.withLock { phase in
            guard case .parsed(let askers) = phase else { return false }
            phase = .parsed(for: askers.filter(\.waits) + [asker])
            return true
        }
    }

    /// It has been parsed, and will be read for who plays it; false where it was given up before.
    func parsed() -> Bool {
        phase.withLock { phase in
            if case .givenUp = phase { return false }
            phase = .opened
            isOpened.store(true, ordering: .relaxed)
            return true
        }
    }

    /// Nobody is going to be told of it, whoever waits; one that has been parsed stays.
    func giveUp() {
        phase.withLock { phase in
            if case .parsed = phase { phase = .givenUp }
        }
    }

    private func isWanted() -> Bool {
        phase.withLock { phase in
            switch phase {
            case .parsed(let askers):
                if askers.contains(where: \.waits) { return true }
                phase = .givenUp
                return false
            case .opened: return true
            case .givenUp: return false
            }
        }
    }
}
