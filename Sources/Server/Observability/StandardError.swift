import NIOConcurrencyHelpers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Standard error as a log of lines that never holds up who writes: event loops log.
enum StandardError {
    /// A pipe that can be written to takes this much without blocking (POSIX: PIPE_BUF is at least 512, on Linux 4096), and
    /// does not mix it with what others write.
    private static let longestLine = 4096
    private static let lost = NIOLockedValueBox(0)

    /// Writes a whole line with one call. A line that would have to wait for a stalled reader is lost, and the next one that is
    /// not says how many were; what is longer than a pipe takes at once is cut.
    @Sendable static func log(_ line: String) {
        guard isWritable else { return lost.withLockedValue { $0 += 1 } }
        let missing = lost.withLockedValue { count in
            defer { count = 0 }
            return count
        }
        if missing > 0 { send("heliograph: \(missing) log lines lost, standard error was not read\n") }
        send(line)
    }

    private static var isWritable: Bool {
        var descriptor = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        // Only a pipe or a terminal may be full; whatever poll has to say against it, the write will tell.
        return poll(&descriptor, 1, 0) != 0
    }

    private static func send(_ line: String) {
        var bytes = Array(line.utf8.prefix(longestLine))
        if line.utf8.count > longestLine { bytes[longestLine - 1] = UInt8(ascii: "\n") }
        bytes.withUnsafeBytes { bytes in
            while write(STDERR_FILENO, bytes.baseAddress, bytes.count) < 0, errno == EINTR {}
        }
    }
}
