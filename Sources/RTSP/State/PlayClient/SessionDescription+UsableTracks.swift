import Media

extension SessionDescription {
    /// Most tracks set up: two channels each have to fit into the 256 of a connection, and no camera has so many.
    private static let mostTracks = 16

    /// Which of the tracks a relay can pass on, each with its place in `tracks`, and why it cannot pass on the others.
    ///
    /// `receivable` are the places of those that the writer of the description sends.
    package func usableTracks(
        among receivable: Set<Int>
    ) -> (usable: [(index: Int, description: TrackDescription)], skipped: [SkippedTrack]) {
        var usable: [(index: Int, description: TrackDescription)] = []
        var skipped: [SkippedTrack] = []
        for (index, track) in tracks.enumerated() {
            let reason: SkippedTrack.Reason?
            if !receivable.contains(index) {
                reason = .backChannel
            } else if track.transportProtocol.uppercased().contains("SAVP") {
                reason = .encrypted
            } else if !track.isOfKnownKind || usable.count >= Self.mostTracks {
                reason = .unknownKind
            } else {
                reason = nil
            }
            if let reason {
                skipped.append(SkippedTrack(index: index, kind: track.kind, reason: reason))
            } else {
                usable.append((index, track))
            }
        }
        return (usable, skipped)
    }
}

extension TrackDescription {
    /// RTP (or MPEG-TS announced as `MP2T/AVP`) of a media type whose packets a relay can pass on.
    fileprivate var isOfKnownKind: Bool {
        let transport = transportProtocol.uppercased()
        guard transport.hasPrefix("RTP/") || transport.hasPrefix("MP2T/") else { return false }
        switch kind {
        case .video, .audio: return true
        case .other(let name): return ["application", "text", "metadata", "meta", "data"].contains(name.lowercased())
        }
    }
}
