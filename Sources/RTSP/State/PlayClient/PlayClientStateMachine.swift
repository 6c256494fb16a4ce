import Media
import NIOCore

/// The conversation of a client that plays a stream, on one connection (RFC 2326 §10).
///
///     connected → OPTIONS → DESCRIBE → (ports opened) → SETUP × tracks → PLAY … keepalives … TEARDOWN
///
/// A redirection or a change of transport ends it: both need a new connection with a conversation of its own, for some
/// cameras only set up what was described on the same connection (quirk B8).
package struct PlayClientStateMachine: ~Copyable {
    /// What is asked of the server, and as whom.
    package struct Request: Sendable {
        /// With the credentials, if there are any.
        package var url: RTSPURL
        /// What SETUP asks for; the other one needs a new connection.
        package var transport: TransportSpecification.LowerTransport
        /// What PLAY asks for. Without a range some cameras refuse it (quirk F9).
        package var range = RangeHeader.fromTheBeginning
        /// Over UDP: asks for the group that the server sends to for everyone.
        package var isMulticast = false
        /// How the session is kept alive.
        package var keepalive: PlayClientKeepalive
        /// Who asks, where that is a relay: other relays are told, and a stream that has come through it is refused.
        package var relay: RelayIdentity?
        /// Sent with every request (quirk A7).
        package var userAgent: String
        /// Unguessable visible ASCII, new for each connection (RFC 7616 §3.4).
        package var clientNonce: String

        /// A request with what most cameras want.
        package init(
            url: RTSPURL,
            transport: TransportSpecification.LowerTransport,
            keepalive: PlayClientKeepalive = .automatic,
            userAgent: String = "Heliograph",
            clientNonce: String
        ) {
            self.url = url
            self.transport = transport
            self.keepalive = keepalive
            self.userAgent = userAgent
            self.clientNonce = clientNonce
        }
    }

    /// Tracks on their way through SETUP.
    struct Plan {
        let base: RTSPURL
        /// In the order of the description; the first is the one being set up.
        var remaining: [(index: Int, description: TrackDescription)]
        /// One pair for each track of the plan, over UDP.
        var ports: [PortPair] = []
        var tracks: [PlayClientTrack] = []
        var skipped: [SkippedTrack] = []
        /// The session's `c=`, where a server may tell its group.
        var connectionAddress: String?
        var sessionTimeout: Int?
        /// The path asked for in the SETUP under way.
        var asked: PlayClientPath?
    }

    enum State {
        /// No connection yet. → asking, ended
        case idle
        /// OPTIONS is under way. → describing, ended
        case asking
        /// DESCRIBE is under way. → openingPorts, settingUp, ended
        case describing
        /// The shell opens UDP ports. → settingUp, ended
        case openingPorts(Plan)
        /// SETUP of the plan's first remaining track is under way. → settingUp, starting, ended
        case settingUp(Plan)
        /// PLAY is under way. → playing, ended
        case starting(Plan)
        /// Packets flow. → tearingDown, ended
        case playing(Plan)
        /// TEARDOWN is under way. → ended
        case tearingDown
        case ended
    }

    let request: Request
    var state: State = .idle
    var requests: ClientRequests
    var keepalive: ClientKeepalive
    /// The relays that the server, and then the stream, is known to be or to come through.
    package internal(set) var upstream = RelayChain.direct

    /// A conversation that waits for its connection.
    package init(_ request: Request) {
        self.request = request
        keepalive = ClientKeepalive(request.keepalive)
        requests = ClientRequests(
            userAgent: request.userAgent,
            authenticator: request.url.credentials.map {
                Authenticator(credentials: $0, cnonce: request.clientNonce)
            }
        )
    }

    /// The connection is there; `nil` if it no longer matters.
    package mutating func connected() -> RTSPRequest? {
        switch state {
        case .idle:
            state = .asking
            return requests.make(.options, uri: request.url.requestURI)
        case .asking, .describing, .openingPorts, .settingUp, .starting, .playing, .tearingDown, .ended:
            return nil
        }
    }

    /// The ports asked for by `.openPorts` are open, one pair for each track; the answer is the first SETUP.
    package mutating func portsOpened(_ ports: [PortPair]) -> RTSPRequest? {
        switch state {
        case .openingPorts(var plan):
            plan.ports = ports
            guard let setup = setUpNext(&plan) else {
                state = .ended
                return nil
            }
            state = .settingUp(plan)
            return setup
        case .idle, .asking, .describing, .settingUp, .starting, .playing, .tearingDown, .ended:
            return nil
        }
    }

    /// Nothing is to flow for now, though the session stays; `nil` where nothing plays.
    package mutating func pauseRequested() -> RTSPRequest? {
        switch state {
        case .playing(let plan):
            return requests.make(.pause, uri: plan.base.requestURI)
        case .idle, .asking, .describing, .openingPorts, .settingUp, .starting, .tearingDown, .ended:
            return nil
        }
    }

    // MARK: Keepalive

    /// The interval after the last keepalive is over; `nil` where nothing plays or none are wanted.
    package mutating func keepaliveDue() -> RTSPRequest? {
        switch state {
        case .playing(let plan):
            return keepalive.due().map { requests.make($0, uri: plan.base.requestURI) }
        case .idle, .asking, .describing, .openingPorts, .settingUp, .starting, .tearingDown, .ended:
            return nil
        }
    }

    /// Keepalives that are without an answer, of a server that has answered one before: the only sign of life where no
    /// media has to flow (quirks F5, F13).
    package var missedKeepalives: Int { keepalive.missed }

    // MARK: Ends

    /// Whoever wanted the stream wants it no longer. Some cameras keep few sessions, so each is torn down (quirk E17).
    package mutating func stopRequested() -> ClientStopResult {
        switch state {
        case .settingUp(let plan), .starting(let plan), .playing(let plan):
            guard requests.session != nil else {
                state = .ended
                return .close
            }
            state = .tearingDown
            return .tearDown(requests.make(.teardown, uri: plan.base.requestURI))
        case .idle, .asking, .describing, .openingPorts, .tearingDown, .ended:
            state = .ended
            return .close
        }
    }

    /// The newest request was not answered in time.
    package mutating func timedOut() -> ClientTimeoutResult<PlayClientError> {
        switch state {
        case .asking:
            // OPTIONS is a courtesy: who does not know it may know DESCRIBE (quirk A6).
            state = .describing
            return .send(describe())
        case .describing:
            state = .ended
            return .ended(.noAnswer(.describe))
        case .settingUp:
            // The state stays, so that what was set up so far can still be torn down.
            return .ended(.noAnswer(.setup))
        case .starting:
            return .ended(.noAnswer(.play))
        case .idle, .openingPorts, .playing, .tearingDown, .ended:
            // Some cameras never answer keepalives (quirk F5).
            return .ignored
        }
    }

    /// The server asks something.
    package mutating func requestReceived(_ received: RTSPRequest) -> ServerRequestResult<PlayClientError> {
        let answer = ServerRequestAnswer(to: received, from: request.url)
        if case .tornDown = answer { state = .ended }
        return ServerRequestResult(answer)
    }

    // MARK: Requests

    mutating func describe() -> RTSPRequest {
        requests.make(
            .describe, uri: request.url.requestURI, headers: toldToRelays(["Accept": SessionDescription.contentType]))
    }

    /// Who asks is told to other relays alone: cameras have never heard of the header.
    func toldToRelays(_ headers: RTSPHeaders) -> RTSPHeaders {
        guard let relay = request.relay, upstream.namesRelay else { return headers }
        var headers = headers
        headers.add(via: RelayChain.direct.through(relay))
        return headers
    }

    /// SETUP of the first remaining track; `nil` if there is none, or no port for it.
    mutating func setUpNext(_ plan: inout Plan) -> RTSPRequest? {
        guard let next = plan.remaining.first else { return nil }
        let place = plan.tracks.count + plan.skipped.count { if case .refused = $0.reason { true } else { false } }
        var transport = TransportSpecification(lower: request.transport)
        switch request.transport {
        case .tcp:
            guard let channel = UInt8(exactly: place * 2) else { return nil }
            let channels = ChannelPair(rtp: channel, rtcp: channel + 1)
            transport.interleaved = channels
            plan.asked = .interleaved(channels)
        case .udp where request.isMulticast:
            transport.isMulticast = true
            let known = next.description
            let ports = known.port.map { PortPair(rtp: $0, rtcp: $0 &+ 1) } ?? PortPair(rtp: 0, rtcp: 0)
            plan.asked = .group(
                address: known.connectionAddress ?? plan.connectionAddress ?? "", ports: ports, source: nil)
        case .udp:
            guard place < plan.ports.count else { return nil }
            transport.clientPorts = plan.ports[place]
            plan.asked = .datagrams(client: plan.ports[place], server: nil, source: nil)
        }
        return requests.make(
            .setup,
            uri: plan.base.control(next.description.control).requestURI,
            headers: toldToRelays(["Transport": transport.serialized])
        )
    }
}
