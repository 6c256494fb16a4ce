import NIOCore
import RTSP
import RTSPTransport

extension RTSPResponse {
    /// Names the session it is about.
    init(_ status: RTSPStatus, session: SessionIdentifier) {
        self.init(status)
        headers.add("Session", session.rawValue)
    }

    /// 455 tells what would be valid (RFC 2326 §11.3.6).
    init(_ refusal: PlaySessionRefusal) {
        self.init(refusal.status)
        if case .methodNotValid(let allow) = refusal { headers.add("Allow", RTSPMethod.list(allow)) }
    }
}

extension RTSPReply {
    /// The source is not there, or the house is full; a camera that restarts is back in some seconds.
    static var unavailable: RTSPReply {
        var response = RTSPResponse(.serviceUnavailable)
        response.headers.add("Retry-After", "5")
        return RTSPReply(response)
    }
}

extension RTSPMethod {
    /// As `Public` and `Allow` list them.
    static func list(_ methods: [RTSPMethod]) -> String {
        methods.map(\.rawValue).joined(separator: ", ")
    }
}

extension RTSPRequestContext {
    func answer(_ response: RTSPResponse) -> EventLoopFuture<RTSPReply> {
        answer(RTSPReply(response))
    }

    func answer(_ reply: RTSPReply) -> EventLoopFuture<RTSPReply> {
        let promise = eventLoop.makePromise(of: RTSPReply.self)
        promise.assumeIsolated().succeed(reply)
        return promise.futureResult
    }

    /// The URI as the viewer wrote it, but for credentials; a path alone is put behind our own address.
    func absolute(_ uri: String) -> String {
        if let url = RTSPURL(uri) { return url.requestURI }
        guard uri.utf8.first == UInt8(ascii: "/") else { return uri }
        let port = local.port.flatMap(UInt16.init(exactly:))
        return RTSPURL(host: local.ipAddress ?? "localhost", port: port, pathAndQuery: uri).requestURI
    }

    /// The Content-Base of a description: with its `/`, or a relative control would replace the last segment (S8).
    func base(of uri: String) -> String {
        let url = absolute(uri)
        return url.utf8.last == UInt8(ascii: "/") ? url : url + "/"
    }
}
