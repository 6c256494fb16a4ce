import HLS
import NIOCore
import NIOHTTP1
import NIOWebSocket

extension WebConnection {
    /// Sends what is watched as the body of the answer, until there is no more.
    func watch(_ ticket: LiveTicket, _ number: UInt64) {
        guard let context, answering?.number == number else { return }
        // It has no length and no end of its own: nothing is answered behind it.
        let download = LiveDownload(
            ticket, on: context.channel, meter,
            write: { [weak self] bytes in
                guard let self, let context = self.context, self.answering?.number == number else { return }
                context.write(self.wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
            },
            finish: { [weak self] in
                guard let self, self.answering?.number == number else { return }
                self.watched()
                self.end(number)
            })
        answering?.task = ticket.admit(download, on: context.eventLoop)
        answering?.watching = (download, ticket)
        context.flush()
    }

    /// It is over, from one side or the other.
    func watched() {
        guard let (download, ticket) = answering?.watching else { return }
        answering?.watching = nil
        answering?.task?.cancel()
        download.leave()
        download.visit.ended(ticket, via: "live.mp4", logger)
    }

    /// Becomes a WebSocket; the head of the answer is written, and goes out when everything stands.
    func becomeSocket(_ ticket: LiveTicket) {
        guard let context else { return }
        let pipeline = context.pipeline.syncOperations
        let channel = context.channel
        meter.overflowed = {}
        let socket = LiveSocket(ticket, environment: environment, meter: meter, logger: logger)
        // It is one request until the WebSocket is over.
        if environment.accessLog != nil, let answering {
            socket.over = { [self, meter] in note(answering, left: meter.leftBehind) }
        }
        do {
            let encoder = try pipeline.context(handlerType: HTTPResponseEncoder.self)
            let decoder = try pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
            // Its decoder is deaf already, and gone when the loop comes round: before anything is read.
            pipeline.removeHandler(context: encoder).assumeIsolated().whenComplete { _ in }
            pipeline.removeHandler(context: decoder).assumeIsolated().whenComplete { [meter] _ in
                do {
                    guard channel.isActive else { return }
                    try pipeline.addHandlers([
                        WebSocketFrameEncoder(),
                        ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: LiveSocket.largestFrame)), socket,
                    ])
                    meter.isDeaf = false
                    self.answering = nil
                    pipeline.removeHandler(self).assumeIsolated().whenComplete { _ in channel.flush() }
                } catch {
                    channel.close(promise: nil)
                }
            }
        } catch {
            abort()
        }
    }
}
