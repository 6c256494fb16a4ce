import Media
import NIOCore

/// How the packets of one track go to a server that records.
package enum RecordClientPath: Sendable, Hashable {
    /// On the channels the server named, whatever was asked.
    case interleaved(ChannelPair)
    /// From ports of ours to those of the server.
    case datagrams(client: PortPair, server: PortPair)
}

/// A track that was set up.
package struct RecordClientTrack: Sendable, Hashable {
    /// Place among the tracks of the description.
    package var index: Int
    /// How its packets go.
    package var path: RecordClientPath
}

/// What records, once RECORD is answered.
package struct RecordClientSession: Sendable {
    /// In the order of the description; never empty.
    package var tracks: [RecordClientTrack]
    /// Tracks that the server would not set up, in the order of the description.
    package var skipped: [SkippedTrack]
    /// Time between keepalives; `nil` where none are wanted.
    package var keepaliveInterval: TimeAmount?
}
