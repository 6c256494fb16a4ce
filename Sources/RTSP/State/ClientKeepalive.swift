import NIOCore

/// Which request keeps a client's session alive, and whether it is answered; for whoever plays and whoever records.
struct ClientKeepalive: Sendable {
    /// What the answer to a keepalive means.
    enum Answered {
        case nothing
        case send(RTSPRequest)
        /// The server forgot the session.
        case sessionLost
    }

    /// GET_PARAMETER was called unknown, or a keepalive's credentials were refused, where it is not as it was asked for.
    private var kind: PlayClientKeepalive
    private var publicMethods: Set<RTSPMethod> = []
    /// Sent since the last answer to one.
    private var unanswered = 0
    private var hasAnswered = false

    init(_ kind: PlayClientKeepalive) {
        self.kind = kind
    }

    /// Without an answer, of a server that has answered one before.
    var missed: Int { hasAnswered ? unanswered : 0 }

    /// What `Public` lists.
    mutating func learnt(_ methods: Set<RTSPMethod>) {
        publicMethods = methods
    }

    /// The request to send now; `nil` where none are wanted.
    mutating func due() -> RTSPMethod? {
        let method: RTSPMethod
        switch kind {
        case .never: return nil
        case .options: method = .options
        case .getParameter: method = .getParameter
        case .automatic: method = publicMethods.contains(.getParameter) ? .getParameter : .options
        }
        unanswered &+= 1
        return method
    }

    /// Half the session's timeout, at most 30 s: early enough for who counts from the request before (quirks F1, F3).
    func interval(sessionTimeout: Int?) -> TimeAmount? {
        guard kind != .never else { return nil }
        return .seconds(Int64(max(1, min((sessionTimeout ?? 60) / 2, 30))))
    }

    mutating func answered(
        _ asked: ClientRequests.Pending, _ response: RTSPResponse, by requests: inout ClientRequests
    ) -> Answered {
        hasAnswered = true
        unanswered = 0
        switch response.status.code {
        case 401:
            // The nonce ran out (quirk B5). Media goes on whatever comes of it; refused credentials are not sent
            // again, which could lock the account.
            if let again = requests.repeated(asked, challengedBy: response) { return .send(again) }
            kind = .never
            return .nothing
        case 454:
            return .sessionLost
        case 405, 501, 551:
            if asked.method == .getParameter, kind == .automatic { kind = .options }
            return .nothing
        default:
            // Tapo answers 400 and goes on (quirk F6).
            return .nothing
        }
    }
}
