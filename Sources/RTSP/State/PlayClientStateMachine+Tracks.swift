import Media

extension PlayClientStateMachine {
    /// Most tracks set up: two channels each have to fit into the 256 of a connection, and no camera has so many.
    private static let mostTracks = 16

    /// Which tracks are to be set up, and why the others are not.
    func plan(for description: SessionDescription, describedBy response: RTSPResponse) -> Plan {
        var plan = Plan(
            base: RTSPURL.baseURL(
                request: request.url,
                contentBase: response.headers["Content-Base"],
                contentLocation: response.headers["Content-Location"],
                sessionControl: description.control
            ),
            remaining: []
        )
        let receivable = Set(description.receivableTrackIndices)
        for (index, track) in description.tracks.enumerated() {
            let reason: SkippedTrack.Reason?
            if !receivable.contains(index) {
                reason = .backChannel
            } else if track.transportProtocol.uppercased().contains("SAVP") {
                reason = .encrypted
            } else if !track.isOfKnownKind || plan.remaining.count >= Self.mostTracks {
                reason = .unknownKind
            } else {
                reason = nil
            }
            if let reason {
                plan.skipped.append(SkippedTrack(index: index, kind: track.kind, reason: reason))
            } else {
                plan.remaining.append((index, track))
            }
        }
        return plan
    }

    /// The path as the answer to SETUP has it.
    static func settled(
        _ asked: PlayClientPath,
        by response: RTSPResponse
    ) -> Result<PlayClientPath, PlayClientError> {
        guard let answer = response.headers.transports.first else { return .success(asked) }
        guard !answer.isMulticast else { return .failure(.transportRefused(offered: nil)) }
        switch (asked, answer.lower) {
        case (.interleaved(let channels), .tcp):
            return .success(.interleaved(answer.interleaved ?? channels))
        case (.interleaved(let channels), .udp):
            // A camera that means UDP names ports.
            let isMeant = answer.clientPorts != nil || answer.serverPorts != nil
            return isMeant ? .failure(.transportRefused(offered: .udp)) : .success(.interleaved(channels))
        case (.datagrams, .tcp):
            return .failure(.transportRefused(offered: .tcp))
        case (.datagrams(let client, _, _), .udp):
            // `0-0` and `0-1` are no ports (quirk E6).
            let server = answer.serverPorts.flatMap { $0.rtp > 1 ? $0 : nil }
            return .success(.datagrams(client: client, server: server, source: answer.source))
        }
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
