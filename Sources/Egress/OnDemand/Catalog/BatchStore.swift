import ISOMedia
import Synchronization

/// Batches that were sent, to be filled again: what the kernel gave for one is used for the next, and is still in the processor's cache.
final class BatchStore: Sendable {
    /// Few are under way at any moment, however many watch.
    private static let most = 16
    /// One with a huge picture in it is not kept, in bytes.
    private static let largest = 1024 * 1024

    private let batches = Mutex<[PacketBatch]>([])

    /// An empty batch.
    func take() -> PacketBatch {
        guard var batch = batches.withLock({ $0.popLast() }) else {
            return PacketBatch(heading: PacketHeading(channel: 0, ssrc: 0, sequenceNumber: 0, timestampOrigin: 0))
        }
        batch.removeAll()
        return batch
    }

    /// Takes back a batch whose bytes nobody else needs any more.
    func give(_ batch: PacketBatch) {
        guard batch.bytes.capacity <= Self.largest else { return }
        batches.withLock { batches in
            if batches.count < Self.most { batches.append(batch) }
        }
    }
}
