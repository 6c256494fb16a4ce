import ISOMedia
import NIOCore
import RTSP
import RTSPTransport
import Reflector

/// Sends one movie to somebody who did not ask for it: an address, a group, or a server that takes publishers. One-shot.
package struct MovieBroadcaster: Sendable {
    /// Told once a second, on the event loop.
    package typealias Watcher = @Sendable (BroadcastProgress) -> Void

    /// Redirections followed before the server is given up.
    private static let mostRedirections = 3

    let program: MovieProgram
    /// The session's name where the movie has none.
    let title: String
    let isLooping: Bool
    let eventLoop: any EventLoop
    let threads: BlockingThreads
    let clock: StreamClock
    let watch: Watcher
    /// Names the session in its description.
    private let identifier: UInt64

    package init(
        _ program: MovieProgram, title: String, isLooping: Bool, eventLoop: any EventLoop, threads: BlockingThreads,
        clock: StreamClock, watch: @escaping Watcher
    ) {
        self.program = program
        self.title = title
        self.isLooping = isLooping
        self.eventLoop = eventLoop
        self.threads = threads
        self.clock = clock
        self.watch = watch
        identifier = UInt64(max(0, clock.wallClock()) / 1_000_000_000)
    }

    // MARK: To an address

    /// Returns when the movie has ended, or the task is cancelled: those who listen have been told by BYE then.
    ///
    /// `describe` is given the session description before the first packet goes out; it may block.
    package func send(
        to target: DatagramPushTarget, describe: (_ text: String) throws(BroadcastError) -> Void
    ) async throws(BroadcastError) {
        guard target.port(of: program.tracks.count - 1) != nil else { throw .tooManyTracks }
        guard let address = try? await SocketAddress.lookUp(target.host, port: target.port).first else {
            throw .push(.cannotSend(reason: "\(target.host) has no address"))
        }
        guard address.isMulticast || target.sending == MulticastSending() else {
            throw .wrongTarget("\(target.host) is no group: a TTL and an interface mean nothing for it")
        }
        try describe(program.description(title: title, identifier: identifier, sentTo: target, at: address))
        let session: NIOLoopBound<DatagramBroadcast>
        do {
            session = try await open(target, at: address)
        } catch {
            throw .push(.cannotSend(reason: "\(error)"))
        }
        try await result {
            session.value.ended
        } onCancel: {
            session.value.stop()
        }
    }

    private func open(
        _ target: DatagramPushTarget, at address: SocketAddress
    ) async throws -> NIOLoopBound<DatagramBroadcast> {
        let sending = address.isMulticast ? target.sending : nil
        return try await eventLoop.flatSubmit {
            DatagramSocketPair.openSending(
                isIPv6: address.protocol == .inet6, multicast: sending, on: self.eventLoop
            ).map { sockets in
                let session = DatagramBroadcast(self, to: address, target, over: sockets.value)
                session.start()
                return NIOLoopBound(session, eventLoop: self.eventLoop)
            }
        }.get()
    }

    // MARK: To a server

    /// Returns when the movie has ended, or the task is cancelled: the server has been told by BYE and TEARDOWN then.
    package func announce(to url: RTSPURL, over transport: PushTransport) async throws(BroadcastError) {
        var url = url
        let tls = ClientTLS()
        for _ in 0...Self.mostRedirections {
            if url.scheme == .rtsps { tls.prepare() }
            let request = RecordBroadcast.Request(
                url: url, tls: tls,
                // Beside TLS datagrams would go for all to read.
                transport: transport == .udp && url.scheme != .rtsps ? .udp : .tcp, identifier: identifier)
            do throws(BroadcastError) {
                let made = eventLoop.submit {
                    let session = RecordBroadcast(self, request)
                    session.start()
                    return NIOLoopBound(session, eventLoop: self.eventLoop)
                }
                guard let session = try? await made.get() else { throw .push(.cancelled) }
                return try await result {
                    session.value.ended
                } onCancel: {
                    session.value.stop()
                }
            } catch {
                guard case .push(.connection(.redirected(let target))) = error, !Task.isCancelled else { throw error }
                url = target
            }
        }
        throw .push(.tooManyRedirections)
    }

    // MARK: Shared

    /// Waits for what `ended` has in the end; both are called on the event loop.
    private func result(
        _ ended: @escaping @Sendable () -> EventLoopFuture<BroadcastError?>, onCancel: @escaping @Sendable () -> Void
    ) async throws(BroadcastError) {
        let outcome = await withTaskCancellationHandler { () -> BroadcastError? in
            do {
                return try await eventLoop.flatSubmit(ended).get()
            } catch {
                // Without event loops there is nobody to tell.
                return .push(.cancelled)
            }
        } onCancel: {
            eventLoop.execute(onCancel)
        }
        if let outcome { throw outcome }
    }

    func broadcast(over routes: [Int: MovieRoute], writer: InterleavedWriter? = nil) -> MovieBroadcast {
        MovieBroadcast(
            program, over: routes, writer: writer, isLooping: isLooping, threads: threads, clock: clock, on: eventLoop)
    }
}
