/// Why the conversation of a client ends, whatever flows between it and its server.
package protocol ClientFailure: Error {
    /// 401 without credentials to answer it, or again after they were sent.
    static func unauthorized(hadCredentials: Bool) -> Self
    /// A redirection without a usable `Location`, or out of TLS.
    static var redirectRefused: Self { get }
    /// The server tore the session down.
    static var endedByServer: Self { get }
}

extension PlayClientError: ClientFailure {}
extension RecordClientError: ClientFailure {}

/// What a request of the server calls for.
package enum ServerRequestResult<Failure: ClientFailure>: Sendable {
    case respond(RTSPResponse)
    /// Answer, then begin anew there.
    case redirected(RTSPURL, RTSPResponse)
    /// Answer, then close.
    case ended(Failure, RTSPResponse)

    init(_ answer: ServerRequestAnswer) {
        switch answer {
        case .respond(let response): self = .respond(response)
        case .redirected(let target?, let response): self = .redirected(target, response)
        case .redirected(nil, let response): self = .ended(.redirectRefused, response)
        case .tornDown(let response): self = .ended(.endedByServer, response)
        }
    }
}

/// What to do when nothing is wanted of the server any more.
package enum ClientStopResult: Sendable {
    /// Send this, and close when it is answered or a moment has passed.
    case tearDown(RTSPRequest)
    case close
}

/// What a missing answer means.
package enum ClientTimeoutResult<Failure: ClientFailure>: Sendable {
    case send(RTSPRequest)
    case ended(Failure)
    case ignored
}

/// What an answer calls for that does not answer what was asked.
enum ClientVerdict<Failure: ClientFailure>: Sendable {
    /// The same once more, with credentials.
    case send(RTSPRequest)
    /// Begin anew there.
    case redirected(RTSPURL)
    case ended(Failure)
}

extension ClientRequests {
    /// What a 401 or a redirection of the server at `url` calls for; `nil` for all other answers.
    mutating func verdict<Failure>(
        on asked: Pending, _ response: RTSPResponse, of url: RTSPURL
    ) -> ClientVerdict<Failure>? {
        switch response.status.code {
        case 401:
            guard let again = repeated(asked, challengedBy: response) else {
                return .ended(.unauthorized(hadCredentials: hasCredentials))
            }
            return .send(again)
        case 300..<400:
            guard let target = response.headers["Location"].flatMap({ url.redirected(to: $0) }) else {
                return .ended(.redirectRefused)
            }
            return .redirected(target)
        default:
            return nil
        }
    }

    /// Notes the session that a server names; its timeout in seconds, where told.
    mutating func noteSession(of response: RTSPResponse) -> Int? {
        guard let named = response.headers.session else { return nil }
        session = named.id
        return named.timeout
    }
}
