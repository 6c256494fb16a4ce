extension RecordClientStateMachine {
    /// What a request of the server calls for.
    package enum RequestReceivedResult: Sendable {
        case respond(RTSPResponse)
        /// Answer, then begin anew there.
        case redirected(RTSPURL, RTSPResponse)
        /// Answer, then close.
        case ended(RecordClientError, RTSPResponse)
    }

    /// The server asks something.
    package mutating func requestReceived(_ received: RTSPRequest) -> RequestReceivedResult {
        switch ServerRequestAnswer(to: received, from: request.url) {
        case .respond(let response):
            return .respond(response)
        case .redirected(let target, let response):
            guard let target else { return .ended(.redirectRefused, response) }
            return .redirected(target, response)
        case .tornDown(let response):
            state = .ended
            return .ended(.endedByServer, response)
        }
    }
}
