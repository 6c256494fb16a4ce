extension RTSPURL {
    /// `nil` if there is no scheme of RTSP, no host, a port that is none, or a control character.
    ///
    /// Passwords may hold raw `@ : % # ?`; only `/` has to be written as `%2F` (quirk B9).
    package init?(_ text: String) {
        let text = text[...].trimmed
        guard !text.utf8.contains(where: \.isControl), let (scheme, rest) = Self.scheme(of: text) else { return nil }
        let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        let authority = rest[..<slash]
        let at = authority.utf8.lastIndex(of: UInt8(ascii: "@"))
        let address = at.map { authority[authority.utf8.index(after: $0)...] } ?? authority
        // A query may follow the host at once: `rtsp://host?stream=1`.
        let hostEnd = address.utf8.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? slash
        guard let (host, port) = Self.hostAndPort(address[..<hostEnd]) else { return nil }
        self.init(
            scheme: scheme,
            credentials: at.flatMap { Self.credentials(in: authority[..<$0]) },
            host: host,
            port: port,
            pathAndQuery: String(rest[hostEnd...])
        )
    }

    /// The scheme and what is behind `://`; a scheme written twice counts once: D-Link sends that (quirk A12).
    static func scheme(of text: Substring) -> (Scheme, rest: Substring)? {
        var found: (Scheme, rest: Substring)?
        var rest = text
        while let scheme = Scheme.allCases.first(where: { rest.hasTokenPrefix("\($0.rawValue)://") }) {
            rest = Substring(rest.utf8.dropFirst(scheme.rawValue.utf8.count + 3))
            found = (found?.0 ?? scheme, rest)
        }
        return found
    }

    /// `user:pass:word` is the user `user`; nothing at all is no user.
    private static func credentials(in userinfo: Substring) -> Credentials? {
        guard !userinfo.isEmpty else { return nil }
        let colon = userinfo.utf8.firstIndex(of: UInt8(ascii: ":"))
        let password = colon.map { userinfo[userinfo.utf8.index(after: $0)...] } ?? ""
        return Credentials(
            username: userinfo[..<(colon ?? userinfo.endIndex)].percentDecoded,
            password: password.percentDecoded
        )
    }

    /// IPv6 comes with brackets, or without them from some cameras (quirk A12).
    private static func hostAndPort(_ text: Substring) -> (host: String, port: UInt16?)? {
        var host = text
        var port: Substring = ""
        if text.utf8.first == UInt8(ascii: "[") {
            guard let bracket = text.utf8.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = text[..<bracket].dropFirst()
            let behind = text[text.utf8.index(after: bracket)...]
            guard behind.isEmpty || behind.utf8.first == UInt8(ascii: ":") else { return nil }
            port = behind.dropFirst()
        } else if let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")), isPortColon(colon, in: text) {
            host = text[..<colon]
            port = text[text.utf8.index(after: colon)...]
        }
        guard !host.isEmpty, !host.utf8.contains(where: \.isForbiddenInHost) else { return nil }
        if port.isEmpty { return (String(host), nil) }
        guard let number = port.number(UInt16.self), number > 0 else { return nil }
        return (String(host), number)
    }

    /// The only colon is before a port; of several, one behind a dotted IPv4 tail (`::ffff:10.0.0.1:554`).
    private static func isPortColon(_ colon: String.Index, in text: Substring) -> Bool {
        guard let before = text[..<colon].utf8.lastIndex(of: UInt8(ascii: ":")) else { return true }
        return text[before..<colon].utf8.contains(UInt8(ascii: "."))
    }
}

extension UInt8 {
    /// What no name and no address holds; bytes beyond ASCII may be a name's.
    fileprivate var isForbiddenInHost: Bool {
        switch self {
        case 0...0x20, 0x7F, UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"),
            UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"),
            UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "@"):
            true
        default: false
        }
    }
}

extension Substring {
    /// With each `%` and two hexadecimal digits as the byte they name; a `%` without them stays (quirk B9).
    ///
    /// What would not be UTF-8 afterwards stays as it was.
    var percentDecoded: String {
        guard utf8.contains(UInt8(ascii: "%")) else { return String(self) }
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"),
                let high = rest.first?.hexDigitValue, let low = rest.dropFirst().first?.hexDigitValue
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self) ?? String(self)
    }
}

extension UInt8 {
    /// The value of a hexadecimal digit in either case.
    var hexDigitValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}
