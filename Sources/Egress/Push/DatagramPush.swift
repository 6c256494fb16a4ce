import Logging
import NIOCore
import RTSPTransport
import Reflector

/// Sends one stream to an address or a group for as long as it runs, whoever listens there.
///
/// Nobody tells whether anybody does: refusals by ICMP reach no socket that is not connected. What goes wrong here costs nobody else
/// anything; it is logged once, and tried again.
package struct DatagramPush: Sendable {
    /// Takes the text of a session description to a file, as a whole; it may block, and throws what the system says.
    package typealias DescriptionWriter = @Sendable (_ file: String, _ text: String) throws -> Void

    /// Finds the addresses of a host, the best one first; throws where it has none.
    typealias Lookup = @Sendable (_ host: String, _ port: UInt16) async throws -> [SocketAddress]

    /// How often the stream is asked whether its description has changed, and the kernel whether it takes what is sent.
    private let look: Duration
    private let lookUp: Lookup
    /// Before the next try.
    private var retry: Duration { look * 2 }
    /// Before the name is looked up again while the push is live: nothing else tells that it stands for another address now.
    private var renewal: Duration { look * 60 }
    private let stream: Stream
    private let target: DatagramPushTarget
    private let write: DescriptionWriter
    private let monitor: PushMonitor
    private let logger: Logger

    /// `name` is what the configuration calls it.
    package init(
        name: String, stream: Stream, target: DatagramPushTarget, write: @escaping DescriptionWriter, logger: Logger
    ) {
        self.init(
            name: name, stream: stream, target: target, write: write, look: .seconds(1),
            lookUp: SocketAddress.lookUp(_:port:), logger: logger)
    }

    init(
        name: String, stream: Stream, target: DatagramPushTarget, write: @escaping DescriptionWriter, look: Duration,
        lookUp: @escaping Lookup, logger: Logger
    ) {
        self.look = look
        self.lookUp = lookUp
        self.stream = stream
        self.target = target
        self.write = write
        monitor = PushMonitor(eventLoop: stream.homeLoop)
        var logger = logger
        logger[metadataKey: "push"] = "\(name)"
        logger[metadataKey: "stream"] = "\(stream.path)"
        logger[metadataKey: "to"] = "\(target)"
        self.logger = logger
    }

    /// How the push is doing; throws when the event loops are gone.
    package func status() async throws -> PushStatus {
        try await monitor.status()
    }

    /// Returns when the stream is closed or the task is cancelled.
    package func run() async {
        defer { monitor.entered(.ended) }
        let homeLoop = stream.homeLoop
        let made = homeLoop.submit { [stream] in NIOLoopBound(PushInterest(stream), eventLoop: homeLoop) }
        guard let interest = try? await made.get() else { return }
        defer { homeLoop.execute { interest.value.end() } }
        var complaint: String?
        while !Task.isCancelled {
            // A camera on demand stays while the push waits; the stream may have let go of it.
            homeLoop.execute { _ = interest.value.flows() }
            do {
                if complaint == nil { monitor.entered(.awaitingStream) }
                guard let snapshot = try await snapshot() else { return }
                guard let address = try await lookUp(target.host, target.port).first else { throw UnknownName(code: 0) }
                let session = try await begin(snapshot, to: address)
                let outcome = await watch(session, snapshot, address)
                if outcome.hasSent { complaint = nil }
                if outcome.hasMoved { continue }
                if let error = outcome.error { wait(because: error, said: &complaint) }
            } catch {
                wait(because: .cannotSend(reason: "\(error)"), said: &complaint)
            }
            homeLoop.execute { _ = interest.value.flows() }
            try? await Task.sleep(for: retry)
        }
    }

    /// Says so once, until something was sent again.
    private func wait(because error: PushError, said complaint: inout String?) {
        guard !Task.isCancelled else { return }
        monitor.entered(.waiting, because: error)
        let reason = "\(error)"
        if reason != complaint { logger.warning("push waits", metadata: ["reason": "\(reason)"]) }
        complaint = reason
    }

    /// `nil` when the stream is closed; throws while its source has never come.
    private func snapshot() async throws -> StreamSnapshot? {
        do {
            return try await stream.describe(on: stream.homeLoop).get()
        } catch StreamError.closed {
            return nil
        }
    }

    private func begin(
        _ snapshot: StreamSnapshot, to address: SocketAddress
    ) async throws -> NIOLoopBound<DatagramPushSession> {
        let unsent = snapshot.tracks.count { target.port(of: $0.index) == nil }
        if unsent > 0 { logger.warning("tracks without ports are not sent", metadata: ["tracks": "\(unsent)"]) }
        let loop = stream.homeLoop
        return try await loop.flatSubmit { [stream, target, monitor, logger] in
            DatagramSocketPair.openSending(
                isIPv6: address.protocol == .inet6, multicast: address.isMulticast ? target.sending : nil, on: loop
            ).flatMap { sockets in
                DatagramPushSession.begin(
                    of: stream, snapshot.tracks, to: address, target, over: sockets.value, monitor: monitor,
                    logger: logger)
            }
        }.get()
    }

    /// Until the stream ends the session, or the task is cancelled, which ends it too.
    private func watch(
        _ session: NIOLoopBound<DatagramPushSession>, _ snapshot: StreamSnapshot, _ address: SocketAddress
    ) async -> DatagramPushSession.Outcome {
        let ended = stream.homeLoop.flatSubmit { session.value.ended }
        return await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await count(session) }
            if target.isNamed { tasks.addTask { await follow(session, at: address) } }
            if let file = target.descriptionFile {
                tasks.addTask { await describe(in: file, snapshot, at: address) }
            }
            let outcome = await withTaskCancellationHandler {
                try? await ended.get()
            } onCancel: {
                stream.homeLoop.execute { session.value.end() }
            }
            tasks.cancelAll()
            return outcome ?? DatagramPushSession.Outcome(hasSent: false)
        }
    }

    private func count(_ session: NIOLoopBound<DatagramPushSession>) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: look)
            stream.homeLoop.execute { session.value.count() }
        }
    }

    /// Ends the session when the name stands for other addresses; one that cannot be looked up now stands for the same.
    private func follow(_ session: NIOLoopBound<DatagramPushSession>, at address: SocketAddress) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: renewal)
            guard let known = try? await lookUp(target.host, target.port), let best = known.first,
                !known.contains(address), !Task.isCancelled
            else { continue }
            let places: Logger.Metadata = [
                "from": "\(address.ipAddress ?? "")", "address": "\(best.ipAddress ?? "")",
            ]
            logger.notice("push moves with its name", metadata: places)
            return stream.homeLoop.execute { session.value.move() }
        }
    }

    /// Writes the file, and again when the tracks have learnt something; it stays when nothing is sent any more.
    private func describe(in file: String, _ first: StreamSnapshot, at address: SocketAddress) async {
        var snapshot = first
        var written: String?
        var complaint: String?
        while !Task.isCancelled {
            let text = target.description(of: snapshot, at: address)
            do {
                if text != written { try write(file, text) }
                written = text
                complaint = nil
            } catch {
                if "\(error)" != complaint {
                    let metadata: Logger.Metadata = ["file": "\(file)", "reason": "\(error)"]
                    logger.warning("cannot write the description", metadata: metadata)
                }
                complaint = "\(error)"
            }
            try? await Task.sleep(for: look)
            guard let next = try? await stream.describe(on: stream.homeLoop).get() else { continue }
            // With other tracks the session ends, and the next one tells of them.
            if next.tracks.map(\.ssrc) == first.tracks.map(\.ssrc) { snapshot = next }
        }
    }
}

extension DatagramPushTarget {
    /// What is sent to `address`, for a player to open as a file: without controls, for nothing can be asked for.
    func description(of snapshot: StreamSnapshot, at address: SocketAddress) -> String {
        let host = address.ipAddress ?? self.host
        let isGroup = address.isMulticast && address.protocol == .inet
        var description = snapshot.sessionDescription(
            from: address.protocol == .inet6 ? "::" : "0.0.0.0", sentTo: isGroup ? "\(host)/\(sending.ttl)" : host,
            ports: port(of:)
        )
        description.control = nil
        description.range = nil
        for index in description.tracks.indices { description.tracks[index].control = nil }
        return description.serializedWithPorts()
    }
}
