import Media

/// One track as viewers see it: the same SSRC for as long as the stream lives.
package struct StreamTrack: Sendable, Hashable {
    /// Canonical interleaved channels are one byte, two per track; a device with more tracks is none.
    package static let limit = 16

    /// Position in the stream, 0 …; `a=control:trackID=<index>`.
    package let index: Int
    /// What the source told, with what was learnt in-band since.
    package var description: TrackDescription
    /// RTP synchronisation source of everything sent on this track.
    package let ssrc: UInt32

    package init(index: Int, description: TrackDescription, ssrc: UInt32) {
        self.index = index
        self.description = description
        self.ssrc = ssrc
    }

    /// RTP clock in Hz; `nil` where nobody knows it: no sender reports then.
    package var clockRate: Int? { description.primary.clockRate }
}

/// The description of a stream at one moment.
package struct StreamSnapshot: Sendable, Hashable {
    package let path: StreamPath
    package let title: String?
    package let tracks: [StreamTrack]

    /// Grows with every change of the tracks: the version of the session description (RFC 4566 §5.2).
    package let version: UInt64

    /// The relays that its source has come through, this one not among them.
    package let via: RelayChain

    /// What a viewer's DESCRIBE is answered with; `address` is the server's, as the viewer reached it.
    package func sessionDescription(from address: String) -> SessionDescription {
        SessionDescription(
            origin: SessionOrigin(sessionID: "\(identifier)", sessionVersion: "\(version)", address: address),
            sessionName: title ?? path.rawValue,
            control: "*",
            range: "npt=now-",
            connectionAddress: address.contains(":") ? "::" : "0.0.0.0",
            tracks: tracks.map { track in
                var description = track.description
                description.control = "trackID=\(track.index)"
                description.direction = .sendReceive
                return description
            }
        )
    }

    /// The same with where it is sent, so that it can be played without being asked for: `destination` as a `c=` line has
    /// it, an IPv4 group with its `/ttl`. `ports` by track; one without a port is not sent, and left out.
    package func sessionDescription(
        from address: String, sentTo destination: String, ports: (Int) -> UInt16?
    ) -> SessionDescription {
        var description = sessionDescription(from: address)
        description.connectionAddress = destination
        description.tracks = tracks.indices.compactMap { position in
            guard let port = ports(tracks[position].index) else { return nil }
            var track = description.tracks[position]
            track.port = port
            track.controlPort = nil
            return track
        }
        return description
    }

    /// Tells this life of the stream from others: the SSRC of its first track.
    private var identifier: UInt32 { tracks.first?.ssrc ?? 0 }
}
