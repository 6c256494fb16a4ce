import Foundation
import Testing

/// How media go between two programs: a column of the table of ways in docs/interop.md.
enum Transport: String, CaseIterable, Sendable {
    case udp = "UDP"
    case tcp = "TCP"
    case http = "HTTP tunnel"
    case rtsps = "RTSPS"
    case https = "HTTP tunnel in TLS"
    case webSocket = "WebSocket"
    case secureWebSocket = "WebSocket in TLS"
    case multicast = "multicast"

    /// Those that need nothing around them.
    static let direct: [Transport] = [.tcp, .udp]

    var isSecure: Bool { [.rtsps, .https, .secureWebSocket].contains(self) }

    /// For a path in a URL.
    var path: String { "\(self)" }

    /// What ffmpeg's `-rtsp_transport` calls it.
    var ffmpegOption: String {
        switch self {
        case .udp: "udp"
        case .http: "http"
        case .https: "https"
        case .multicast: "udp_multicast"
        case .tcp, .rtsps, .webSocket, .secureWebSocket: "tcp"
        }
    }

    /// ffmpeg has a scheme for RTSPS; the rest its option says.
    func ffmpegURL(_ url: String) -> String { (self == .rtsps ? "rtsps" : "rtsp") + url.drop { $0 != ":" } }

    /// The `protocols` of GStreamer's elements.
    var gstreamerProtocols: String {
        switch self {
        case .udp: "udp"
        case .http: "tcp+http"
        case .rtsps: "tcp+tls"
        case .https: "tcp+http+tls"
        case .multicast: "udp-mcast"
        case .tcp, .webSocket, .secureWebSocket: "tcp"
        }
    }

    /// GStreamer has a scheme for each carrier.
    func gstreamerURL(_ url: String) -> String {
        let scheme =
            switch self {
            case .http: "rtsph"
            case .rtsps: "rtsps"
            case .https: "rtspsh"
            case .udp, .tcp, .webSocket, .secureWebSocket, .multicast: "rtsp"
            }
        return scheme + url.drop { $0 != ":" }
    }

    /// As `relays.yaml` would have it.
    func ownURL(_ url: String) -> String {
        let scheme =
            switch self {
            case .udp, .tcp, .multicast: "rtsp"
            case .http: "rtsp+http"
            case .rtsps: "rtsps"
            case .https: "rtsps+https"
            case .webSocket: "rtsp+ws"
            case .secureWebSocket: "rtsps+wss"
            }
        return scheme + url.drop { $0 != ":" }
    }
}

extension Transport: CustomTestStringConvertible {
    var testDescription: String { rawValue }
}

/// A cell of the table of ways: who sends or takes media from the server, and how.
struct Way: Hashable, Sendable {
    /// A row of the table.
    enum Tool: String, CaseIterable, Sendable {
        case ffmpegPlays = "ffmpeg plays"
        case gstreamerPlays = "GStreamer's rtspsrc plays"
        case pythonPlays = "Python's own sockets play"
        case ffmpegPublishes = "ffmpeg publishes"
        case gstreamerPublishes = "GStreamer's rtspclientsink publishes"
        case gstreamerIsPulled = "GStreamer's RTSP server is pulled"
        case heliographIsPulled = "another Heliograph is pulled"
    }

    var tool: Tool
    var transport: Transport
}

/// The table of ways in docs/interop.md.
struct WaysTable {
    /// What each cell says, by row and column.
    private(set) var cells: [String: [String: String]] = [:]

    init() throws {
        let page = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/interop.md")
        var columns: [String]?
        for line in try String(contentsOf: page, encoding: .utf8).split(whereSeparator: \.isNewline) {
            let texts = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            if texts.first == "way" {
                columns = Array(texts.dropFirst())
            } else if let known = columns, let row = texts.first, line.hasPrefix("| ") {
                cells[row] = Dictionary(zip(known, texts.dropFirst())) { first, _ in first }
            } else if !line.hasPrefix("|") {
                columns = nil
            }
        }
    }

    /// The cells that are called tested.
    var tested: Set<Way> {
        Set(
            Way.Tool.allCases.flatMap { tool in
                Transport.allCases.filter { cells[tool.rawValue]?[$0.rawValue] == "tested" }
                    .map { Way(tool: tool, transport: $0) }
            })
    }
}
