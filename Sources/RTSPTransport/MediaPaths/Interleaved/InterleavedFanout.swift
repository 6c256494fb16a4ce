import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The same frames to many RTSP connections: a walk through a list of sockets, one `send(2)` each (loop-confined).
///
/// A connection has a seat while it takes everything. When its socket takes a part only, when anything is queued for it, and when it ends,
/// it loses the seat and is its writer's business alone.
package final class InterleavedFanout {
    /// The place of one connection.
    package final class Seat {
        fileprivate var fanout: InterleavedFanout?
        fileprivate var index: Int
        fileprivate let writer: InterleavedWriter
        fileprivate let onLost: () -> Void

        fileprivate init(
            in fanout: InterleavedFanout, index: Int, writer: InterleavedWriter, onLost: @escaping () -> Void
        ) {
            self.fanout = fanout
            self.index = index
            self.writer = writer
            self.onLost = onLost
        }

        /// Gives the seat up; idempotent, and `onLost` is not called.
        package func leave() {
            guard let fanout else { return }
            self.fanout = nil
            writer.seat = nil
            fanout.vacate(index)
        }

        /// The connection no longer takes what it is sent.
        func lose() {
            guard fanout != nil else { return }
            leave()
            onLost()
        }
    }

    private var sockets: [NIOBSDSocket.Handle] = []
    private var seats: [Seat] = []
    /// Whose socket did not take all of the last send, and how much it took.
    private var partial: [(seat: Seat, taken: Int)] = []

    package init() {}

    /// Connections with a seat.
    package var count: Int { sockets.count }

    /// A seat for a writer with nothing queued; `nil` where it has something queued, has a seat already, or does not write to a socket.
    /// `onLost` is called when the seat is lost: the frames of the last `send` are all sent or queued by then.
    package func seat(for writer: InterleavedWriter, onLost: @escaping () -> Void) -> Seat? {
        guard writer.seat == nil, let socket = writer.directSocket else { return nil }
        let seat = Seat(in: self, index: seats.count, writer: writer, onLost: onLost)
        writer.seat = seat
        seats.append(seat)
        sockets.append(socket)
        return seat
    }

    /// Sends whole interleaved frames to every seat.
    package func send(_ framed: ByteBuffer) {
        guard framed.readableBytes > 0 else { return }
        framed.withUnsafeReadableBytes { bytes in
            sockets.withUnsafeBufferPointer { sockets in
                for index in sockets.indices {
                    let taken = systemSend(sockets[index], bytes.baseAddress, bytes.count)
                    if taken != bytes.count { partial.append((seats[index], max(0, taken))) }
                }
            }
        }
        if !partial.isEmpty { queueRests(of: framed) }
    }

    /// A short write, EAGAIN or a dead peer: NIO waits for the socket, or finds the error and closes.
    private func queueRests(of framed: ByteBuffer) {
        let short = partial
        partial.removeAll(keepingCapacity: true)
        for (seat, taken) in short where seat.fanout != nil {
            var rest = framed
            rest.moveReaderIndex(forwardBy: taken)
            seat.leave()
            seat.writer.queueRest(rest)
            seat.onLost()
        }
    }

    private func vacate(_ index: Int) {
        let last = seats.count - 1
        if index < last {
            seats[index] = seats[last]
            seats[index].index = index
            sockets[index] = sockets[last]
        }
        seats.removeLast()
        sockets.removeLast()
    }
}
