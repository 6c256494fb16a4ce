import Logging
import NIOCore

/// How a viewer of live fragments fared, for the log.
struct LiveVisit {
    private let began = NIODeadline.now()
    private var fragments = 0
    private var bytes = 0
    private var lostGroups = 0

    mutating func sent(_ count: Int) {
        fragments += 1
        bytes += count
    }

    mutating func lostGroup() { lostGroups += 1 }

    /// `via` is how it watched.
    func ended(_ ticket: LiveTicket, via: String, _ logger: Logger) {
        var metadata: Logger.Metadata = [
            "stream": "\(ticket.path)", "via": "\(via)", "fragments": "\(fragments)", "bytes": "\(bytes)",
            "seconds": "\((NIODeadline.now() - began).nanoseconds / 1_000_000_000)",
        ]
        if lostGroups > 0 { metadata["skipped_groups"] = "\(lostGroups)" }
        logger.info("viewer left", metadata: metadata)
    }
}
