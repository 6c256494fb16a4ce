extension PlayClientStateMachine {
    /// What a request of the server calls for.
    package enum RequestReceivedResult: Sendable {
        case respond(RTSPResponse)
        /// Answer, then begin anew there.
        case redirected(RTSPURL, RTSPResponse)
        /// Answer, then close.
        case ended(PlayClientError, RTSPResponse)
    }

    /// The server asks something, as some cameras do in the middle of a stream (quirk A11); it never is an error.
    package mutating func requestReceived(_ received: RTSPRequest) -> RequestReceivedResult {
        var headers = RTSPHeaders()
        if let number = received.headers.cSeq { headers.add("CSeq", number) }
        if let session = received.headers["Session"] { headers.add("Session", session) }
        switch received.method {
        case .options:
            headers.add("Public", "OPTIONS, GET_PARAMETER, SET_PARAMETER, ANNOUNCE, REDIRECT, TEARDOWN")
            return .respond(RTSPResponse(.ok, headers: headers))
        case .getParameter, .setParameter, .announce:
            return .respond(RTSPResponse(.ok, headers: headers))
        case .redirect:
            let response = RTSPResponse(.ok, headers: headers)
            guard let target = received.headers["Location"].flatMap({ request.url.redirected(to: $0) }) else {
                return .ended(.redirectRefused, response)
            }
            return .redirected(target, response)
        case .teardown:
            state = .ended
            return .ended(.endedByServer, RTSPResponse(.ok, headers: headers))
        default:
            return .respond(RTSPResponse(.notImplemented, headers: headers))
        }
    }
}
