import NIOCore

extension DatagramSocketPair {
    /// A pair of its own on two free neighbouring ports of `local`'s address, on one loop; `close()` gives them back.
    ///
    /// Some servers tell the tracks of a publisher by the ports they come from, so that each needs its own.
    package static func open(
        on local: SocketAddress, eventLoop: any EventLoop
    ) -> EventLoopFuture<NIOLoopBound<DatagramSocketPair>> {
        eventLoop.makeFutureWithTask {
            try await PortSearch(group: eventLoop, local: local).withFreePorts { local, ports in
                let binding = PairBinding(local: local, ports: ports, owners: DatagramOwners())
                guard let bound = try await binding.bind(eventLoop).first else { throw DatagramPortsError.noFreePair }
                return bound.pair
            }
        }
    }
}
