import NIOCore

/// A request of RFC 2326 §6.
package struct RTSPRequest: Sendable, Hashable {
    package var method: RTSPMethod
    /// The request URI as it stands on the wire: absolute, `*`, or whatever the client wrote.
    package var uri: String
    /// The version token, `RTSP/1.0` unless the peer wrote another.
    package var version: String
    package var headers: RTSPHeaders
    /// Empty if the message has none.
    package var body: ByteBuffer

    package init(
        _ method: RTSPMethod,
        uri: String,
        headers: RTSPHeaders = RTSPHeaders(),
        body: ByteBuffer = ByteBuffer(),
        version: String = "RTSP/1.0"
    ) {
        self.method = method
        self.uri = uri
        self.headers = headers
        self.body = body
        self.version = version
    }
}
