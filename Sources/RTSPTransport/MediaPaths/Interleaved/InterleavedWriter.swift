import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Bytes onto one RTSP connection, in the order they are given (loop-confined).
///
/// Media goes straight to the socket with `send(2)` while SwiftNIO has nothing queued for it, which costs the kernel's
/// share and no more. What the socket does not take goes to NIO, and while NIO owns queued bytes nothing passes them.
/// The writer never drops: a caller that must bound its memory looks at `isDrained` and `queuedBytes` first.
package final class InterleavedWriter {
    /// Where bytes enter: the socket itself, or the pipeline where a handler (TLS) transforms them.
    package enum Entrance: Sendable {
        case socket
        case pipeline
    }

    /// Identifies one observer of `observeDrain`.
    package struct DrainObservation: Hashable, Sendable {
        fileprivate let number: Int
    }

    /// The most that TLS is given at once, in bytes. It keeps room for what it last encrypted, so that the start of a stream would
    /// be kept for as long as the viewer stays.
    private static let encryptedPiece = 48 * 1024

    /// Bytes handed to NIO that the kernel has not taken yet.
    package private(set) var queuedBytes = 0
    /// The part of `queuedBytes` that is answers: a peer that asks on and never reads must not fill our memory.
    private(set) var queuedAnswerBytes = 0
    /// Called when answers that had to wait are all with the kernel.
    var onAnswersTaken: (() -> Void)?
    /// Bytes the kernel took from this writer without passing NIO.
    package private(set) var directBytes = 0
    /// False until the connection is up and from the moment it ends; what is sent then goes nowhere.
    package private(set) var isOpen = false

    /// While it takes what it is sent, a fan-out may send past this writer.
    var seat: InterleavedFanout.Seat?

    private let channel: any Channel
    private let entrance: Entrance
    private var socket: NIOBSDSocket.Handle?
    private var observers: [DrainObservation: () -> Void] = [:]
    private var nextObservation = 0
    private var isSending = false

    /// A writer for `channel`, to be used on its event loop only; `open()` it once the channel is active.
    package init(channel: any Channel, entrance: Entrance = .socket) {
        self.channel = channel
        self.entrance = entrance
    }

    /// Nothing is queued: what is sent now goes to the kernel at once, as far as the socket buffer reaches.
    package var isDrained: Bool { queuedBytes == 0 }

    /// True while a write is on the stack: a close noticed meanwhile happens inside the caller's own `send`.
    var isWriting: Bool { isSending }

    /// What is sent now goes straight to the socket, and no fan-out sends to it yet.
    package var canTakeSeat: Bool { seat == nil && directSocket != nil }

    /// Where a fan-out may send to right now: the channel is open, nothing is queued, and no handler transforms the bytes.
    var directSocket: NIOBSDSocket.Handle? { isOpen && queuedBytes == 0 ? socket : nil }

    /// Begins to write; the channel is active.
    package func open() {
        guard !isOpen else { return }
        isOpen = true
        guard entrance == .socket else { return }
        let operations = channel.pipeline.syncOperations
        socket = try? operations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
    }

    /// From here on a handler transforms what goes out: everything passes the pipeline.
    package func leaveSocket() {
        seat?.lose()
        socket = nil
    }

    /// Ends writing. Descriptor numbers are used again by the kernel at once, so ours is forgotten here.
    package func close() {
        seat?.lose()
        isOpen = false
        socket = nil
        observers = [:]
        onAnswersTaken = nil
    }

    /// Sends whole interleaved frames: directly while nothing is queued, behind the queue else.
    package func send(_ framed: ByteBuffer) {
        guard isOpen, framed.readableBytes > 0 else { return }
        var rest = framed
        if queuedBytes == 0, let socket {
            let taken = rest.withUnsafeReadableBytes { bytes in
                systemSend(socket, bytes.baseAddress, bytes.count)
            }
            if taken > 0 {
                directBytes &+= taken
                guard taken < rest.readableBytes else { return }
                rest.moveReaderIndex(forwardBy: taken)
            }
            // A short write, EAGAIN or a dead peer: NIO waits for the socket, or finds the error and closes.
        }
        queue(rest)
    }

    /// Sends an answer, or whatever else is not media, in its order with `send`.
    package func answer(_ bytes: ByteBuffer) {
        guard isOpen else { return }
        queuedAnswerBytes += bytes.readableBytes
        queue(bytes, answerBytes: bytes.readableBytes)
    }

    /// What a fan-out could not send; nothing else has been sent since.
    func queueRest(_ bytes: ByteBuffer) {
        guard isOpen else { return }
        queue(bytes)
    }

    private func queue(_ bytes: ByteBuffer, answerBytes: Int = 0) {
        var rest = bytes
        while entrance == .pipeline, rest.readableBytes > Self.encryptedPiece,
            let piece = rest.readSlice(length: Self.encryptedPiece)
        {
            write(piece, answerBytes: min(answerBytes, Self.encryptedPiece))
        }
        write(rest, answerBytes: min(answerBytes, rest.readableBytes))
    }

    private func write(_ bytes: ByteBuffer, answerBytes: Int) {
        let count = bytes.readableBytes
        queuedBytes += count
        let outer = isSending
        isSending = true
        channel.writeAndFlush(bytes).assumeIsolated().whenComplete { result in
            self.queuedBytes -= count
            self.queuedAnswerBytes -= answerBytes
            switch result {
            case .success:
                self.taken(answerBytes)
            case .failure:
                // The channel is closing and its descriptor is gone already, though channelInactive is still to come.
                self.close()
            }
        }
        isSending = outer
        // Nothing may pass what is queued.
        if queuedBytes > 0 { seat?.lose() }
    }

    /// Calls `observer` on the loop each time the queue became empty after a write that had to wait.
    package func observeDrain(_ observer: @escaping () -> Void) -> DrainObservation {
        let observation = DrainObservation(number: nextObservation)
        nextObservation += 1
        observers[observation] = observer
        return observation
    }

    /// Ends an observation; harmless when it has ended.
    package func removeDrainObserver(_ observation: DrainObservation) {
        observers[observation] = nil
    }

    private func taken(_ answerBytes: Int) {
        // Completed within its own write: nobody saw the queue filled.
        guard !isSending else { return }
        if answerBytes > 0, queuedAnswerBytes == 0 { onAnswersTaken?() }
        guard queuedBytes == 0 else { return }
        for observation in observers.keys.sorted(by: { $0.number < $1.number }) {
            observers[observation]?()
        }
    }
}

/// `send(2)` that neither waits nor raises a signal; the bytes taken, or a negative number.
func systemSend(_ socket: NIOBSDSocket.Handle, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    send(socket, bytes, count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
}
