import Logging
import NIOCore

extension ReceptionSummary {
    /// As log lines have it; empty where nothing was reported.
    var metadata: Logger.Metadata {
        guard !tracks.isEmpty else { return [:] }
        var metadata: Logger.Metadata = [
            "reported_lost": "\(lost)", "reported_loss_percent": "\(lossPercent)",
        ]
        metadata["reported_jitter_ms"] = jitter.map { "\($0.milliseconds)" }
        metadata["round_trip_ms"] = roundTrip.map { "\($0.milliseconds)" }
        metadata["shortest_round_trip_ms"] = shortestRoundTrip.map { "\($0.milliseconds)" }
        return metadata
    }
}

extension TimeAmount {
    /// Milliseconds with one place.
    fileprivate var milliseconds: String {
        "\(nanoseconds / 1_000_000).\(nanoseconds / 100_000 % 10)"
    }
}
