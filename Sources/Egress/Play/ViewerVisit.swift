import Logging
import NIOCore
import RTP
import RTSP
import Reflector

/// The two log lines of a viewer: that it joined, and what became of it.
struct ViewerVisit {
    /// What is watched, and what kind of thing that is.
    private let place: (kind: String, name: String)
    private let base: Logger
    private var began: NIODeadline?
    private var sent = DeliveryCounters()
    /// Then nothing is sent to this viewer alone, and nothing is counted for it.
    private var isMulticast = false
    /// What the viewer's receiver reports say.
    private(set) var reception = ReceptionSummary()

    /// `logger` names the peer already.
    init(stream: StreamPath, logger: Logger) {
        place = ("stream", "\(stream)")
        base = logger
    }

    /// A movie is named by its path.
    init(movie path: String, logger: Logger) {
        place = ("movie", path)
        base = logger
    }

    /// Made for each of the two lines: kept, its metadata would be half a kilobyte a viewer.
    private var logger: Logger {
        var logger = base
        logger[metadataKey: place.kind] = "\(place.name)"
        return logger
    }

    /// Packets flow; only the first time is news.
    mutating func began(over transports: [Int: PlayTransport], userAgent: String?, at now: NIODeadline) {
        guard began == nil else { return }
        began = now
        isMulticast = transports.values.contains(where: \.isMulticast)
        logger.info(
            "viewer joined",
            metadata: [
                "transport": "\(Set(transports.values.map(\.name)).sorted().joined(separator: " and "))",
                "tracks": "\(transports.keys.sorted().map(String.init).joined(separator: ","))",
                "agent": "\(Self.printable(userAgent))",
            ]
        )
    }

    mutating func add(_ counters: DeliveryCounters) {
        sent.packets &+= counters.packets
        sent.bytes &+= counters.bytes
        sent.skips &+= counters.skips
        sent.skippedBursts &+= counters.skippedBursts
    }

    /// A receiver report of the viewer that was sent `tracks`; `reportSent` knows when it was sent a report of ours.
    mutating func note(
        _ blocks: [ReportBlock], about tracks: [StreamTrack], at now: NIODeadline,
        reportSent: (_ middle32: UInt32, _ track: Int) -> NIODeadline?
    ) {
        reception.note(blocks, about: tracks, at: now, reportSent: reportSent)
        guard began != nil, reception.isLossNoticeDue(at: now) else { return }
        logger.notice("viewer loses packets", metadata: reception.metadata)
    }

    /// Says nothing of a viewer that never played.
    func ended(_ reason: String, at now: NIODeadline) {
        guard let began else { return }
        var metadata: Logger.Metadata = [
            "reason": "\(reason)",
            "seconds": "\((now - began).nanoseconds / 1_000_000_000)",
        ]
        if !isMulticast {
            metadata["packets"] = "\(sent.packets)"
            metadata["bytes"] = "\(sent.bytes)"
            metadata["skipped_groups"] = "\(sent.skips)"
        }
        metadata.merge(reception.metadata) { own, _ in own }
        logger.info("viewer left", metadata: metadata)
    }

    /// What a peer calls itself may hold anything, at any length.
    private static func printable(_ text: String?) -> String {
        let visible = (text ?? "").unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }.prefix(80)
        return visible.isEmpty ? "unknown" : String(String.UnicodeScalarView(visible))
    }
}

extension PlayTransport {
    fileprivate var name: String {
        switch self {
        case .interleaved: "TCP"
        case .datagrams: "UDP"
        case .multicast: "multicast"
        }
    }
}
