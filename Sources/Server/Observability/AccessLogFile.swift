import Logging
import NIOCore
import NIOPosix
import Web

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where the access log is written to: a file, or standard output, by one thread of its own.
final class AccessLogFile: Sendable {
    /// It could not be opened; ends with what to do.
    struct Unwritable: Error, CustomStringConvertible {
        let description: String
    }

    /// Lines are gathered for so many microseconds: a server in full swing wakes the thread ten times a second, and not at each request.
    private static let gathering: UInt32 = 100_000
    /// A disk that does not answer is waited for no longer when the server stops.
    private static let patience = Duration.milliseconds(500)

    /// Takes the lines.
    let log: AccessLog
    private let file: AppendedFile
    private let thread: NIOThreadPool
    private let logger: Logger

    /// Opens the file, or makes it; throws `Unwritable`. `-` is standard output.
    init(path: String, logger: Logger) throws(Unwritable) {
        do {
            file = path == "-" ? .standardOutput : try AppendedFile(path)
        } catch {
            throw Unwritable(
                description: "cannot write the access log \(path): \(error); "
                    + "http.access_log is a file in a folder that this user may write to")
        }
        let thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
        self.thread = thread
        self.logger = logger
        log = AccessLog(logger: logger) { [file] log in
            thread.submit { state in
                guard case .active = state else { return }
                usleep(Self.gathering)
                Self.drain(log, into: file)
            }
        }
    }

    private static func drain(_ log: AccessLog, into file: AppendedFile, isLast: Bool = false) {
        let lines = log.take()
        do throws(AppendedFile.Failure) {
            try file.append(lines)
            if isLast || lines.readableBytes > 0 { log.wrote(isLast: isLast) }
        } catch {
            log.lose(error.rest.readableBytesView.count { $0 == UInt8(ascii: "\n") }, because: "\(error)")
        }
    }

    /// What was there so far has another name now, or is gone: goes on in a new file at the path.
    func reopen() {
        thread.submit { [file, log, logger] state in
            guard case .active = state else { return }
            Self.drain(log, into: file)
            do throws(AppendedFile.Failure) {
                try file.reopen()
                logger.info("access log reopened")
            } catch {
                logger.error("access log not reopened, and written to where it was", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Writes what there is.
    func stop() async {
        await wait(atMost: Self.patience) { [log, file, thread] in
            try? await thread.runIfActive { Self.drain(log, into: file, isLast: true) }
            try? await thread.shutdownGracefully()
        }
    }
}
