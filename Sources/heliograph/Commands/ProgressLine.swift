import Foundation
import Load

/// One line on a terminal, written over once a second; nothing where standard error is none.
struct ProgressLine {
    private static let isTerminal = isatty(STDERR_FILENO) == 1

    let viewers: Int

    func show(_ progress: LoadProgress) {
        let sessions =
            "\(progress.established) of \(viewers) sessions, \(progress.failed) failed, \(progress.closed) closed"
        switch progress.phase {
        case .joining: Self.write("joining: \(sessions)")
        case .settling: Self.write("settling: \(sessions)")
        case .measuring: Self.write("measuring: \(sessions), \(progress.packets) packets")
        case .leaving: Self.write("leaving")
        }
    }

    static func clear() {
        write("")
    }

    static func write(_ text: String) {
        guard isTerminal else { return }
        try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K\(text)".utf8))
    }
}
