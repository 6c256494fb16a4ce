import Reflector

/// The page at `/`: every stream with the URLs to copy.
package struct FleetPage: Sendable {
    /// In the order of the page.
    package var streams: [StreamPath]
    /// The host by the name under which the viewer found it, with or without the port of HTTP.
    package var host: String
    /// `nil` where no RTSP is served.
    package var rtspPort: Int?
    /// The streams can be had as HLS.
    package var hasHLS: Bool

    package init(streams: [StreamPath], host: String, rtspPort: Int?, hasHLS: Bool) {
        self.streams = streams
        self.host = host
        self.rtspPort = rtspPort
        self.hasHLS = hasHLS
    }

    package var html: String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>Heliograph</title>
        <style>
        :root { color-scheme: light dark }
        body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
        td, th { padding: .25rem 1rem .25rem 0; text-align: start }
        </style>
        <h1>Cameras</h1>
        <table>
        <tr><th>Name<th>RTSP\(hasHLS ? "<th>HLS" : "")
        \(streams.map(row).joined(separator: "\n"))
        </table>
        </html>

        """
    }

    private func row(_ stream: StreamPath) -> String {
        let path = stream.rawValue.percentEncoded.escaped
        var row = "<tr><td>\(stream.rawValue.escaped)<td>"
        if let rtspPort {
            let url = "rtsp://\(name.escaped):\(rtspPort)/\(path)"
            row += "<a href=\"\(url)\">\(url)</a>"
        }
        if hasHLS { row += "<td><a href=\"/\(path)/index.m3u8\">/\(path)/index.m3u8</a>" }
        return row
    }

    /// Without the port; what is no host at all is this machine.
    private var name: String {
        let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
        return name.isEmpty ? "localhost" : String(name)
    }
}

extension String {
    /// As text of a page, and within quotes.
    fileprivate var escaped: String {
        var text = ""
        for character in self {
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            default: text.append(character)
            }
        }
        return text
    }

    /// As a path of a URL (RFC 3986 §3.3).
    fileprivate var percentEncoded: String {
        let digits = Array("0123456789ABCDEF")
        return utf8.reduce(into: "") { text, byte in
            let character = Character(Unicode.Scalar(byte))
            if character.isASCII && (character.isLetter || character.isNumber || "-._~/".contains(character)) {
                text.append(character)
            } else {
                text += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}
