import NIOCore

/// Stands in front of TLS on the way out and gives it one piece at a time, the next when the socket has taken that (loop-confined).
///
/// TLS makes a copy of all it is given, at once, however slow the peer is. What waits here is what all viewers share.
final class SecurePacing: ChannelOutboundHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = ByteBuffer

    private struct Waiting {
        var bytes: ByteBuffer
        var promise: EventLoopPromise<Void>?
    }

    /// Bytes; with what TLS adds they fill 64 KiB of memory, and not the beginning of 128.
    private static let piece = 60 * 1024

    private var waiting = MarkedCircularBuffer<Waiting>(initialCapacity: 4)
    /// How many bytes wait here.
    private(set) var byteCount = 0
    private var isUnderWay = false
    /// Nothing is written behind what waits.
    private var closing: EventLoopPromise<Void>??

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // What lies in a file is not sent through TLS.
        guard case .byteBuffer(let bytes) = unwrapOutboundIn(data), closing == nil else {
            promise?.fail(ChannelError.operationUnsupported)
            return
        }
        byteCount += bytes.readableBytes
        waiting.append(Waiting(bytes: bytes, promise: promise))
    }

    func flush(context: ChannelHandlerContext) {
        waiting.mark()
        goOn(context)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output, !waiting.isEmpty {
            closing = .some(promise)
            return flush(context: context)
        }
        if mode == .all { forget(ChannelError.ioOnClosedChannel) }
        context.close(mode: mode, promise: promise)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        forget(ChannelError.ioOnClosedChannel)
    }

    private func goOn(_ context: ChannelHandlerContext) {
        guard !isUnderWay, var last = take() else { return }
        isUnderWay = true
        var room = Self.piece - last.bytes.readableBytes
        while room > 0, let next = take(atMost: room) {
            context.write(wrapOutboundOut(last.bytes), promise: last.promise)
            room -= next.bytes.readableBytes
            last = next
        }
        let (taken, told) = (context.eventLoop.makePromise(of: Void.self), last.promise)
        taken.futureResult.assumeIsolated().whenComplete { [weak self] result in
            told?.completeWith(result)
            self?.tookPiece(result, context)
        }
        context.writeAndFlush(wrapOutboundOut(last.bytes), promise: taken)
    }

    private func tookPiece(_ result: Result<Void, any Error>, _ context: ChannelHandlerContext) {
        isUnderWay = false
        if case .failure(let error) = result { return forget(error) }
        if let closing, waiting.isEmpty {
            self.closing = nil
            context.close(mode: .output, promise: closing)
        } else if waiting.hasMark {
            // Others of this loop have their turn between two pieces, however fast this peer is.
            context.eventLoop.assumeIsolated().execute { self.goOn(context) }
        }
    }

    /// The next of what is to be flushed, or a part of it, whose promise comes with the last one.
    private func take(atMost count: Int = piece) -> Waiting? {
        guard waiting.hasMark, var first = waiting.first else { return nil }
        if let part = first.bytes.readableBytes > count ? first.bytes.readSlice(length: count) : nil {
            waiting[waiting.startIndex] = first
            byteCount -= count
            return Waiting(bytes: part)
        }
        byteCount -= first.bytes.readableBytes
        return waiting.removeFirst()
    }

    private func forget(_ error: any Error) {
        byteCount = 0
        while !waiting.isEmpty { waiting.removeFirst().promise?.fail(error) }
        closing??.fail(error)
        closing = nil
    }
}
