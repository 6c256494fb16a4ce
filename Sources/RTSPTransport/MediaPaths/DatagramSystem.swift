import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The one system call of a datagram socket; the tests' second conformer is a kernel that refuses.
protocol DatagramSystem {
    /// Sends one datagram, or a run that the kernel cuts at `segmentSize`; 0 or the error's number.
    func send(_ bytes: UnsafeRawBufferPointer, segmentSize: UInt16?, to name: UnsafeRawBufferPointer) -> CInt
}

/// `sendmsg(2)` on a descriptor that a NIO channel owns and that is valid while the channel is active.
struct KernelDatagrams: DatagramSystem {
    let descriptor: NIOBSDSocket.Handle

    /// The ancillary message `UDP_SEGMENT` of `linux/udp.h`, native byte order:
    ///
    ///     | length: word | level 17: 32 | type 103: 32 | segment size: 16 | padding |
    private enum Segment {
        static let level: Int32 = 17
        static let type: Int32 = 103
        static let header = MemoryLayout<Int>.size + 2 * MemoryLayout<Int32>.size
        static let length = header + MemoryLayout<UInt16>.size
        static let space = header + MemoryLayout<Int>.size
    }

    func send(_ bytes: UnsafeRawBufferPointer, segmentSize: UInt16?, to name: UnsafeRawBufferPointer) -> CInt {
        var vector = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        return withUnsafeMutablePointer(to: &vector) { vector in
            var message = msghdr()
            message.msg_name = UnsafeMutableRawPointer(mutating: name.baseAddress)
            message.msg_namelen = socklen_t(name.count)
            message.msg_iov = vector
            message.msg_iovlen = 1
            guard let segmentSize else { return call(&message) }
            return withUnsafeTemporaryAllocation(
                byteCount: Segment.space,
                alignment: MemoryLayout<Int>.alignment
            ) { control in
                control.initializeMemory(as: UInt8.self, repeating: 0)
                control.storeBytes(of: Segment.length, as: Int.self)
                control.storeBytes(of: Segment.level, toByteOffset: MemoryLayout<Int>.size, as: Int32.self)
                control.storeBytes(of: Segment.type, toByteOffset: MemoryLayout<Int>.size + 4, as: Int32.self)
                control.storeBytes(of: segmentSize, toByteOffset: Segment.header, as: UInt16.self)
                message.msg_control = control.baseAddress
                message.msg_controllen = numericCast(Segment.space)
                return call(&message)
            }
        }
    }

    private func call(_ message: inout msghdr) -> CInt {
        while true {
            guard sendmsg(descriptor, &message, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)) < 0 else { return 0 }
            let code = errno
            guard code == EINTR else { return code }
        }
    }
}
