/// The URLs by which a publisher calls what it announced: the session, and each of its tracks (RFC 2326 §C.1.1).
///
///     ANNOUNCE rtsp://relay/van-1?key=x        a=control:streamid=0
///     SETUP    rtsp://relay/van-1?key=x/streamid=0     FFmpeg
///     SETUP    rtsp://relay/van-1/streamid=0?key=x     GStreamer
package struct RecordTargets: Sendable, Hashable {
    /// Paths and queries of the whole.
    private let aggregate: Set<String>
    private var tracks: [String: Int] = [:]
    /// Tracks without an `a=control`: a publisher calls them by a number of its own.
    private var nameless: Set<Int> = []

    /// `uri` is that of the ANNOUNCE; the controls are those of the session and of each track, as written.
    package init(announced uri: String, sessionControl: String?, controls: [String?]) {
        let request = Self.url(uri)
        let base = RTSPURL.baseURL(
            request: request, contentBase: nil, contentLocation: nil, sessionControl: sessionControl)
        aggregate = [Self.key(request.pathAndQuery), Self.key(base.pathAndQuery)]
        for (index, control) in controls.enumerated() {
            guard let control, !control.isEmpty, control != "*" else {
                nameless.insert(index)
                continue
            }
            for base in [base, request] {
                for name in [base.control(control).pathAndQuery, Self.beforeQuery(control, of: base)] {
                    let key = Self.key(name)
                    if tracks[key] == nil, !aggregate.contains(key) { tracks[key] = index }
                }
            }
        }
    }

    /// What a request is about; `nil` where it is nothing of this session.
    package func scope(of uri: String) -> SessionScope? {
        let key = Self.key(Self.url(uri).pathAndQuery)
        if aggregate.contains(key) { return .aggregate }
        if let track = tracks[key] { return .track(track) }
        // `/trackID=1`, `/streamid=1`: the session's own URL, and a number behind it.
        for whole in aggregate where key.hasPrefix(whole + "/") {
            let last = key.dropFirst(whole.count + 1)
            let digits = last.utf8.reversed().prefix { $0.isDigit }.reversed()
            let name = last.utf8.dropLast(digits.count)
            guard !name.contains(UInt8(ascii: "/")), let number = Int(String(decoding: digits, as: UTF8.self)) else {
                return nil
            }
            return nameless.contains(number) ? .track(number) : nil
        }
        return nil
    }

    /// A path alone is as good as a URL.
    private static func url(_ uri: String) -> RTSPURL {
        RTSPURL(uri) ?? RTSPURL(host: "localhost", pathAndQuery: RTSPURL.pathAndQuery(ofAbsolute: uri[...]) ?? uri)
    }

    private static func beforeQuery(_ control: String, of base: RTSPURL) -> String {
        guard let mark = base.pathAndQuery.firstIndex(of: "?"), RTSPURL(control) == nil else {
            return base.control(control).pathAndQuery
        }
        var path = base
        path.pathAndQuery = String(base.pathAndQuery[..<mark])
        return path.control(control).pathAndQuery + base.pathAndQuery[mark...]
    }

    /// Without slashes around it.
    private static func key(_ pathAndQuery: String) -> String {
        String(
            decoding: pathAndQuery.utf8.drop { $0 == UInt8(ascii: "/") }.reversed()
                .drop { $0 == UInt8(ascii: "/") }.reversed(), as: UTF8.self)
    }
}
