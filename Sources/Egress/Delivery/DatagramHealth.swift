import NIOCore
import RTSPTransport

/// Whether the kernel takes anything that is sent, told by looks at the counters of a pair of sockets.
///
/// The address that sockets send from and the interface may go away under them, and no event tells of it.
struct DatagramHealth {
    /// Looks in a row that found refusals alone. One may be the moment in which an interface comes up.
    private static let patience = 3

    private var last = DatagramCounters()
    private var refusals = 0

    /// The error's number, where nothing but refusals came for a while; looks that found nothing sent count for nothing.
    mutating func looked(at counters: DatagramCounters) -> CInt? {
        defer { last = counters }
        if counters.sent != last.sent {
            refusals = 0
        } else if counters.failed != last.failed {
            refusals += 1
        }
        return refusals >= Self.patience ? counters.lastFailure : nil
    }

    /// What the kernel answered, in words.
    static func reason(_ code: CInt) -> String { "\(IOError(errnoCode: code, reason: "sending"))" }
}
