import NIOCore
import RTSP

/// The RTP and the RTCP socket of one event loop (loop-confined).
///
/// Every loop of a pool has its own pair on the same two ports (`SO_REUSEPORT`): a viewer's packets leave from the pair
/// of his own loop without a hop, and always come from the `server_port` he was told.
package final class DatagramSocketPair {
    /// Takes a datagram of a registered remote: RTCP (`isControl`), or RTP if he publishes.
    package typealias Receiver = (_ datagram: ByteBuffer, _ isControl: Bool) -> Void

    /// A remote address whose datagrams come to this pair; ends with `unregister`.
    package struct Registration: Hashable, Sendable {
        fileprivate let endpoint: Endpoint
        fileprivate let number: Int
    }

    /// The `server_port` of a Transport header.
    package let ports: PortPair

    private let rtp: DatagramSocket
    private let rtcp: DatagramSocket
    private let owners: DatagramOwners
    private let seat: Int
    private var receivers: [Endpoint: (number: Int, receive: Receiver)] = [:]
    private var nextNumber = 0

    init(rtp: DatagramSocket, rtcp: DatagramSocket, ports: PortPair, owners: DatagramOwners, seat: Int) {
        self.rtp = rtp
        self.rtcp = rtcp
        self.ports = ports
        self.owners = owners
        self.seat = seat
    }

    /// `address` as the sockets of this pair name it; `nil` if it cannot be reached from them.
    package func destination(of address: SocketAddress) -> DatagramDestination? {
        rtp.destination(of: address)
    }

    /// Sends one datagram, or with `segmentSize` a run of datagrams of that size (the last may be shorter).
    ///
    /// `control` chooses the RTCP socket. A remote that cannot be reached costs its own datagrams and nobody else's.
    package func send(_ bytes: ByteBuffer, segmentSize: Int?, to destination: DatagramDestination, control: Bool) {
        (control ? rtcp : rtp).send(bytes, segmentSize: segmentSize, to: destination)
    }

    /// The same to each of `destinations`.
    package func send(
        _ bytes: ByteBuffer, segmentSize: Int?, to destinations: [DatagramDestination], control: Bool
    ) {
        (control ? rtcp : rtp).send(bytes, segmentSize: segmentSize, to: destinations)
    }

    /// Tries again what the socket buffers had no room for; a timer does so too.
    package func flush() {
        rtp.flush()
        rtcp.flush()
    }

    /// Datagrams sent, lost and waiting, of both sockets.
    package var counters: DatagramCounters { rtp.counters + rtcp.counters }

    /// Routes what comes from `remote` to `onDatagram`, on this loop; nil if that address and port are somebody's
    /// already, on whatever loop.
    package func register(_ remote: SocketAddress, onDatagram: @escaping Receiver) -> Registration? {
        guard let endpoint = Endpoint(remote), owners.claim(endpoint, seat: seat) else { return nil }
        let registration = Registration(endpoint: endpoint, number: nextNumber)
        nextNumber += 1
        receivers[endpoint] = (registration.number, onDatagram)
        return registration
    }

    /// Ends a registration; harmless when it has ended.
    package func unregister(_ registration: Registration) {
        guard receivers[registration.endpoint]?.number == registration.number else { return }
        receivers[registration.endpoint] = nil
        owners.release(registration.endpoint)
    }

    /// Gives the ports back; what is sent afterwards goes nowhere. For a pair that was opened alone.
    package func close() {
        receivers = [:]
        rtp.close()
        rtcp.close()
    }

    /// Remotes registered with this pair.
    package var registrations: Int { receivers.count }

    func deliver(_ datagram: ByteBuffer, from endpoint: Endpoint, isControl: Bool) {
        receivers[endpoint]?.receive(datagram, isControl)
    }
}

/// What a datagram socket has done since it was made.
package struct DatagramCounters: Sendable, Equatable {
    /// Datagrams the kernel took; a segmented run counts each.
    package var sent = 0
    /// Datagrams the kernel refused for their address, route or size.
    package var failed = 0
    /// The number of the error that the kernel answered last; 0 while it never did.
    package var lastFailure: CInt = 0
    /// Datagrams given up because the socket buffer and the backlog behind it were full.
    package var dropped = 0
    /// Bytes that wait for room in the socket buffer now.
    package var backlogBytes = 0

    /// All zero.
    package init() {}

    static func + (left: DatagramCounters, right: DatagramCounters) -> DatagramCounters {
        var sum = left
        sum.sent &+= right.sent
        sum.failed &+= right.failed
        if right.lastFailure != 0 { sum.lastFailure = right.lastFailure }
        sum.dropped &+= right.dropped
        sum.backlogBytes &+= right.backlogBytes
        return sum
    }
}
