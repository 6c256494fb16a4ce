import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A TCP connection of one session, never blocking. Its owner closes it.
struct StreamSocket {
    enum Reading {
        case bytes(UnsafeRawBufferPointer)
        case nothing
        case closed
        case failed(SystemError)
    }

    let descriptor: Int32

    /// Begins to connect; `connectError` tells how that went once the socket is writable.
    static func connecting(to address: HostAddress, port: UInt16) throws(SystemError) -> StreamSocket {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, kind, 0)
        guard descriptor >= 0 else { throw .last }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        guard address.withName(port: port, { connect(descriptor, $0, $1) }) == 0 || errno == EINPROGRESS else {
            let error = SystemError.last
            close(descriptor)
            throw error
        }
        return StreamSocket(descriptor: descriptor)
    }

    var connectError: SystemError? {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else { return .last }
        return code == 0 ? nil : SystemError(code: code)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Reading {
        let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
        if count > 0 { return .bytes(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
        if count == 0 { return .closed }
        return errno == EAGAIN || errno == EINTR ? .nothing : .failed(.last)
    }

    /// A request is small and fits, unless the peer reads none: then it is not sent whole, and `false`.
    func write(_ bytes: ByteBuffer) -> Bool {
        bytes.withUnsafeReadableBytes { bytes in
            let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
            return send(descriptor, bytes.baseAddress, bytes.count, flags) == bytes.count
        }
    }

    func discard() {
        close(descriptor)
    }
}
