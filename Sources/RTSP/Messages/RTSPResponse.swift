import NIOCore

/// A response of RFC 2326 §7.
package struct RTSPResponse: Sendable, Hashable {
    package var status: RTSPStatus
    package var headers: RTSPHeaders
    /// Empty if the message has none.
    package var body: ByteBuffer

    package init(_ status: RTSPStatus, headers: RTSPHeaders = RTSPHeaders(), body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
