import Media
import NIOCore

/// The URL of a camera, taken apart: credentials on one side, the URL without them on the other.
struct CameraURL: Equatable {
    /// `rtsp://host[:port]/…`, `rtsps://…`, or through HTTP `rtsp+http://…`, `rtsp+ws://…` and their kin in TLS; the path and query as written.
    var url: String
    var username: String?
    var password: Secret?

    var isSecure: Bool { url.isSecureURL }

    /// Takes `rtsp://user:password@host:port/path`. A password may hold `@`, `:`, `/` and `#` as they are;
    /// `%XX` is taken as percent-encoding.
    init(parsing text: String) throws(Expectation) {
        let (scheme, rest) = try Self.schemeAndRest(of: text)
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw Expectation("a URL without spaces and control characters")
        }
        let authorityEnd = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<authorityEnd]
        let split: Substring.Index?
        if let at = authority.lastIndex(of: "@") {
            guard !rest[authorityEnd...].contains("@") else { throw Self.useKeys }
            split = at
        } else if Self.isHostAndPort(authority) {
            split = nil
        } else {
            split = rest.lastIndex(of: "@")
        }
        var location = rest
        if let split {
            let userinfo = rest[..<split]
            location = rest[rest.index(after: split)...]
            let colon = userinfo.firstIndex(of: ":")
            username = String(userinfo[..<(colon ?? userinfo.endIndex)]).percentDecoded
            password = colon.map { Secret(String(userinfo[userinfo.index(after: $0)...]).percentDecoded) }
            guard username?.isEmpty == false else {
                throw Expectation("a user name before the : in the URL", hint: Self.useKeys.hint)
            }
        }
        let host = location.prefix { !"/?#".contains($0) }
        guard Self.isHostAndPort(host) else {
            throw Expectation(
                "rtsp://host:port/path",
                hint: host.contains("{") ? "{…} is filled in in templates only" : nil
            )
        }
        guard !location.contains(where: { "{}".contains($0) }) else {
            throw Expectation("rtsp://host:port/path", hint: "{…} is filled in in templates only")
        }
        url = "\(scheme)://\(location)"
    }

    private static var useKeys: Expectation {
        Expectation("a URL with one @ at most", hint: "write username: and password: beside the URL")
    }

    private static let schemes = ["rtsp", "rtsps", "rtsp+http", "rtsps+https", "rtsp+ws", "rtsps+wss"]

    /// Throws unless the scheme is one the relay pulls.
    static func schemeAndRest(of text: String) throws(Expectation) -> (scheme: String, rest: Substring) {
        guard let separator = text.firstRange(of: "://") else {
            throw Expectation("a URL such as rtsp://10.0.0.1:554/path")
        }
        let scheme = text[..<separator.lowerBound]
        guard schemes.contains(scheme.lowercased()) else {
            let planned = PlannedKeys.contains(scheme: String(scheme))
            throw Expectation(
                "an rtsp:// or rtsps:// URL", hint: planned ? "\(scheme):// is planned, not built yet" : nil)
        }
        return (scheme.lowercased(), text[separator.upperBound...])
    }

    private static func isHostAndPort(_ text: Substring) -> Bool {
        let host: Substring
        let port: Substring
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return false }
            let address = text[text.index(after: text.startIndex)..<end]
            guard (try? SocketAddress(ipAddress: String(address), port: 0)) != nil, address.contains(":") else {
                return false
            }
            host = "localhost"
            port = text[text.index(after: end)...]
        } else {
            let colon = text.firstIndex(of: ":") ?? text.endIndex
            host = text[..<colon]
            port = text[colon...]
        }
        guard host.isHostName else { return false }
        guard !port.isEmpty else { return true }
        guard port.first == ":", let number = String(port.dropFirst()).port else { return false }
        return number > 0
    }
}

extension String {
    /// Of a camera's URL whose scheme is in lower case: whether all of it goes in TLS.
    var isSecureURL: Bool { hasPrefix("rtsps:") || hasPrefix("rtsps+") }

    /// Every `%XX` as its byte; the text as it stands where that gives no UTF-8 (RFC 3986 §2.1).
    var percentDecoded: String {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let high = rest[rest.startIndex].hexDigit, let low = rest[rest.startIndex + 1].hexDigit
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self) ?? self
    }
}

extension UInt8 {
    fileprivate var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
