import RTSP

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The two UDP sockets of one track: RTP on an even port, RTCP on the next (RFC 3550 §11). Its owner closes it.
struct DatagramPair {
    let media: Int32
    let control: Int32
    let ports: PortPair

    private static let tries = 64
    /// Room for what comes between two looks.
    private static let receiveBuffer: Int32 = 4 << 20

    static func open(at address: HostAddress) throws(SystemError) -> DatagramPair {
        var error = SystemError(code: EADDRINUSE)
        for _ in 0..<tries {
            do {
                if let pair = try attempt(at: address) { return pair }
            } catch let problem {
                guard problem.code == EADDRINUSE else { throw problem }
                error = problem
            }
        }
        throw error
    }

    /// `nil` where the port the system chose has no free neighbour.
    private static func attempt(at address: HostAddress) throws(SystemError) -> DatagramPair? {
        let first = try bound(to: address, port: 0)
        guard let port = HostAddress.local(of: first)?.port else {
            let error = SystemError.last
            close(first)
            throw error
        }
        let second: Int32
        do {
            second = try bound(to: address, port: port ^ 1)
        } catch {
            close(first)
            guard error.code == EADDRINUSE else { throw error }
            return nil
        }
        let isEven = port & 1 == 0
        let pair = DatagramPair(
            media: isEven ? first : second,
            control: isEven ? second : first,
            ports: PortPair(rtp: port & ~1, rtcp: port | 1)
        )
        pair.widen()
        return pair
    }

    private static func bound(to address: HostAddress, port: UInt16) throws(SystemError) -> Int32 {
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, kind, 0)
        guard descriptor >= 0 else { throw .last }
        guard address.withName(port: port, { bind(descriptor, $0, $1) }) == 0 else {
            let error = SystemError.last
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Past the system's own limit where this process may.
    private func widen() {
        var size = Self.receiveBuffer
        let length = socklen_t(MemoryLayout<Int32>.size)
        if setsockopt(media, SOL_SOCKET, SO_RCVBUFFORCE, &size, length) != 0 {
            setsockopt(media, SOL_SOCKET, SO_RCVBUF, &size, length)
        }
    }

    func discard() {
        close(media)
        close(control)
    }
}
