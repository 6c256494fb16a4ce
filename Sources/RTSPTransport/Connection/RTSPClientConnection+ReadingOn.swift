import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension RTSPClientConnection {
    /// Reads the rest of a picture that came while its first piece was taken in, past the channel.
    ///
    /// Left to the event loop, the rest costs a round of it, a timer that is set and a timer that runs out for nothing:
    /// together as much as a dozen packets. What the kernel does not have yet is the event loop's affair, and so are errors
    /// and the end, which stay where they are.
    func readOn() {
        guard let socket, receiver?.awaitsRest == true else { return }
        var rest = ByteBuffer()
        for _ in 0..<Self.readsOn {
            guard case .talking = phase, receiver?.awaitsRest == true else { return }
            // Slices of what was read before may be held; then this makes room elsewhere.
            rest.clear(minimumCapacity: Self.restCapacity)
            let count = rest.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.restCapacity) { room in
                max(0, recv(socket, room.baseAddress, room.count, Int32(MSG_DONTWAIT)))
            }
            guard count > 0 else { return }
            received(rest)
        }
    }

    /// Then others have their turn: 256 KiB at most.
    private static let readsOn = 4
    private static let restCapacity = 65_536
}
