/// Why a viewer's session ended, as the log says it.
enum ViewerEnd: String {
    case teardown = "TEARDOWN"
    case goodbye = "RTCP BYE"
    case silence = "no sign of life"
    case connectionClosed = "connection closed"
    case streamEnded = "stream ended"
    case serverStops = "server stops"
    case fileUnreadable = "the file cannot be read any more"

    /// The viewer is told by BYE; else the delivery has said it, or nobody wants to hear it.
    var saysGoodbye: Bool {
        switch self {
        case .silence, .serverStops: true
        case .streamEnded, .fileUnreadable, .teardown, .goodbye, .connectionClosed: false
        }
    }
}
