import NIOCore

/// The requests of one conversation: numbered, signed, and remembered until answered.
struct ClientRequests: Sendable {
    struct Pending: Sendable {
        var number: Int
        var method: RTSPMethod
        var uri: String
        /// Without CSeq and Authorization, to be sent again with others.
        var headers: RTSPHeaders
        var body: ByteBuffer
    }

    /// Keepalives a server never answers (quirk F5) are remembered no longer than this.
    private static let most = 16

    private let userAgent: String
    private var authenticator: Authenticator?
    private var last = 0
    private var pending: [Pending] = []
    /// Sent with each request once the server named it.
    var session: String?

    init(userAgent: String, authenticator: Authenticator?) {
        self.userAgent = userAgent
        self.authenticator = authenticator
    }

    var hasCredentials: Bool { authenticator != nil }

    mutating func make(
        _ method: RTSPMethod, uri: String, headers: RTSPHeaders = RTSPHeaders(), body: ByteBuffer = ByteBuffer()
    ) -> RTSPRequest {
        last &+= 1
        var all = RTSPHeaders()
        all.add("CSeq", String(last))
        // Credentials go with every request, and sign exactly the URI that is sent (quirks B7, B8).
        if let value = authenticator?.authorization(method: method, uri: uri) { all.add("Authorization", value) }
        // Some cameras answer 401 to who does not name himself (quirk A7).
        all.add("User-Agent", userAgent)
        if let session { all.add("Session", session) }
        for field in headers.fields { all.add(field.name, field.value) }
        if pending.count >= Self.most { pending.removeFirst() }
        pending.append(Pending(number: last, method: method, uri: uri, headers: headers, body: body))
        return RTSPRequest(method, uri: uri, headers: all, body: body)
    }

    /// The request this answers; `nil` for an answer to nothing that was asked, or a provisional one (quirk A2).
    mutating func answered(by response: RTSPResponse) -> Pending? {
        guard response.status.code >= 200 else { return nil }
        guard let text = response.headers.cSeq else { return pending.popLast() }
        guard let number = Int(text), let index = pending.firstIndex(where: { $0.number == number }) else { return nil }
        return pending.remove(at: index)
    }

    /// The same request with the credentials a 401 asks for; `nil` where there are none that it would take.
    mutating func repeated(_ request: Pending, challengedBy response: RTSPResponse) -> RTSPRequest? {
        guard authenticator?.challenged(by: response.headers) == .retry else { return nil }
        return make(request.method, uri: request.uri, headers: request.headers, body: request.body)
    }
}
