import NIOCore
import RTSP

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A way up of an HTTP tunnel: takes the Base64 off what one POST brings, and hands it to the loop of the GET.
///
/// It reads once, hands over, and reads again when the other side has taken that, so no more than one read is under way
/// however fast the client writes. The POST is not answered; a client that has made an error is told.
final class TunnelPostHandler: ChannelInboundHandler, RemovableChannelHandler, OpenConnection {
    typealias InboundIn = ByteBuffer

    /// `arriving` → `waiting` or `bound`, `waiting` → `bound`; each → `ended`.
    private enum State {
        case arriving
        /// For its GET; what has been read is kept, and nothing more is read.
        case waiting(ticket: UInt64, since: NIODeadline)
        case bound(TunnelEnd<TunnelGetHandler>)
        case ended
    }

    private let key: TunnelKey
    private let environment: ConnectionEnvironment
    private var state = State.arriving
    private var decoder = TunnelBase64()
    /// Read, and not yet handed over.
    private var unread: ByteBuffer
    /// The GET's side has not taken yet what it was handed.
    private var awaitsRoom = false
    /// The GET's side holds what another POST brought until this one is read out.
    private var isAskedFor = false
    private var context: ChannelHandlerContext?

    /// `beginning` is what was read behind the head of the POST.
    init(key: TunnelKey, environment: ConnectionEnvironment, beginning: ByteBuffer) {
        self.key = key
        self.environment = environment
        unread = beginning.trimmed
    }

    private var number: ObjectIdentifier { ObjectIdentifier(self) }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        environment.siblings.opened(self)
    }

    /// Looks for its GET; the handler stands in the pipeline of an active channel.
    func begin() {
        guard let context, context.channel.isActive else { return }
        _ = try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        do throws(TunnelRefusal) {
            switch try environment.tunnels.postArrived(TunnelEnd(self, on: context.eventLoop), key) {
            case .bound(let get): bound(to: get)
            case .waiting(let ticket): state = .waiting(ticket: ticket, since: .now())
            }
        } catch {
            environment.tally.count(\.tunnelsRefused)
            refuse(error.answer)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ended()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Self.unwrapInboundIn(data)
        if unread.readableBytes == 0 { unread = bytes } else { unread.writeImmutableBuffer(bytes) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        handOver()
        answerIfReadOut()
    }

    // MARK: The GET's calls

    /// The GET that was waited for is there.
    func bound(to get: TunnelEnd<TunnelGetHandler>) {
        guard let context else { return }
        state = .bound(get)
        let end = TunnelEnd(self, on: context.eventLoop)
        get.perform { [number] in $0.attach(end, number) }
        handOver()
    }

    /// The GET's side has taken what it was handed.
    func readOn() {
        awaitsRoom = false
        if unread.readableBytes > 0 { handOver() } else { context?.read() }
        answerIfReadOut()
    }

    /// The client goes on in another POST; what it wrote here comes before that.
    func tellWhenReadOut() {
        isAskedFor = true
        answerIfReadOut()
    }

    /// What lies in the kernel was written before what the other POST brought, as far as anybody can tell. An end that lies there is
    /// told by itself.
    private func answerIfReadOut() {
        guard isAskedFor, case .bound(let get) = state, !awaitsRoom, unread.readableBytes == 0, isKernelEmpty else {
            return
        }
        isAskedFor = false
        get.perform { [number] in $0.wasReadOut(number) }
    }

    private var isKernelEmpty: Bool {
        let socket = try? context?.pipeline.syncOperations
            .withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
        guard let socket else { return true }
        var byte: UInt8 = 0
        let count = recv(socket, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK))
        return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)
    }

    /// The GET is gone, or has too many POSTs.
    func tunnelEnded() {
        abort()
    }

    private func handOver() {
        guard case .bound(let get) = state, let context, !awaitsRoom else { return }
        let text = unread
        unread = ByteBuffer()
        do throws(TunnelBase64.Malformed) {
            let bytes = try decoder.decode(text)
            // Nothing whole came, or TLS has not enough for a record.
            guard bytes.readableBytes > 0 else { return context.read() }
            awaitsRoom = true
            get.perform { [number] in $0.take(bytes, from: number) }
        } catch {
            environment.tally.count(\.malformed)
            refuse(.badBase64)
            get.perform { $0.broke() }
        }
    }

    // MARK: Ends

    /// The last words go out as on any connection that is closed for an error.
    private func refuse(_ answer: HTTPAnswer) {
        guard let context, context.channel.isActive else { return }
        let connection = RTSPServerConnection(environment: environment)
        do {
            try context.pipeline.syncOperations.addHandler(connection, position: .after(self))
        } catch {
            return abort()
        }
        _ = try? context.channel.syncOptions?.setOption(.autoRead, value: true)
        connection.end(with: answer.bytes)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func ended() {
        guard context != nil else { return }
        context = nil
        let last = state
        state = .ended
        switch last {
        case .waiting(let ticket, _):
            environment.tunnels.postLeft(key, ticket: ticket)
        case .bound(let get):
            // Its end may come before the GET's side has asked for the rest.
            if unread.readableBytes > 0, let bytes = try? decoder.decode(unread), bytes.readableBytes > 0 {
                get.perform { [number] in $0.take(bytes, from: number) }
            }
            unread = ByteBuffer()
            get.perform { [number] in $0.detach(number) }
        case .arriving, .ended:
            break
        }
        environment.siblings.closed(self)
    }

    // MARK: The loop's calls

    func sweep(at now: NIODeadline) {
        guard case .waiting(_, let since) = state, now - since >= environment.limits.idleTime else { return }
        environment.tally.count(\.tunnelsUnpaired)
        refuse(.requestTimeout)
    }

    func stop() {
        abort()
    }

    func abort() {
        context?.close(promise: nil)
    }
}
