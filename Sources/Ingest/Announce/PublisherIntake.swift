import Logging
import Media
import NIOCore
import RTSP
import Reflector
import Synchronization

/// A packet on its way from the loop of a publisher's connection to the home loop of its stream.
struct ArrivedPacket: Sendable {
    var bytes: ByteBuffer
    /// Its place among the announced tracks that can be set up.
    var track: Int
    var isControl: Bool
    var arrival: NIODeadline
}

/// The way from a publisher's connection, on any loop, to its reception on the stream's home loop.
///
/// What is asked on one loop happens on the other in the same order.
final class PublisherIntake: Sendable {
    /// Bytes that may be under way: a home loop that is busy for longer than that gets none of the rest.
    private static let mostUnderWay = 16 << 20

    private let homeLoop: any EventLoop
    private let reception: NIOLoopBoundBox<PublisherReception>
    private let underWay = Atomic(0)

    /// A publisher of nothing but events ends when it is `quiet` for so long. `onEnd` is called on the home loop where the reception
    /// ends, by whatever cause.
    init(
        _ published: PublishedStream, _ announced: AnnouncedTracks, quiet: TimeAmount, logger: Logger,
        onEnd: @escaping @Sendable (PublisherEnd) -> Void
    ) {
        homeLoop = published.stream.homeLoop
        reception = .makeBoxSendingValue(
            PublisherReception(published, announced, quiet: quiet, logger: logger, onEnd: onEnd), eventLoop: homeLoop)
    }

    /// Completes with the ports of ours on `eventLoop`.
    func openPorts(
        for track: Int, from peer: SocketAddress, sending client: PortPair?, on local: SocketAddress,
        hoppingTo eventLoop: any EventLoop
    ) -> EventLoopFuture<PortPair> {
        homeLoop.flatSubmit { [reception] in
            reception.value.openPorts(for: track, from: peer, sending: client, on: local)
        }.hop(to: eventLoop)
    }

    func closePorts(of track: Int) {
        onHomeLoop { $0.closePorts(of: track) }
    }

    /// Completes on `eventLoop` when the stream is taken; fails with `StreamError`.
    func begin(_ recorded: [Int], hoppingTo eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        guard homeLoop.inEventLoop else {
            return homeLoop.submit { [reception] in try reception.value.begin(recorded, at: .now()) }.hop(to: eventLoop)
        }
        // At once: packets that came with the request are behind it.
        let result = Result { try reception.value.begin(recorded, at: .now()) }
        return homeLoop.makeCompletedFuture(result).hop(to: eventLoop)
    }

    /// A request named the session.
    func noteActivity(at now: NIODeadline) {
        onHomeLoop { $0.noteActivity(at: now) }
    }

    func pause() {
        onHomeLoop { $0.pause() }
    }

    func end(_ reason: PublisherEnd) {
        onHomeLoop { $0.end(reason) }
    }

    /// Hands over what one read gave: one hop, and none where both are at home on one loop.
    func take(_ packets: [ArrivedPacket]) {
        guard !homeLoop.inEventLoop else { return reception.value.receive(packets) }
        let bytes = packets.reduce(0) { $0 + $1.bytes.readableBytes + MemoryLayout<ArrivedPacket>.stride }
        guard underWay.load(ordering: .relaxed) < Self.mostUnderWay else { return }
        underWay.add(bytes, ordering: .relaxed)
        homeLoop.execute { [self] in
            underWay.subtract(bytes, ordering: .relaxed)
            reception.value.receive(packets)
        }
    }

    private func onHomeLoop(_ body: @escaping @Sendable (PublisherReception) -> Void) {
        if homeLoop.inEventLoop {
            body(reception.value)
        } else {
            homeLoop.execute { [reception] in body(reception.value) }
        }
    }
}
