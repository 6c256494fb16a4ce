import NIOCore

/// The same datagrams to many remotes: a walk through a list of addresses, one `sendmsg(2)` for each and each run (loop-confined).
package final class DatagramFanout {
    /// The place of one remote.
    package final class Seat {
        fileprivate var fanout: DatagramFanout?
        fileprivate var index: Int

        fileprivate init(in fanout: DatagramFanout, index: Int) {
            self.fanout = fanout
            self.index = index
        }

        /// Gives the seat up; idempotent.
        package func leave() {
            guard let fanout else { return }
            self.fanout = nil
            fanout.vacate(index)
        }
    }

    private let sockets: DatagramSocketPair
    /// How many addresses each remote has: what `send` chooses from.
    private let width: Int
    /// By address, then by seat.
    private var destinations: [[DatagramDestination]]
    private var seats: [Seat] = []

    /// `width`: addresses of each remote.
    package init(sockets: DatagramSocketPair, width: Int) {
        self.sockets = sockets
        self.width = width
        destinations = Array(repeating: [], count: width)
    }

    /// Remotes with a seat.
    package var count: Int { seats.count }

    /// A seat for a remote with these addresses, `width` of them.
    package func seat(for addresses: [DatagramDestination]) -> Seat {
        precondition(addresses.count == width, "A remote has as many addresses as the fan-out has columns.")
        let seat = Seat(in: self, index: seats.count)
        seats.append(seat)
        for (column, address) in addresses.enumerated() { destinations[column].append(address) }
        return seat
    }

    /// Sends one datagram, or with `segmentSize` a run, to the address in `column` of each remote; `control` chooses the RTCP socket.
    package func send(_ bytes: ByteBuffer, segmentSize: Int?, column: Int, control: Bool) {
        sockets.send(bytes, segmentSize: segmentSize, to: destinations[column], control: control)
    }

    /// Tries again what the socket buffers had no room for.
    package func flush() {
        sockets.flush()
    }

    private func vacate(_ index: Int) {
        let last = seats.count - 1
        if index < last {
            seats[index] = seats[last]
            seats[index].index = index
        }
        seats.removeLast()
        for column in destinations.indices {
            destinations[column].swapAt(index, last)
            destinations[column].removeLast()
        }
    }
}
