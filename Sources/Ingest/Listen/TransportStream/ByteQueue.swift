import NIOConcurrencyHelpers
import NIOCore

/// Bytes on their way from an event loop to a thread that blocks for them; bounded.
final class ByteQueue: Sendable {
    private struct State {
        var bytes = ByteBuffer()
        var isClosed = false
    }

    /// Some seconds of most streams: what a thread that is late leaves lying.
    private static let most = 4 << 20

    /// `true` while there is something to take, or nothing more comes.
    private let condition = ConditionLock(value: false)
    private let state = NIOLockedValueBox(State())

    /// `false` where there is no room, and the bytes are dropped.
    func append(_ bytes: ByteBuffer) -> Bool {
        condition.lock()
        defer { condition.unlock(withValue: true) }
        return state.withLockedValue { state in
            guard !state.isClosed, state.bytes.readableBytes + bytes.readableBytes <= Self.most else { return false }
            state.bytes.writeImmutableBuffer(bytes)
            return true
        }
    }

    /// Waits for bytes; 0 once the queue is closed.
    func take(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        condition.lock(whenValue: true)
        let (count, isReady) = state.withLockedValue { state in
            let count = min(buffer.count, state.bytes.readableBytes)
            if let taken = state.bytes.readSlice(length: count) {
                taken.withUnsafeReadableBytes { buffer.copyMemory(from: $0) }
            }
            state.bytes.discardReadBytes()
            return (count, state.isClosed || state.bytes.readableBytes > 0)
        }
        condition.unlock(withValue: isReady)
        return count
    }

    /// Nobody wants any more of what was queued.
    var isClosed: Bool { state.withLockedValue(\.isClosed) }

    /// What is queued is forgotten: whoever closes wants no more of it.
    func close() {
        condition.lock()
        state.withLockedValue { state in
            state.isClosed = true
            state.bytes.clear()
        }
        condition.unlock(withValue: true)
    }
}
