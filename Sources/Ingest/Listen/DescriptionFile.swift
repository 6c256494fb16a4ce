import Media
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The file of a session description, which may change while the relay runs.
struct DescriptionFile: Sendable {
    /// What changes with the file.
    struct Stamp: Sendable, Equatable {
        var size: Int
        var seconds: Int
        var nanoseconds: Int
        var number: UInt
        /// Of the status: a file that was put in place with the times of another, or may be read now, is another one.
        var changedSeconds: Int
        var changedNanoseconds: Int
    }

    let path: String

    /// `nil` where there is no such file.
    var stamp: Stamp? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Stamp(
            size: Int(status.st_size), seconds: Int(status.st_mtim.tv_sec), nanoseconds: Int(status.st_mtim.tv_nsec),
            number: UInt(status.st_ino), changedSeconds: Int(status.st_ctim.tv_sec),
            changedNanoseconds: Int(status.st_ctim.tv_nsec)
        )
    }

    /// Reads no more than a description may be long, so that a device or a huge file does no harm.
    func read() throws(ListenError) -> ByteBuffer {
        // A pipe without a writer would hold the thread for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(reason: Self.reason) }
        defer { close(descriptor) }
        var bytes = ByteBuffer()
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while bytes.readableBytes <= SessionDescription.largestSize {
            #if canImport(Glibc)
                let count = Glibc.read(descriptor, &chunk, chunk.count)
            #else
                let count = Musl.read(descriptor, &chunk, chunk.count)
            #endif
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(reason: Self.reason) }
            if count == 0 { break }
            bytes.writeBytes(chunk[..<count])
        }
        return bytes
    }

    private static var reason: String { String(cString: strerror(errno)).lowercased() }
}
