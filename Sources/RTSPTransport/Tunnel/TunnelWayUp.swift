import NIOCore
import RTSP

/// The POSTs of a tunnel to a camera, one at a time (loop-confined).
///
/// A POST is opened when there is something to send, is not waited for to be answered (quirk L2), and is followed by another when
/// the camera closes it or its announced length is used up.
final class TunnelWayUp {
    /// Called once the camera takes no more requests.
    var onFailure: ((TunnelError) -> Void)?

    private let address: SocketAddress
    private let dialer: ClientDialer
    private let makeHead: () -> ByteBuffer
    private var channel: (any Channel)?
    /// Of the last of what it was given.
    private var lastWrite: EventLoopFuture<Void>?
    private var isConnecting = false
    private var isClosed = false
    /// Of the announced length of the POST that is open.
    private var sent = 0
    /// In Base64.
    private var pending = ByteBuffer()

    /// `address` is where the GET went: a camera's name may have several.
    init(
        to address: SocketAddress, over dialer: ClientDialer, makeHead: @escaping () -> ByteBuffer
    ) {
        self.address = address
        self.dialer = dialer
        self.makeHead = makeHead
    }

    /// A POST stands, and its peer has not closed it yet.
    var isConnected: Bool { !isConnecting && channel?.isActive == true }

    /// One request or answer, whole: it becomes one padded block.
    func send(_ bytes: ByteBuffer) {
        guard !isClosed else { return }
        var block = TunnelBase64.encode(bytes)
        if let channel, isConnected, sent + block.readableBytes <= TunnelRequest.bodyLength {
            guard channel.isWritable else { return fail(.wayUpStuck) }
            sent += block.readableBytes
            lastWrite = channel.writeAndFlush(block)
        } else {
            pending.writeBuffer(&block)
            guard pending.readableBytes <= TunnelRequest.bodyLength else { return fail(.wayUpStuck) }
            connect()
        }
    }

    func close() {
        isClosed = true
        onFailure = nil
        channel?.close(promise: nil)
        channel = nil
    }

    private func connect() {
        guard !isConnecting else { return }
        isConnecting = true
        if let last = channel.take() {
            // Behind what it was given, which the kernel may not have taken yet.
            lastWrite?.whenComplete { _ in last.close(promise: nil) }
        }
        dialer.dial(address) { [TunnelPostAnswerHandler()] }.assumeIsolated().whenComplete { result in
            self.isConnecting = false
            switch result {
            case .success(let channel): self.connected(channel)
            case .failure(let error): self.fail(.noWayUp(reason: "\(error)"))
            }
        }
    }

    private func connected(_ channel: any Channel) {
        guard !isClosed else { return channel.close(promise: nil) }
        self.channel = channel
        let handler = try? channel.pipeline.syncOperations.handler(type: TunnelPostAnswerHandler.self)
        handler?.onRefusal = { [weak self] status in self?.fail(.refused(status)) }
        // In a record of its own under TLS: GStreamer's server looks for nothing behind the head in the one that it has read.
        channel.writeAndFlush(makeHead(), promise: nil)
        sent = pending.readableBytes
        lastWrite = channel.writeAndFlush(pending)
        pending = ByteBuffer()
    }

    private func fail(_ error: TunnelError) {
        let onFailure = self.onFailure
        close()
        onFailure?(error)
    }
}

/// Looks whether a POST is answered with an error; success, and silence, mean nothing (quirk L2).
private final class TunnelPostAnswerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    var onRefusal: ((RTSPStatus) -> Void)?
    private var unread: ByteBuffer? = ByteBuffer()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard var bytes = unread.take() else { return }
        var more = Self.unwrapInboundIn(data)
        bytes.writeBuffer(&more)
        do throws(TunnelError) {
            guard let answer = try TunnelAnswer(readingFrom: &bytes) else {
                unread = bytes
                return
            }
            if answer.status.code >= 400 { onRefusal?(answer.status) }
        } catch {
            // Whatever it is, it is no refusal.
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
