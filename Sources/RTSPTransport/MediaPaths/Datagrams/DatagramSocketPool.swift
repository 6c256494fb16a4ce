import Logging
import NIOCore
import NIOPosix
import RTSP

/// The media sockets of a server: one `DatagramSocketPair` per event loop, all on the same two ports.
package final class DatagramSocketPool: Sendable {
    fileprivate struct Seat: Sendable {
        let eventLoop: any EventLoop
        let channels: [any Channel]
        let pair: NIOLoopBound<DatagramSocketPair>
    }

    /// The ports all pairs share, RTP even and RTCP one above (RFC 3550 §11).
    package let ports: PortPair

    private let seats: [ObjectIdentifier: Seat]
    private let owners: DatagramOwners

    private init(ports: PortPair, seats: [Seat], owners: DatagramOwners) {
        self.ports = ports
        self.seats = Dictionary(uniqueKeysWithValues: seats.map { (ObjectIdentifier($0.eventLoop), $0) })
        self.owners = owners
    }

    /// Binds a pair for each loop of `group`; `ports.rtp` 0 = any free pair. Throws `DatagramPortsError`.
    package static func start(
        group: any EventLoopGroup,
        host: String? = nil,
        ports: PortPair,
        logger: Logger = Logger(label: "heliograph.datagrams")
    ) async throws -> DatagramSocketPool {
        let search = try PortSearch(group: group, host: host, ports: ports)
        let owners = DatagramOwners()
        let pool = try await search.withFreePorts { local, ports in
            let binding = PairBinding(local: local, ports: ports, owners: owners)
            let seats = try await binding.bind(group)
            return DatagramSocketPool(ports: ports, seats: seats.map { Seat($0) }, owners: owners)
        }
        logger.info("media over UDP", metadata: ["ports": "\(pool.ports.rtp)-\(pool.ports.rtcp)"])
        return pool
    }

    /// The pair of a loop of the group, to be asked for on that loop; nil for a foreign loop.
    package func pair(for eventLoop: any EventLoop) -> DatagramSocketPair? {
        seats[ObjectIdentifier(eventLoop)]?.pair.value
    }

    /// Remotes registered with any pair.
    package var registrations: Int { owners.count }

    /// Closes all sockets; what is sent afterwards goes nowhere.
    package func shutdown() async {
        for seat in seats.values {
            for channel in seat.channels { try? await channel.close() }
        }
    }
}

extension DatagramSocketPool.Seat {
    fileprivate init(_ bound: PairBinding.Bound) {
        self.init(eventLoop: bound.eventLoop, channels: bound.channels, pair: bound.pair)
    }
}

/// Why the ports for media over UDP cannot be had.
package enum DatagramPortsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// RTP ports are even, RTCP is one above.
    case notAPair(PortPair)
    case cannotBind(PortPair, reason: String)
    case noFreePair
    case badHost(String)

    package var description: String {
        switch self {
        case .notAPair(let ports):
            "\(ports.rtp)-\(ports.rtcp) is no pair of RTP and RTCP ports; give an even port and the one above it"
        case .cannotBind(let ports, let reason):
            "cannot use UDP ports \(ports.rtp)-\(ports.rtcp): \(reason); stop the program that uses them or choose others"
        case .noFreePair:
            "no two neighbouring UDP ports are free; name a pair in the configuration"
        case .badHost(let host):
            "\(host) is no address of this machine; give one of its IP addresses, or none for all of them"
        }
    }
}
