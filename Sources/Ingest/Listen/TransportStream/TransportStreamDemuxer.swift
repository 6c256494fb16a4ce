import LibAV
import NIOCore

/// libavformat on a thread of its own, for it blocks until it has what it wants.
final class TransportStreamDemuxer: Sendable {
    /// What the thread tells, until it is closed.
    enum Event: Sendable {
        case stream(TransportStreamReader.Event)
        /// Nothing can be made of the stream any more; `nil` where there was no thread to be had.
        case ended(LibAVError?)
    }

    private let queue = ByteQueue()

    /// `tell` is called on the thread.
    init(tell: @escaping @Sendable (Event) -> Void) {
        let queue = queue
        guard OwnThread.run({ Self.demux(queue, tell: tell) }) else {
            queue.close()
            tell(.ended(nil))
            return
        }
    }

    deinit {
        queue.close()
    }

    /// Whole packets of 188 bytes; `false` where the thread is behind and they are dropped.
    func feed(_ packets: ByteBuffer) -> Bool {
        queue.append(packets)
    }

    /// Ends the thread soon; idempotent.
    func close() {
        queue.close()
    }

    private static func demux(_ queue: ByteQueue, tell: @Sendable (Event) -> Void) {
        do throws(LibAVError) {
            let reader = try TransportStreamReader { queue.take(into: $0) }
            // What libavformat still has at the end is for nobody, and the loop it would go to may be gone.
            while let event = try reader.next(), !queue.isClosed { tell(.stream(event)) }
        } catch {
            if !queue.isClosed { tell(.ended(error)) }
        }
    }
}
