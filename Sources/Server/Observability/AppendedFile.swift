import NIOConcurrencyHelpers
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file that grows by whole lines, whoever else writes to it, cuts it or moves it away.
final class AppendedFile: Sendable {
    /// The system refused, with its reason; `rest` is what was not written.
    struct Failure: Error, CustomStringConvertible {
        let rest: ByteBuffer
        let description: String

        init(rest: ByteBuffer = ByteBuffer()) {
            self.rest = rest
            description = String(cString: strerror(errno)).lowercased()
        }
    }

    private struct Opened {
        var descriptor: CInt
        /// The last that was written is a part of a line, whose rest was refused.
        var endsInLine = false
    }

    private let opened: NIOLockedValueBox<Opened>
    /// `nil` for what is not to be opened anew.
    private let path: String?

    /// A pipe that nobody reads any more is an error like others, and not the end of the process; SwiftNIO does the same.
    private static let brokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    /// Opens it, or makes one that its owner writes and its group reads.
    init(_ path: String) throws(Failure) {
        Self.brokenPipes
        opened = NIOLockedValueBox(Opened(descriptor: try Self.descriptor(of: path)))
        self.path = path
    }

    private init(descriptor: CInt) {
        Self.brokenPipes
        opened = NIOLockedValueBox(Opened(descriptor: descriptor))
        path = nil
    }

    static var standardOutput: AppendedFile { AppendedFile(descriptor: STDOUT_FILENO) }

    deinit {
        if path != nil { close(opened.withLockedValue(\.descriptor)) }
    }

    private static func descriptor(of path: String) throws(Failure) -> CInt {
        // A pipe that nobody reads is refused, and not waited for.
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
        let descriptor = open(path, flags, 0o640)
        guard descriptor >= 0 else { throw Failure() }
        _ = fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK)
        return descriptor
    }

    /// Goes on in the file that is at the path now, which is made where there is none.
    func reopen() throws(Failure) {
        guard let path else { return }
        let fresh = Opened(descriptor: try Self.descriptor(of: path))
        let old = opened.withLockedValue { opened in
            defer { opened = fresh }
            return opened
        }
        close(old.descriptor)
    }

    /// Appends whole lines; waits for the disk.
    func append(_ lines: ByteBuffer) throws(Failure) {
        var rest = lines
        let isWritten = opened.withLockedValue { opened in
            if opened.endsInLine, rest.readableBytes > 0 {
                guard Self.attempt(ByteBuffer(string: "\n"), to: opened.descriptor) == 1 else { return false }
                opened.endsInLine = false
            }
            while rest.readableBytes > 0 {
                let count = Self.attempt(rest, to: opened.descriptor)
                guard count > 0 else { return false }
                rest.moveReaderIndex(forwardBy: count)
                opened.endsInLine = lines.getInteger(at: rest.readerIndex - 1) != UInt8(ascii: "\n")
            }
            return true
        }
        if !isWritten { throw Failure(rest: rest) }
    }

    private static func attempt(_ bytes: ByteBuffer, to descriptor: CInt) -> Int {
        bytes.withUnsafeReadableBytes { bytes in
            while true {
                let count = write(descriptor, bytes.baseAddress, bytes.count)
                if count >= 0 || errno != EINTR { return count }
            }
        }
    }
}
