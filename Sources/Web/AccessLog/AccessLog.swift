import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Lines of the access log on their way from event loops to who writes them, as far as there is room.
///
/// Who answers only appends: it never waits for a disk. Lines that find no room are lost and counted, which the log is told once, and once
/// more when all has been well for a minute.
package final class AccessLog: Sendable {
    private struct State {
        var lines = ByteBuffer()
        var lost = 0
        var lastLoss = NIODeadline.uptimeNanoseconds(0)
    }

    private static let recovery = TimeAmount.minutes(1)

    private let state = NIOLockedValueBox(State())
    private let room: Int
    private let now: @Sendable () -> NIODeadline
    private let logger: Logger
    private let wake: @Sendable (AccessLog) -> Void

    /// `room` is in bytes. `wake` is called on any thread when there is something to take where there was nothing.
    package init(
        room: Int = 1024 * 1024, now: @escaping @Sendable () -> NIODeadline = { .now() }, logger: Logger,
        wake: @escaping @Sendable (AccessLog) -> Void
    ) {
        self.room = room
        self.now = now
        self.logger = logger
        self.wake = wake
    }

    /// On any thread.
    package func append(_ line: AccessLogLine) {
        let (isFull, isFirst) = state.withLockedValue { state in
            let count = state.lines.readableBytes
            guard count < room else { return (true, false) }
            line.write(into: &state.lines)
            return (false, count == 0)
        }
        if isFull { lose(1, because: "it is written more slowly than requests are answered") }
        if isFirst { wake(self) }
    }

    /// All lines that wait; they are for the caller to write.
    package func take() -> ByteBuffer {
        state.withLockedValue { state in
            defer { state.lines = ByteBuffer() }
            return state.lines
        }
    }

    /// So many lines are gone.
    package func lose(_ count: Int, because reason: String) {
        let isFirst = state.withLockedValue { state in
            defer {
                state.lost += count
                state.lastLoss = now()
            }
            return state.lost == 0
        }
        if isFirst { logger.warning("access log loses lines", metadata: ["reason": "\(reason)"]) }
    }

    /// Lines were written; `isLast` where no more will come.
    package func wrote(isLast: Bool = false) {
        let lost = state.withLockedValue { state in
            guard isLast || now() - state.lastLoss >= Self.recovery else { return 0 }
            defer { state.lost = 0 }
            return state.lost
        }
        if lost > 0 { logger.notice("access log has lost lines", metadata: ["lost": "\(lost)"]) }
    }
}
