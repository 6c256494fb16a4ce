import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file that is being written in the folder of the name it is to have, and gets that name when it is whole; until then nothing of
/// what the name stands for has changed. It is gone where it does not come to that.
///
/// Where the file system can, it has no name at all before (`O_TMPFILE`), so that nothing is left of it however the process ends.
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
    /// As it was asked for, and where that leads.
    private let path: String
    private let target: String
    private let temporaryPath: String
    private var descriptor: CInt
    /// The name beside stands for it.
    private var isNamed = false

    /// `__O_TMPFILE` of Linux, a macro that Swift does not import.
    private static let unnamed = 0o20_000_000 | O_DIRECTORY
    /// Where a file without a name can be given one.
    private static let descriptors = "/proc/self/fd"

    /// `identifier` makes the name beside unlike all others. A symbolic link stays, and what it stands for is written.
    ///
    /// Where there is such a file already, the new one may be read and written by the same; else by those whom `permissions` allow
    /// (the bits of `chmod(2)`), as far as the process's mask does.
    package init(at path: String, identifier: String, permissions: UInt32) throws(Failure) {
        self.path = path
        target = try Self.target(of: path)
        temporaryPath = "\(target).\(identifier).part"
        var status = stat()
        let isThere = stat(target, &status) == 0
        // Nobody may look into it before it is known who may.
        let mode = isThere ? 0o600 : mode_t(permissions & 0o666)
        descriptor = -1
        if access(Self.descriptors, X_OK) == 0 {
            descriptor = open(Self.folder(of: target), O_WRONLY | O_CLOEXEC | Self.unnamed, mode)
        }
        if descriptor < 0 {
            descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
            guard descriptor >= 0 else { throw Failure(code: errno, path: path) }
            isNamed = true
        }
        guard !isThere || fchmod(descriptor, status.st_mode & 0o777) == 0 else {
            throw Failure(code: errno, path: path)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if isNamed { unlink(temporaryPath) }
    }

    private static func target(of path: String) throws(Failure) -> String {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return path }
        guard let resolved = realpath(path, nil) else { throw Failure(code: errno, path: path) }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Adds `bytes` at the end.
    package func append(_ bytes: ByteBuffer) throws(Failure) {
        try replace(bytes, at: size)
        size += Int64(bytes.readableBytes)
    }

    /// Adds `count` zeros at the end, which take no room where the file system has files with holes.
    package func appendHole(_ count: Int64) {
        size += max(0, count)
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
        // A hole at its end is there once the file is so long.
        guard ftruncate(descriptor, off_t(size)) == 0, fsync(descriptor) == 0 else {
            throw Failure(code: errno, path: path)
        }
        if !isNamed {
            let source = "\(Self.descriptors)/\(descriptor)"
            guard linkat(AT_FDCWD, source, AT_FDCWD, temporaryPath, AT_SYMLINK_FOLLOW) == 0 else {
                throw Failure(code: errno, path: path)
            }
            isNamed = true
        }
        guard rename(temporaryPath, target) == 0 else { throw Failure(code: errno, path: path) }
        isNamed = false
        close(descriptor)
        descriptor = -1
    }
}
