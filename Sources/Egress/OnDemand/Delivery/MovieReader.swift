import ISOMedia
import Synchronization

/// One viewer's playout, used on the threads for files; who has asked for something waits for it before it asks again.
final class MovieReader: Sendable {
    /// What was read.
    struct Reading: Sendable {
        var batch: PacketBatch
        /// When the packet behind the batch is due, in microseconds of the movie; `nil` where there is none.
        var nextDue: Int64?
        /// The file cannot be read any further.
        var failure: MovieError?
    }

    /// The SSRC of each track.
    let sources: [UInt32]
    private let playout: Mutex<MoviePlayout>
    private let batches: BatchStore

    init(_ playout: consuming MoviePlayout, batches: BatchStore) {
        sources = playout.sources
        self.playout = Mutex(playout)
        self.batches = batches
    }

    /// Goes where the cue says, and reads what is due in the first `ahead` microseconds of the movie.
    func start(_ cue: PlayoutCue, ahead: Int64, bytes: Int) -> (PlayoutStart, Reading) {
        playout.withLock { playout in
            let start = playout.start(cue)
            return (start, read(&playout, until: start.firstDue &+ ahead, bytes: bytes))
        }
    }

    /// Goes on with the next packet, as `MoviePlayout.resume` has it.
    func resume(
        until end: Int64?, at position: Int64, unsent: [Int: UInt16]
    ) -> (start: PlayoutStart, nextDue: Int64?) {
        playout.withLock { ($0.resume(until: end, at: position, unsent: unsent), $0.nextDue) }
    }

    func read(until due: Int64, bytes: Int) -> Reading {
        playout.withLock { read(&$0, until: due, bytes: bytes) }
    }

    /// Keeps no memory while nothing plays.
    func rest() {
        playout.withLock { $0.rest() }
    }

    private func read(_ playout: inout MoviePlayout, until due: Int64, bytes: Int) -> Reading {
        var batch = batches.take()
        do throws(MovieError) {
            try playout.fill(&batch, until: due, bytes: bytes)
            return Reading(batch: batch, nextDue: playout.nextDue)
        } catch {
            return Reading(batch: batch, nextDue: nil, failure: error)
        }
    }
}
