import Logging
import NIOCore
import Reflector
import RTSPTransport
import Synchronization

/// The groups of a server: which stream goes where, and who sends it. Any thread may ask.
package final class MulticastGroups: Sendable {
    private struct State {
        var addresses: MulticastAddresses
        /// By stream, each on its home loop.
        var senders: [ObjectIdentifier: NIOLoopBound<MulticastSender>] = [:]
        var lastViewer = 0
        /// When it was last said of a stream that it cannot be sent.
        var complaints: [StreamPath: NIODeadline] = [:]
    }

    let configuration: MulticastConfiguration
    private let logger: Logger
    private let state: Mutex<State>

    /// Of a stream that cannot be sent it is said so often, however many viewers ask.
    private static let silence = TimeAmount.minutes(1)

    /// Logs an error where the configured interface does not exist: it may come, and is looked for at each first PLAY.
    package init(_ configuration: MulticastConfiguration, logger: Logger) {
        do {
            try configuration.sending.checkInterface()
        } catch {
            logger.error("no multicast until its interface is there", metadata: ["reason": "\(error)"])
        }
        self.configuration = configuration
        self.logger = logger
        state = Mutex(State(addresses: MulticastAddresses(configuration.addresses)))
    }

    /// Where a stream is sent, or would be; `nil` where every group is held for others.
    func group(for stream: Stream) -> SocketAddress? {
        state.withLock { $0.addresses.group(for: stream.path) }
    }

    /// Holds the stream's group for a session of a viewer on `eventLoop`; `nil` where every group is held for others.
    func claim(for stream: Stream, eventLoop: any EventLoop) -> MulticastClaim? {
        let held = state.withLock { state -> (group: SocketAddress, viewer: Int)? in
            guard let group = state.addresses.hold(stream.path) else { return nil }
            state.lastViewer += 1
            return (group, state.lastViewer)
        }
        return held.map {
            MulticastClaim(on: $0.group, of: stream, in: self, viewer: $0.viewer, eventLoop: eventLoop)
        }
    }

    /// A claim has ended.
    func released(_ stream: Stream) {
        state.withLock { $0.addresses.release(stream.path) }
    }

    /// Who sends the stream, if anybody does; on its home loop.
    func sender(of stream: Stream) -> MulticastSender? {
        state.withLock { $0.senders[ObjectIdentifier(stream)] }?.value
    }

    /// Who sends the stream, made where nobody does; `nil` for a viewer who knows other tracks than are sent. On its home loop.
    func sender(of stream: Stream, knowing tracks: [StreamTrack], to group: SocketAddress) -> MulticastSender? {
        if let known = sender(of: stream) {
            if known.tracks.map(\.ssrc) == tracks.map(\.ssrc) { return known }
            guard known.isIdle else { return nil }
            known.end()
        }
        let identifier = ObjectIdentifier(stream)
        let sender = MulticastSender(
            of: stream, tracks: tracks, to: group, configuration: configuration, logger: logger,
            mayComplain: { [weak self] in self?.mayComplain(about: stream.path) ?? false }
        ) { [weak self] in
            self?.state.withLock { _ = $0.senders.removeValue(forKey: identifier) }
        }
        let bound = NIOLoopBound(sender, eventLoop: stream.homeLoop)
        state.withLock { $0.senders[identifier] = bound }
        return sender
    }

    private func mayComplain(about path: StreamPath) -> Bool {
        let now = NIODeadline.now()
        return state.withLock { state in
            state.complaints = state.complaints.filter { now - $0.value < Self.silence }
            guard state.complaints[path] == nil else { return false }
            state.complaints[path] = now
            return true
        }
    }
}
