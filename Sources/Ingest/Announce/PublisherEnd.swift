import Media

/// Why nothing more is taken from a publisher.
enum PublisherEnd: Sendable, Hashable {
    case teardown
    case connectionClosed
    /// Set up, and never more than that.
    case idle
    /// Nothing at all came.
    case silent
    /// Nothing has to flow, and no packet, report or request came for the whole time of a session.
    case quiet
    /// A track fell silent while the connection seemed well.
    case stalled(MediaKind)
    /// RTCP BYE.
    case goodbye
    /// Another publisher came, and the path lets it.
    case takenOver
    /// Another ANNOUNCE came on the same connection.
    case announcedAnew
    case serverStops
}

extension PublisherEnd: CustomStringConvertible {
    /// As the log says it.
    var description: String {
        switch self {
        case .teardown: "TEARDOWN"
        case .connectionClosed: "connection closed"
        case .idle: "no RECORD"
        case .silent: "nothing arrives; over UDP check the firewall, or publish over TCP"
        case .quiet: "no packet and no request any more"
        case .stalled(let kind): "no \(kind.name) any more"
        case .goodbye: "RTCP BYE"
        case .takenOver: "another publisher took over"
        case .announcedAnew: "announced anew"
        case .serverStops: "server stops"
        }
    }
}

extension PublisherEnd {
    init(_ verdict: StallWatch.Verdict) {
        switch verdict {
        case .stalled(let kind): self = .stalled(kind)
        case .goodbye: self = .goodbye
        }
    }
}
