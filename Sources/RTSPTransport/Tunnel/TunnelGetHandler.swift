import NIOCore
import RTSP

/// The way down of an HTTP tunnel, in front of the RTSP connection that lives on it.
///
/// Nothing is done to what goes out, so answers and media go straight to the socket as on any connection. What comes in are
/// the bytes of the POSTs, in the order in which they were read; the client sends nothing here, and what it does is dropped.
final class TunnelGetHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer

    /// A client opens the next POST before it closes the last one, but it does not collect them.
    private static let mostPosts = 2

    private let key: TunnelKey
    private let book: TunnelBook
    private let tally: ListenerTally
    private var context: ChannelHandlerContext?
    private var posts: [Attached] = []

    private struct Attached {
        var end: TunnelEnd<TunnelPostHandler>
        var number: ObjectIdentifier
        /// It has given what it read, and reads on when we say so.
        var waits = false
    }

    /// `book` has this GET under `key`.
    init(key: TunnelKey, book: TunnelBook, tally: ListenerTally) {
        self.key = key
        self.book = book
        self.tally = tally
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ended()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    /// The connection has room again.
    func read(context: ChannelHandlerContext) {
        context.read()
        readOn()
    }

    /// A POST is there, which may be the next after one that is still open.
    func attach(_ post: TunnelEnd<TunnelPostHandler>, _ number: ObjectIdentifier) {
        guard context != nil else { return post.perform { $0.tunnelEnded() } }
        posts.append(Attached(end: post, number: number))
        guard posts.count > Self.mostPosts else { return }
        posts.removeFirst().end.perform { $0.tunnelEnded() }
    }

    /// What one read of a POST gave; it reads on when the connection has taken this.
    func take(_ bytes: ByteBuffer, from number: ObjectIdentifier) {
        guard let context, let index = posts.firstIndex(where: { $0.number == number }) else { return }
        posts[index].waits = true
        if bytes.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(bytes))
            context.fireChannelReadComplete()
        }
        let hasRoom = (try? context.channel.syncOptions?.getOption(.autoRead)) ?? true
        if hasRoom { readOn() }
    }

    /// A POST was closed; the tunnel stays, for another may come.
    func detach(_ number: ObjectIdentifier) {
        posts.removeAll { $0.number == number }
    }

    /// A POST brought what cannot be read.
    func broke() {
        context?.close(promise: nil)
    }

    private func readOn() {
        // One that reads on may bring nonsense and end them all.
        let waiting = posts.filter(\.waits)
        for index in posts.indices { posts[index].waits = false }
        for post in waiting { post.end.perform { $0.readOn() } }
    }

    private func ended() {
        guard context != nil else { return }
        context = nil
        if !book.getEnded(key) { tally.count(\.tunnelsUnpaired) }
        for post in posts { post.end.perform { $0.tunnelEnded() } }
        posts = []
    }
}
