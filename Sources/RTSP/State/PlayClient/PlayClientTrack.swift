import Media
import NIOCore

/// How the packets of one track come: on channels of the connection, to a pair of ports, or to a group.
package enum PlayClientPath: Sendable, Hashable {
    /// The channels the server named, whatever was asked (quirk E1).
    case interleaved(ChannelPair)
    /// `server` is `nil` where the server names no port of use (quirk E6); `source` is an address or a name.
    case datagrams(client: PortPair, server: PortPair?, source: String?)
    /// A multicast group, with the ports it is sent to (quirk E15); `source` is an address or a name, where told.
    case group(address: String, ports: PortPair, source: String?)
}

/// A track that was set up.
package struct PlayClientTrack: Sendable, Hashable {
    /// Place among the tracks of the session description.
    package var index: Int
    /// The track as the session description has it.
    package var description: TrackDescription
    /// How its packets come.
    package var path: PlayClientPath
}

/// A track that is left out while the others play (quirk E16).
package struct SkippedTrack: Sendable, Hashable {
    /// Why it is left out.
    package enum Reason: Sendable, Hashable {
        /// The server would not set it up.
        case refused(RTSPStatus)
        /// SRTP, which this relay does not take from cameras.
        case encrypted
        /// A media type or transport protocol that is no RTP of a known kind (quirks C12, C13).
        case unknownKind
        /// It goes from the viewer to the camera (quirks C26, E12).
        case backChannel
    }

    /// Place among the tracks of the session description.
    package var index: Int
    /// Its media type.
    package var kind: MediaKind
    /// Why it is left out.
    package var reason: Reason
}

extension SkippedTrack: CustomStringConvertible {
    /// What an operator reads: `audio: 404 Not Found`.
    package var description: String {
        switch reason {
        case .refused(let status): "\(kind.name): \(status.code) \(status.reason)"
        case .encrypted: "\(kind.name): encrypted"
        case .unknownKind: "\(kind.name): unknown kind"
        case .backChannel: "\(kind.name): back channel"
        }
    }
}

/// What plays, once PLAY is answered.
package struct PlayClientSession: Sendable {
    /// In the order of the session description; never empty.
    package var tracks: [PlayClientTrack]
    /// Tracks of the description that do not play, in its order.
    package var skipped: [SkippedTrack]
    /// Time between keepalives; `nil` where none are wanted.
    package var keepaliveInterval: TimeAmount?
}

/// The request that keeps a session alive.
package enum PlayClientKeepalive: Sendable, Hashable {
    /// GET_PARAMETER where `Public` lists it, else OPTIONS (quirk F4).
    case automatic
    case options
    case getParameter
    /// None: some Hikvision recorders choke on any.
    case never
}
