import ISOMedia
import Synchronization

/// One viewer's playout; who has asked for something waits for it before it asks again.
///
/// Used on the threads for files, and on the viewer's event loop for what is in memory already: to hand a read over to a thread and
/// back costs as much as the read itself.
final class MovieReader: Sendable {
    /// What was read.
    struct Reading: Sendable {
        var batch: PacketBatch
        /// When the packet behind the batch is due, in microseconds of the movie; `nil` where there is none.
        var nextDue: Int64?
        /// The file cannot be read any further.
        var failure: MovieError?
    }

    /// What a batch may be filled with.
    struct Portion: Sendable {
        /// The most bytes; the last picture is added whole.
        var bytes: Int
        /// Packets go over the RTSP connection, and need its framing.
        var isFramed: Bool
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
    func start(_ cue: PlayoutCue, ahead: Int64, _ portion: Portion) -> (PlayoutStart, Reading) {
        playout.withLock { playout in
            let start = playout.start(cue)
            return (start, read(&playout, until: start.firstDue &+ ahead, portion))
        }
    }

    /// Goes on with the next packet, as `MoviePlayout.resume` has it.
    func resume(
        until end: Int64?, at position: Int64, unsent: [Int: UInt16]
    ) -> (start: PlayoutStart, nextDue: Int64?) {
        playout.withLock { ($0.resume(until: end, at: position, unsent: unsent), $0.nextDue) }
    }

    func read(until due: Int64, _ portion: Portion) -> Reading {
        playout.withLock { read(&$0, until: due, portion) }
    }

    /// The same on an event loop, without waiting; `nil` where nothing can be had that way.
    func readAtHand(until due: Int64, _ portion: Portion) -> Reading? {
        playout.withLockIfAvailable { playout in
            var batch = batches.take()
            batch.isFramed = portion.isFramed
            batch.mayWait = false
            do throws(MovieError) {
                try playout.fill(&batch, until: due, bytes: portion.bytes)
            } catch .notAtHand {
                guard !batch.entries.isEmpty else {
                    batches.give(batch)
                    return nil
                }
            } catch {
                return Reading(batch: batch, nextDue: nil, failure: error)
            }
            return Reading(batch: batch, nextDue: playout.nextDue)
        } ?? nil
    }

    /// Keeps no memory while nothing plays.
    func rest() {
        playout.withLock { $0.rest() }
    }

    private func read(_ playout: inout MoviePlayout, until due: Int64, _ portion: Portion) -> Reading {
        var batch = batches.take()
        batch.isFramed = portion.isFramed
        batch.mayWait = true
        do throws(MovieError) {
            try playout.fill(&batch, until: due, bytes: portion.bytes)
            return Reading(batch: batch, nextDue: playout.nextDue)
        } catch {
            return Reading(batch: batch, nextDue: nil, failure: error)
        }
    }
}
