import NIOCore

/// What a camera's HTTP port is asked for, so that RTSP goes through it.
package enum CarrierRequest: Sendable {
    case tunnel(TunnelRequest)
    case webSocket(WebSocketRequest)

    /// The URI of every request line.
    package var target: String {
        switch self {
        case .tunnel(let request): request.target
        case .webSocket(let request): request.target
        }
    }

    /// The request that opens it, with the value of an Authorization header.
    package func get(authorization: String?) -> ByteBuffer {
        switch self {
        case .tunnel(let request): request.get(authorization: authorization)
        case .webSocket(let request): request.get(authorization: authorization)
        }
    }

    /// Throws unless RTSP can follow this answer.
    package func check(_ answer: TunnelAnswer) throws(TunnelError) {
        switch self {
        case .tunnel:
            guard (200..<300).contains(answer.status.code) else { throw .refused(answer.status) }
            guard answer.headers["Transfer-Encoding"] == nil else { throw .chunked }
        case .webSocket(let request):
            try request.check(answer)
        }
    }
}
