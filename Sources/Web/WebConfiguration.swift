/// To whom is served over HTTP.
package struct WebConfiguration: Sendable, Hashable {
    /// Whose pages may read what is served.
    package var origin: AllowedOrigin
    /// What a still picture of a camera that is down is.
    package var snapshotWhenDown: SnapshotWhenDown
    /// The file in which each request has a line, `-` for standard output; `nil` keeps none.
    package var accessLog: String?

    package init(
        origin: AllowedOrigin = .any, snapshotWhenDown: SnapshotWhenDown = .last, accessLog: String? = nil
    ) {
        self.origin = origin
        self.snapshotWhenDown = snapshotWhenDown
        self.accessLog = accessLog
    }
}

/// The answer to who asks for a still picture of a camera that is down.
package enum SnapshotWhenDown: String, Sendable, Hashable, CaseIterable {
    /// The last picture there was, with its age; 503 where there was none.
    case last
    /// 503.
    case none
}

/// Whose pages may read what they load from this server (the CORS protocol of the Fetch standard).
package enum AllowedOrigin: Sendable, Hashable {
    case any
    /// Those of one other server: `https://wall.example.net`.
    case one(String)
    /// Those of this server alone.
    case none

    /// Reads `*`, `none` and an origin; `nil` for all else.
    package init?(parsing text: String) {
        switch text {
        case "*": self = .any
        case "none": self = .none
        default:
            guard let mark = text.firstRange(of: "://"), ["http", "https"].contains(text[..<mark.lowerBound]) else {
                return nil
            }
            let host = text[mark.upperBound...].utf8
            let isHost = host.allSatisfy { byte in
                byte.isLetterOrDigit || [".", "-", "_", ":", "[", "]"].contains(Character(Unicode.Scalar(byte)))
            }
            guard !host.isEmpty, host.count <= 255, isHost else { return nil }
            self = .one(text)
        }
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }
}
