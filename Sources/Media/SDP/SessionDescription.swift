/// A session description (SDP, RFC 4566): what DESCRIBE answers, ANNOUNCE brings and an `.sdp` file holds.
package struct SessionDescription: Sendable, Hashable {
    /// The media type of RTSP's `Content-Type` (RFC 4566 §8.1).
    package static let contentType = "application/sdp"
    /// The bytes that ``init(parsing:)`` accepts: several times what any known device sends.
    package static let largestSize = 128 * 1024
    /// The `m=` lines that ``init(parsing:)`` accepts.
    package static let mostMedia = 64

    /// `o=`; who made the description.
    package var origin: SessionOrigin
    /// `s=`; empty where the source tells none.
    package var sessionName: String
    /// The session's `a=control`, as written; `nil` if there is none.
    package var control: String?
    /// The value of `a=range`, e.g. `npt=0-`; of the first media that has one where the session has none.
    package var range: String?
    /// The address of the session's `c=` line, with its `/ttl` if any.
    package var connectionAddress: String?
    /// In the order of the `m=` lines.
    package var tracks: [TrackDescription]

    package init(
        origin: SessionOrigin = SessionOrigin(),
        sessionName: String = "",
        control: String? = nil,
        range: String? = nil,
        connectionAddress: String? = nil,
        tracks: [TrackDescription]
    ) {
        self.origin = origin
        self.sessionName = sessionName
        self.control = control
        self.range = range
        self.connectionAddress = connectionAddress
        self.tracks = tracks
    }
}

extension SessionDescription {
    /// The indices in `tracks` of what the writer of the description sends; the others are back channels (quirk C26).
    ///
    /// Devices disagree whose side `a=sendonly` is told from. ONVIF tells it from the viewer's. A device whose only
    /// video is `sendonly` tells it from its own; one with no receivable media at all (quirk C25) as well.
    package var receivableTrackIndices: [Int] {
        let videos = tracks.filter { $0.kind == .video }
        let toldFromDevice = !videos.isEmpty && videos.allSatisfy { $0.direction == .sendOnly }
        let backward: MediaDirection = toldFromDevice ? .receiveOnly : .sendOnly
        let receivable = tracks.indices.filter {
            tracks[$0].direction != backward && tracks[$0].direction != .inactive
        }
        if !receivable.isEmpty { return receivable }
        let sendOnly = tracks.indices.filter { tracks[$0].direction == .sendOnly }
        return sendOnly.isEmpty ? Array(tracks.indices) : sendOnly
    }

    /// The tracks at ``receivableTrackIndices``: those to set up.
    package var receivableTracks: [TrackDescription] {
        receivableTrackIndices.map { tracks[$0] }
    }
}

/// `o=<username> <sess-id> <sess-version> IN <addrtype> <address>` (RFC 4566 §5.2), each as written.
package struct SessionOrigin: Sendable, Hashable {
    package var username: String
    package var sessionID: String
    package var sessionVersion: String
    /// `nil` where the source tells none (quirk C6).
    package var address: String?

    package init(
        username: String = "-",
        sessionID: String = "0",
        sessionVersion: String = "0",
        address: String? = nil
    ) {
        self.username = username
        self.sessionID = sessionID
        self.sessionVersion = sessionVersion
        self.address = address
    }
}
