import NIOCore

/// Counts the bytes of a connection before they are made messages (loop-confined).
final class ByteMeter: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// Bytes that were read since the last head was complete: of another head, as far as it came.
    var headBytes = 0
    /// Bytes that were written so far.
    private(set) var written: Int64 = 0
    /// Of those, how many the peer's socket had not taken when the connection was about to end; of one that ended by a write, which it
    /// does without a word before, those of that write.
    var leftBehind: Int { leftAtEnd ?? lastWrite }
    private var leftAtEnd: Int?
    private var lastWrite = 0
    /// What comes from now on is nobody's business, and thrown away.
    var isDeaf = false

    private let headLimit: Int
    /// What TLS has not been given yet waits there; `nil` without TLS.
    var pacing: SecurePacing?
    /// The head under way is too long.
    var overflowed: () -> Void = {}

    init(headLimit: Int) {
        self.headLimit = headLimit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDeaf else { return }
        headBytes += unwrapInboundIn(data).readableBytes
        context.fireChannelRead(data)
        if headBytes > headLimit { overflowed() }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let count = unwrapOutboundIn(data).readableBytes
        written += Int64(count)
        if count > 0 { (lastWrite, leftAtEnd) = (count, nil) }
        context.write(data, promise: promise)
    }

    // When the channel is closed, what it held is forgotten already.

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { noteEnd(of: context.channel) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        noteEnd(of: context.channel)
        context.fireErrorCaught(error)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        noteEnd(of: context.channel)
        context.close(mode: mode, promise: promise)
    }

    /// Asked before the channel is closed, which may be long before, and more written.
    private func noteEnd(of channel: any Channel) {
        if channel.isActive { leftAtEnd = unsent(on: channel) }
    }

    /// Bytes that were written and the peer's socket has not taken yet.
    func unsent(on channel: any Channel) -> Int {
        (pacing?.byteCount ?? 0) + ((try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
    }

    /// The same, and 0 where they are too few to matter.
    func backlog(on channel: any Channel) -> Int {
        channel.isWritable && (pacing?.byteCount ?? 0) == 0 ? 0 : unsent(on: channel)
    }
}
