import Media
import NIOCore

/// Notices a track that fell silent while the connection seems well (quirk F15).
///
/// Video has to flow from the beginning, audio once it has flowed; an event track may be silent for hours (quirk F13).
package struct StallWatch: Sendable {
    /// Why a source is to be given up.
    package enum Verdict: Sendable, Hashable {
        /// A track fell silent while the connection seemed well.
        case stalled(MediaKind)
        /// RTCP BYE, and nothing behind it.
        case goodbye
    }

    private struct Watched: Sendable {
        let kind: MediaKind
        var lastArrival: NIODeadline?
        var goodbye: NIODeadline?
    }

    private let patience: TimeAmount
    private let begin: NIODeadline
    private var tracks: [Watched]

    /// A source that said goodbye and sends on is believed to be there.
    private static let grace = TimeAmount.seconds(1)

    /// Watches tracks of these kinds, by their place, from `begin` on.
    package init(kinds: [MediaKind], patience: TimeAmount, since begin: NIODeadline) {
        self.patience = patience
        self.begin = begin
        tracks = kinds.map { Watched(kind: $0) }
    }

    /// A packet of the track came.
    package mutating func received(track: Int, at arrival: NIODeadline) {
        guard tracks.indices.contains(track) else { return }
        tracks[track].lastArrival = arrival
        tracks[track].goodbye = nil
    }

    /// RTCP BYE for the track came.
    package mutating func saidGoodbye(track: Int, at arrival: NIODeadline) {
        guard tracks.indices.contains(track), tracks[track].goodbye == nil else { return }
        tracks[track].goodbye = arrival
    }

    /// Whether any packet came at all.
    package var hasHeard: Bool { tracks.contains { $0.lastArrival != nil } }

    /// When the last packet of any track came.
    package var lastArrival: NIODeadline? { tracks.compactMap(\.lastArrival).max() }

    /// Whether there is a track that has to flow: what cannot be silent shows by its silence that no path is open.
    package var expectsMedia: Bool { tracks.contains { $0.kind == .video || $0.kind == .audio } }

    /// Why the source is to be given up, if it is.
    package func verdict(at now: NIODeadline) -> Verdict? {
        for track in tracks {
            if let goodbye = track.goodbye, now - goodbye >= Self.grace { return .goodbye }
            let silentSince: NIODeadline?
            switch track.kind {
            case .video: silentSince = track.lastArrival ?? begin
            case .audio: silentSince = track.lastArrival
            case .other: silentSince = nil
            }
            if let silentSince, now - silentSince >= patience { return .stalled(track.kind) }
        }
        return nil
    }
}
