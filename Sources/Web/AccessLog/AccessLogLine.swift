import Media
import NIOCore
import NIOHTTP1
import RTSP

/// One request and its answer in the Combined Log Format of Apache and nginx, with the seconds it took behind.
///
///     10.0.0.7 - - [22/Nov/2026:12:38:57 +0000] "GET /gate/index.m3u8 HTTP/1.1" 200 512 "-" "VLC/3.0.20" 0.004
///
/// Whatever a peer says stays inside its quotes: quotes, backslashes and all that is not printable ASCII are written as Apache writes
/// them, so that no request can forge a line.
package struct AccessLogLine: Sendable {
    /// Of the peer, without a port.
    package var address: String
    /// When the answer was over: so lines stand in their order, however long somebody watched.
    package var time: HTTPDate
    /// What was asked; `nil` where it could not be read.
    package var head: HTTPRequestHead?
    package var status: Int
    /// Of the body, or of what came in its place, as far as the peer's socket took them.
    package var bytes: Int64
    /// From the request to the end of its answer.
    package var milliseconds: Int64

    package init(
        address: String, time: HTTPDate, head: HTTPRequestHead?, status: Int, bytes: Int64, milliseconds: Int64
    ) {
        self.address = address
        self.time = time
        self.head = head
        self.status = status
        self.bytes = bytes
        self.milliseconds = milliseconds
    }

    /// The status of who hung up before there was an answer, as nginx has it.
    static let hungUp = 499
    /// Longer targets, referrers and names of programs are cut, in bytes.
    private static let longest = 1024

    /// Appends the line with its line feed.
    package func write(into buffer: inout ByteBuffer) {
        let request = head.map {
            "\($0.method.rawValue) \(Self.redacted($0.uri)) HTTP/\($0.version.major).\($0.version.minor)"
        }
        buffer.writeString("\(address.isEmpty ? "-" : address) - - [\(time.commonLog)] ")
        Self.write(request, into: &buffer)
        buffer.writeString(" \(status) \(bytes > 0 ? String(bytes) : "-") ")
        Self.write(head?.headers.first(name: "Referer").map(Self.withoutQuery), into: &buffer)
        buffer.writeString(" ")
        Self.write(head?.headers.first(name: "User-Agent"), into: &buffer)
        let thousandths = max(0, milliseconds)
        buffer.writeString(" \(thousandths / 1000).\(String(1000 + thousandths % 1000).dropFirst())\n")
    }

    /// In quotes.
    private static func write(_ text: String?, into buffer: inout ByteBuffer) {
        guard let text, !text.isEmpty else {
            buffer.writeString("\"-\"")
            return
        }
        buffer.writeInteger(UInt8(ascii: "\""))
        for byte in text.utf8.prefix(longest) {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): buffer.writeBytes([UInt8(ascii: "\\"), byte])
            case 0x20..<0x7F: buffer.writeInteger(byte)
            default: buffer.writeString("\\x" + String(0x100 + Int(byte), radix: 16).dropFirst())
            }
        }
        buffer.writeString(text.utf8.count > longest ? "...\"" : "\"")
    }
}

extension AccessLogLine {
    /// What this server understands of a query, and what is no secret therefore.
    private static let knownNames: Set<Substring> = ["_HLS_msn", "_HLS_part", "_HLS_skip", "codecs", "width"]

    /// A target without accounts and without what may be a password: of a query only what is known to be none is shown.
    static func redacted(_ target: String) -> String {
        let (path, query) = divided(target)
        guard let query else { return path }
        let items = query.split(separator: "&", omittingEmptySubsequences: false).map { item in
            let name = item.prefix { $0 != "=" }
            guard name.endIndex < item.endIndex else { return item.isEmpty ? "" : "***" }
            let isKnown = knownNames.contains(name) && !item.dropFirst(name.count + 1).contains { "?=".contains($0) }
            return isKnown ? String(item) : "\(name)=***"
        }
        return "\(path)?\(items.joined(separator: "&"))"
    }

    /// A page that led here, without its query, which is none of ours.
    static func withoutQuery(_ page: String) -> String {
        let (path, query) = divided(page)
        return query == nil ? path : path + "?***"
    }

    private static func divided(_ target: String) -> (path: String, query: Substring?) {
        let whole = target.prefix { $0 != "#" }
        var path = whole.prefix { $0 != "?" }
        let query = path.endIndex == whole.endIndex ? nil : whole[path.endIndex...].dropFirst()
        var scheme = ""
        if path.first != "/", let at = path.lastIndex(of: "@") {
            if let mark = path.firstRange(of: "://"), mark.upperBound <= at {
                scheme = String(path[..<mark.upperBound])
            }
            scheme += "***"
            path = path[at...]
        }
        return (scheme + RedactedURL(String(path)).description, query)
    }
}
