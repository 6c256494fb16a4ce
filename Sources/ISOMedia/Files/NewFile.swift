import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file that is being written beside the name it is to have, and gets that name when it is whole; until then nothing of what the
/// name stands for has changed. It is gone where it does not come to that.
///
/// Used by one thread. Blocks.
package final class NewFile {
    /// The system will not let us write; `code` is the `errno`.
    package struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        package let code: Int32
        package let path: String

        package var description: String { "\(path) cannot be written: \(String(cString: strerror(code)))" }
    }

    /// Bytes written so far.
    package private(set) var size: Int64 = 0
    private let path: String
    private let temporaryPath: String
    private var descriptor: CInt

    /// `identifier` makes the name beside unlike all others.
    package init(at path: String, identifier: String) throws(Failure) {
        self.path = path
        temporaryPath = "\(path).\(identifier).part"
        descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Failure(code: errno, path: temporaryPath) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporaryPath)
    }

    /// Adds `bytes` at the end.
    package func append(_ bytes: ByteBuffer) throws(Failure) {
        try replace(bytes, at: size)
        size += Int64(bytes.readableBytes)
    }

    /// Writes over what stands at `offset`.
    package func replace(_ bytes: ByteBuffer, at offset: Int64) throws(Failure) {
        var written = 0
        while written < bytes.readableBytes {
            let (count, code) = bytes.withUnsafeReadableBytes { source in
                let count = pwrite(
                    descriptor, source.baseAddress.map { $0 + written }, source.count - written,
                    off_t(offset) + off_t(written))
                return (count, errno)
            }
            if count > 0 { written += count } else if code != EINTR { throw Failure(code: code, path: path) }
        }
    }

    /// Gives it its name, in place of what has that name. Nothing can be written any more.
    package func finish() throws(Failure) {
        guard fsync(descriptor) == 0, rename(temporaryPath, path) == 0 else { throw Failure(code: errno, path: path) }
        close(descriptor)
        descriptor = -1
    }
}
