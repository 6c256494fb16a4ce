import NIOCore
import RTSP

/// The way down of an HTTP tunnel, in front of the RTSP connection that lives on it.
///
/// Nothing is done to what goes out, so answers and media go straight to the socket as on any connection. What comes in are
/// the bytes of the POSTs, one after the other: of a client that goes on in the next, the last one is read out before. The client sends
/// nothing here, and what it does is dropped.
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
    /// In the order in which they came.
    private var posts: [Attached] = []
    /// The one the client goes on in.
    private var current: ObjectIdentifier?

    private struct Attached {
        var end: TunnelEnd<TunnelPostHandler>
        var number: ObjectIdentifier
        /// It has given what it read, and reads on when we say so.
        var waits = false
        /// What it gave before the current one was read out: one read, for it is not asked for more.
        var held = ByteBuffer()
        /// It is closed, and still has something held.
        var isClosed = false
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
        let oldest = posts.removeFirst()
        oldest.end.perform { $0.tunnelEnded() }
        if oldest.number == current { passOn() }
    }

    /// What one read of a POST gave; it reads on when the connection has taken this.
    func take(_ bytes: ByteBuffer, from number: ObjectIdentifier) {
        guard context != nil, let index = posts.firstIndex(where: { $0.number == number }) else { return }
        guard current == nil || current == number else {
            posts[index].held.writeImmutableBuffer(bytes)
            return askCurrent()
        }
        current = number
        posts[index].waits = true
        deliver(bytes)
    }

    /// The current POST has nothing left that it has not given.
    func wasReadOut(_ number: ObjectIdentifier) {
        if number == current { passOn() }
    }

    /// A POST was closed; the tunnel stays, for another may come.
    func detach(_ number: ObjectIdentifier) {
        guard let index = posts.firstIndex(where: { $0.number == number }) else { return }
        if posts[index].held.readableBytes > 0 {
            posts[index].isClosed = true
        } else {
            posts.remove(at: index)
        }
        if number == current { passOn() }
    }

    /// The client goes on in another POST, if one has brought something; else in whichever brings something first.
    private func passOn() {
        current = nil
        guard let index = posts.firstIndex(where: { $0.held.readableBytes > 0 }) else { return }
        let next = posts[index]
        posts[index].held = ByteBuffer()
        posts[index].waits = true
        if next.isClosed { posts.remove(at: index) } else { current = next.number }
        deliver(next.held)
        guard posts.contains(where: { $0.held.readableBytes > 0 }) else { return }
        if current == nil { passOn() } else { askCurrent() }
    }

    private func askCurrent() {
        guard let post = posts.first(where: { $0.number == current }) else { return }
        post.end.perform { $0.tellWhenReadOut() }
    }

    private func deliver(_ bytes: ByteBuffer) {
        guard let context else { return }
        if bytes.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(bytes))
            context.fireChannelReadComplete()
        }
        let hasRoom = (try? context.channel.syncOptions?.getOption(.autoRead)) ?? true
        if hasRoom { readOn() }
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
