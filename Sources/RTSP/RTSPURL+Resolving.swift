/// How the URLs that a camera names become the URLs it is asked for.
///
/// A camera is asked under the host and port it was reached at, whatever it calls itself: behind address translation
/// its own name is of no use, and many write it wrongly (quirks A12, D2). So only path and query are taken from it.
extension RTSPURL {
    /// The URL of the whole presentation: PLAY, PAUSE, TEARDOWN and keep-alives go there (quirk D10), and controls are
    /// resolved against it.
    ///
    /// The order is: absolute session control (D7), Content-Base, Content-Location, the request (RFC 2326 §C.1.1).
    package static func baseURL(
        request: RTSPURL,
        contentBase: String?,
        contentLocation: String?,
        sessionControl: String?
    ) -> RTSPURL {
        if let sessionControl, let path = pathAndQuery(ofAbsolute: sessionControl[...].trimmed) {
            return request.replacing(pathAndQuery: path)
        }
        for base in [contentBase, contentLocation] {
            guard let base, let path = pathAndQuery(ofBase: base[...].trimmed) else { continue }
            return request.replacing(pathAndQuery: path)
        }
        return request
    }

    /// The URL of a track from its `a=control`, with this URL as the base.
    ///
    /// A relative control is appended to the whole of the base, query included, as cameras expect it (D3, D5, D6, D9).
    package func control(_ control: String?) -> RTSPURL {
        let control = (control ?? "")[...].trimmed
        guard !control.isEmpty, control != "*", !control.utf8.contains(where: \.isControl) else { return self }
        if let path = Self.pathAndQuery(ofAbsolute: control) { return replacing(pathAndQuery: path) }
        let endsInSlash = pathAndQuery.utf8.last == UInt8(ascii: "/")
        let suffix =
            switch control.utf8.first {
            case UInt8(ascii: "?"): control
            case UInt8(ascii: "/"): endsInSlash ? control.dropFirst() : control
            default: endsInSlash ? control : "/" + control
            }
        return replacing(pathAndQuery: pathAndQuery + suffix)
    }

    /// Where a `Location` leads, with these credentials if it names none (quirk A8); who came through a tunnel goes on through one.
    ///
    /// `nil` if it cannot be read, or if it would leave TLS.
    package func redirected(to location: String) -> RTSPURL? {
        guard var target = RTSPURL(location) else { return nil }
        if target.credentials == nil { target.credentials = credentials }
        // In a carrier many name themselves as they do outside, and there is no leaving TLS by it.
        if scheme.carrier != .direct, target.scheme == .rtsp || target.scheme == .rtsps {
            target.scheme = (scheme.isSecure ? .rtsps : target.scheme).through(scheme.carrier)
        }
        return scheme.isSecure && !target.scheme.isSecure ? nil : target
    }

    private func replacing(pathAndQuery: String) -> RTSPURL {
        var url = self
        url.pathAndQuery = pathAndQuery
        return url
    }

    /// All behind the host of an absolute URL, even if the host is none.
    static func pathAndQuery(ofAbsolute text: Substring) -> String? {
        guard let (_, rest) = scheme(of: text), !rest.utf8.contains(where: \.isControl) else { return nil }
        let start = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        return String(rest[start...])
    }

    /// Beyond absolute URLs: a path alone (`/path/`), and a host without scheme (`192.168.1.2:1935/`, quirk A12).
    private static func pathAndQuery(ofBase text: Substring) -> String? {
        if let path = pathAndQuery(ofAbsolute: text) { return path }
        guard !text.utf8.contains(where: \.isControl) else { return nil }
        if text.utf8.first == UInt8(ascii: "/") { return String(text) }
        guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let looksLikeHost = text[..<slash].utf8.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }
        return looksLikeHost ? String(text[slash...]) : nil
    }
}
