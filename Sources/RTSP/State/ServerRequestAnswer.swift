/// What a client makes of a request that its server sends, whatever flows between the two.
enum ServerRequestAnswer: Sendable {
    case respond(RTSPResponse)
    /// Answer, then begin anew there; `nil` where the place is of no use.
    case redirected(RTSPURL?, RTSPResponse)
    /// Answer: the server ends the session.
    case tornDown(RTSPResponse)

    /// Some cameras ask in the middle of a stream (quirk A11); it never is an error. `url` is what was asked of the server.
    init(to received: RTSPRequest, from url: RTSPURL) {
        var headers = RTSPHeaders()
        if let number = received.headers.cSeq { headers.add("CSeq", number) }
        if let session = received.headers["Session"] { headers.add("Session", session) }
        switch received.method {
        case .options:
            headers.add("Public", "OPTIONS, GET_PARAMETER, SET_PARAMETER, ANNOUNCE, REDIRECT, TEARDOWN")
            self = .respond(RTSPResponse(.ok, headers: headers))
        case .getParameter, .setParameter, .announce:
            self = .respond(RTSPResponse(.ok, headers: headers))
        case .redirect:
            let target = received.headers["Location"].flatMap { url.redirected(to: $0) }
            self = .redirected(target, RTSPResponse(.ok, headers: headers))
        case .teardown:
            self = .tornDown(RTSPResponse(.ok, headers: headers))
        default:
            self = .respond(RTSPResponse(.notImplemented, headers: headers))
        }
    }
}
