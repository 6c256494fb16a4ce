import Foundation
import NIOCore

/// The processors that this process may use: as many event loops are worth having.
enum AllowedProcessors {
    /// What the machine or its container has, and no more than the affinity leaves (`taskset`, systemd's `CPUAffinity`): two loops on
    /// one processor would only wake each other up.
    static var count: Int {
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        return max(1, min(System.coreCount, status.flatMap(affinity(in:)) ?? .max))
    }

    /// The number of processors in the mask of a Linux process status: `Cpus_allowed:` and hexadecimal words between commas.
    static func affinity(in status: String) -> Int? {
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed:") }) else {
            return nil
        }
        let processors = line.drop { $0 != ":" }.reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
        return processors > 0 ? processors : nil
    }
}
