import CPageCache
import NIOConcurrencyHelpers
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Bytes in a file without a name, in memory, which the kernel sends without copying them (`memfd_create(2)`, `sendfile(2)`).
///
/// One file for all: it only grows, and what nobody needs any more becomes a hole in it.
package final class MemoryFile: Sendable {
    /// Bytes that lie in the file, until the last reference is gone. What the kernel is sending then it keeps by itself.
    package final class Pages: Sendable {
        fileprivate let file: MemoryFile
        /// From the beginning of the file, in bytes.
        let offset: Int
        let count: Int

        fileprivate init(_ file: MemoryFile, offset: Int, count: Int) {
            self.file = file
            self.offset = offset
            self.count = count
        }

        deinit {
            _ = memory_file_forget(file.descriptor, off_t(offset), off_t(count.inWholePages))
        }

        var descriptor: CInt { file.descriptor }
    }

    fileprivate let descriptor: CInt
    /// Where the next bytes go.
    private let end = NIOLockedValueBox(0)

    /// `nil` where the kernel has no such files.
    init?() {
        descriptor = memory_file_open()
        guard descriptor >= 0 else { return nil }
    }

    deinit {
        close(descriptor)
    }

    /// Copies the bytes into the file; `nil` where there is no memory for them.
    func keep(_ bytes: ByteBuffer) -> Pages? {
        let count = bytes.readableBytes
        let offset = end.withLockedValue { end in
            defer { end += count.inWholePages }
            return end
        }
        let pages = Pages(self, offset: offset, count: count)
        let written = bytes.withUnsafeReadableBytes { bytes in
            var written = 0
            while written < count {
                let more = pwrite(
                    descriptor, bytes.baseAddress.map { $0 + written }, count - written, off_t(offset + written))
                if more < 0, errno == EINTR { continue }
                guard more > 0 else { break }
                written += more
            }
            return written
        }
        return written == count ? pages : nil
    }
}

extension Int {
    /// As much room as so many bytes take.
    fileprivate var inWholePages: Int {
        let page = 1 << 16
        return (self + page - 1) / page * page
    }
}
