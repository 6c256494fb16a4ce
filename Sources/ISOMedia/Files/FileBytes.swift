import CPageCache
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An open file, read with `pread(2)`: any number of viewers may read it at once, and share the system's page cache.
///
/// It stays the file that was opened, whatever its name comes to stand for; closed with the last reference.
package final class FileBytes: RandomAccessBytes {
    /// A name on a file system: the same for every opening of one file that has not been written to.
    package struct Identity: Sendable, Hashable {
        package let device: UInt64
        package let node: UInt64
        package let size: Int64
        /// In nanoseconds since 1970.
        package let modified: Int64

        fileprivate init(_ status: stat) {
            device = UInt64(status.st_dev)
            node = UInt64(status.st_ino)
            size = Int64(status.st_size)
            modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        }

        /// Of the same file, whatever has been written to it.
        package func isSameFile(as other: Identity) -> Bool {
            device == other.device && node == other.node
        }

        /// That of the file at `path`, which may be one that nobody may read.
        ///
        /// Throws `.unreadable` where there is none, `.notAFile` for a folder, a pipe or a device.
        package init(ofFileAt path: String) throws(MovieError) {
            var status = stat()
            guard stat(path, &status) == 0 else { throw .unreadable(code: errno) }
            guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
            self.init(status)
        }
    }

    package let identity: Identity
    /// Who may read and write it, as `chmod(2)` has it.
    package let permissions: UInt32
    private let descriptor: CInt

    package var size: Int64 { identity.size }

    /// Takes `descriptor` over, also where it throws: `.notAFile` for a folder, a pipe or a device.
    package init(descriptor: CInt) throws(MovieError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw .unreadable(code: code)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .notAFile
        }
        self.descriptor = descriptor
        identity = Identity(status)
        permissions = UInt32(status.st_mode & 0o777)
    }

    /// Opens `path`, and does not wait where that is a pipe.
    package convenience init(path: String) throws(MovieError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(code: errno) }
        try self.init(descriptor: descriptor)
    }

    deinit {
        close(descriptor)
    }

    /// As it is now: of another size, and with another date, once it has been written to.
    package func currentIdentity() throws(MovieError) -> Identity {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(code: errno) }
        return Identity(status)
    }

    /// Out of the system's page cache, all of it or nothing. Not every file system tells what it has; then nothing is at hand.
    package func readAtHand(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer? {
        try expect(count, at: offset)
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
            max(0, page_cache_read(descriptor, room.baseAddress, count, off_t(offset)))
        }
        return buffer.readableBytes == count ? buffer : nil
    }

    /// `SEEK_DATA` and `SEEK_HOLE` of Linux, macros that Swift does not import.
    private static let (seekData, seekHole): (CInt, CInt) = (3, 4)

    /// Of a file with holes, up to the next one; all of it where the file system does not tell.
    package func stored(from offset: Int64) -> Range<Int64> {
        let start = lseek(descriptor, off_t(offset), Self.seekData)
        if start < 0 { return errno == ENXIO ? size..<size : min(offset, size)..<size }
        let end = lseek(descriptor, start, Self.seekHole)
        let bounded = min(Int64(start), size)
        return bounded..<(end < 0 ? size : max(bounded, min(Int64(end), size)))
    }

    private func expect(_ count: Int, at offset: Int64) throws(MovieError) {
        guard offset >= 0, count >= 0, offset <= size, Int64(count) <= size - offset else {
            throw .truncated(at: offset)
        }
    }

    package func read(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer {
        try expect(count, at: offset)
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        while buffer.readableBytes < count {
            let wanted = count - buffer.readableBytes
            let place = offset + Int64(buffer.readableBytes)
            var taken = 0
            var code: CInt = 0
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { room in
                taken = pread(descriptor, room.baseAddress, wanted, off_t(place))
                code = errno
                return max(0, taken)
            }
            // Somebody has cut it short since it was opened.
            if taken == 0 { throw .truncated(at: place) }
            guard taken > 0 || code == EINTR else { throw .unreadable(code: code) }
        }
        return buffer
    }
}
