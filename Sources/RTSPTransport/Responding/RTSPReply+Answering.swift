import NIOCore
import RTSP

// What every responder answers alike.

extension RTSPResponse {
    /// Names the session it is about.
    package init(_ status: RTSPStatus, session: SessionIdentifier) {
        self.init(status)
        headers.add("Session", session.rawValue)
    }

    /// 455 tells what would be valid (RFC 2326 §11.3.6).
    package init(_ refusal: SessionRefusal) {
        self.init(refusal.status)
        if case .methodNotValid(let allow) = refusal { headers.add("Allow", RTSPMethod.list(allow)) }
    }

    /// What is wrong with a request whatever it asks for; `nil` where nothing is.
    package static func refusal(of request: RTSPRequest) -> RTSPResponse? {
        guard request.version == "RTSP/1.0" else { return RTSPResponse(.versionNotSupported) }
        // We have no extension a peer could depend on (RFC 2326 §12.32).
        let required = request.headers.optionTags("Require") + request.headers.optionTags("Proxy-Require")
        guard !required.isEmpty else { return nil }
        var response = RTSPResponse(.optionNotSupported)
        response.headers.add("Unsupported", required.joined(separator: ", "))
        return response
    }

    /// The answer to GET_PARAMETER and SET_PARAMETER: keep-alives carry nothing; of parameters there are none to read or
    /// set (RFC 2326 §10.8, §10.9).
    package static func toParameter(_ request: RTSPRequest, session: SessionIdentifier?) -> RTSPResponse {
        let isKeepAlive = request.body.readableBytesView.allSatisfy { $0 <= 0x20 }
        var response = RTSPResponse(isKeepAlive ? .ok : .parameterNotUnderstood)
        if let session { response.headers.add("Session", session.rawValue) }
        return response
    }
}

extension RTSPReply {
    /// The source is not there, or the house is full; a camera that restarts is back in some seconds.
    package static var unavailable: RTSPReply {
        var response = RTSPResponse(.serviceUnavailable)
        response.headers.add("Retry-After", "5")
        return RTSPReply(response)
    }
}

extension RTSPMethod {
    /// As `Public` and `Allow` list them.
    package static func list(_ methods: [RTSPMethod]) -> String {
        methods.map(\.rawValue).joined(separator: ", ")
    }
}

extension RTSPRequestContext {
    /// An answer that is certain already.
    package func answer(_ response: RTSPResponse) -> EventLoopFuture<RTSPReply> {
        answer(RTSPReply(response))
    }

    /// An answer that is certain already.
    package func answer(_ reply: RTSPReply) -> EventLoopFuture<RTSPReply> {
        let promise = eventLoop.makePromise(of: RTSPReply.self)
        promise.assumeIsolated().succeed(reply)
        return promise.futureResult
    }
}
