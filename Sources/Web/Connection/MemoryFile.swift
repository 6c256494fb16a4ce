import CPageCache
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Bytes in a file without a name, in memory, which the kernel sends without copying them (`memfd_create(2)`, `sendfile(2)`).
///
/// They stay until the last reference is gone; what the kernel is sending then it keeps by itself.
package final class MemoryFile: Sendable {
    let descriptor: CInt
    /// In bytes.
    let count: Int

    /// Copies the bytes into a new file; `nil` where the kernel makes none, or has no memory for them.
    init?(_ bytes: ByteBuffer) {
        descriptor = memory_file_open()
        count = bytes.readableBytes
        guard descriptor >= 0 else { return nil }
        guard write(bytes) else { return nil }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    private func write(_ bytes: ByteBuffer) -> Bool {
        bytes.withUnsafeReadableBytes { bytes in
            var written = 0
            while written < bytes.count {
                let more = pwrite(
                    descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written, off_t(written))
                if more < 0, errno == EINTR { continue }
                guard more > 0 else { return false }
                written += more
            }
            return true
        }
    }
}
