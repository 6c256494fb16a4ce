import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The one system call of a datagram socket; the tests' second conformer is a kernel that refuses.
protocol DatagramSystem: AnyObject {
    /// Sends one datagram, or a run that the kernel cuts at `segmentSize`; 0 or the error's number.
    func send(_ bytes: UnsafeRawBufferPointer, segmentSize: UInt16?, to destination: DatagramDestination) -> CInt
}

/// `sendmsg(2)` on a descriptor that a NIO channel owns and that is valid while the channel is active.
///
/// The message and what it points to are laid out once; a call fills in what differs.
final class KernelDatagrams: DatagramSystem {
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

    private let descriptor: NIOBSDSocket.Handle
    private let message = UnsafeMutablePointer<msghdr>.allocate(capacity: 1)
    private let vector = UnsafeMutablePointer<iovec>.allocate(capacity: 1)
    private let name = UnsafeMutablePointer<sockaddr_in6>.allocate(capacity: 1)
    private let control = UnsafeMutableRawPointer.allocate(
        byteCount: Segment.space, alignment: MemoryLayout<Int>.alignment)

    init(descriptor: NIOBSDSocket.Handle) {
        self.descriptor = descriptor
        message.initialize(to: msghdr())
        vector.initialize(to: iovec())
        name.initialize(to: sockaddr_in6())
        message.pointee.msg_name = UnsafeMutableRawPointer(name)
        message.pointee.msg_iov = vector
        message.pointee.msg_iovlen = 1
        control.initializeMemory(as: UInt8.self, repeating: 0, count: Segment.space)
        control.storeBytes(of: Segment.length, as: Int.self)
        control.storeBytes(of: Segment.level, toByteOffset: MemoryLayout<Int>.size, as: Int32.self)
        control.storeBytes(
            of: Segment.type, toByteOffset: MemoryLayout<Int>.size + MemoryLayout<Int32>.size, as: Int32.self)
    }

    deinit {
        message.deallocate()
        vector.deallocate()
        name.deallocate()
        control.deallocate()
    }

    func send(_ bytes: UnsafeRawBufferPointer, segmentSize: UInt16?, to destination: DatagramDestination) -> CInt {
        vector.pointee.iov_base = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        vector.pointee.iov_len = bytes.count
        name.pointee = destination.name
        message.pointee.msg_namelen = destination.length
        if let segmentSize {
            control.storeBytes(of: segmentSize, toByteOffset: Segment.header, as: UInt16.self)
            message.pointee.msg_control = control
            message.pointee.msg_controllen = numericCast(Segment.space)
        } else {
            message.pointee.msg_control = nil
            message.pointee.msg_controllen = 0
        }
        while sendmsg(descriptor, message, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)) < 0 {
            let code = errno
            guard code == EINTR else { return code }
        }
        return 0
    }
}
