import NIOCore

/// The two requests with which a client opens a tunnel (QuickTime Streaming Server's "Tunneling RTSP and RTP Through HTTP").
package struct TunnelRequest: Sendable {
    package static let contentType = "application/x-rtsp-tunnelled"
    /// What QuickTime calls the length of its POST, which never comes to its end; cameras are used to the figure.
    package static let bodyLength = 32_767

    private let url: RTSPURL
    private let cookie: TunnelCookie
    private let userAgent: String

    /// `url` is the stream's own: its path and query are the target, for some cameras look (quirk L1).
    package init(url: RTSPURL, cookie: TunnelCookie, userAgent: String = "Heliograph") {
        self.url = url
        self.cookie = cookie
        self.userAgent = userAgent
    }

    /// The URI of both request lines, which a digest has to sign.
    package var target: String {
        url.pathAndQuery.utf8.first == UInt8(ascii: "/") ? url.pathAndQuery : "/" + url.pathAndQuery
    }

    /// Opens the way down. HTTP/1.0, so that no answer comes in chunks.
    package func get(authorization: String?) -> ByteBuffer {
        head("GET", authorization, ["Accept: \(Self.contentType)", "Pragma: no-cache", "Cache-Control: no-cache"])
    }

    /// Opens the way up; Base64 follows, `bodyLength` bytes at most.
    package func post(authorization: String?) -> ByteBuffer {
        head(
            "POST", authorization,
            [
                "Content-Type: \(Self.contentType)", "Pragma: no-cache", "Cache-Control: no-cache",
                "Content-Length: \(Self.bodyLength)", "Expires: Sun, 9 Jan 1972 00:00:00 GMT",
            ]
        )
    }

    private func head(_ method: String, _ authorization: String?, _ fields: [String]) -> ByteBuffer {
        var lines = ["\(method) \(target) HTTP/1.0", "Host: \(url.authority)", "User-Agent: \(userAgent)"]
        lines.append("x-sessioncookie: \(cookie.rawValue)")
        if let authorization { lines.append("Authorization: \(authorization)") }
        return ByteBuffer(string: (lines + fields).joined(separator: "\r\n") + "\r\n\r\n")
    }
}
