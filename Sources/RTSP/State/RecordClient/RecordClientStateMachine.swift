import Media
import NIOCore

/// The conversation of a client that publishes a stream, on one connection (RFC 2326 §10.3, §10.11).
///
///     connected → OPTIONS → ANNOUNCE → (ports opened) → SETUP × tracks → RECORD … keepalives … TEARDOWN
///
/// A redirection ends it: it needs a new connection with a conversation of its own.
package struct RecordClientStateMachine: ~Copyable {
    /// What is asked of the server, and as whom.
    package struct Request: Sendable {
        /// With the credentials, if there are any.
        package var url: RTSPURL
        /// What SETUP asks for.
        package var transport: TransportSpecification.LowerTransport
        /// The relays that the stream has come through, this one last.
        package var via: RelayChain
        /// Sent with every request.
        package var userAgent: String
        /// Unguessable visible ASCII, new for each connection (RFC 7616 §3.4).
        package var clientNonce: String

        package init(
            url: RTSPURL,
            transport: TransportSpecification.LowerTransport,
            via: RelayChain = .direct,
            userAgent: String = "Heliograph",
            clientNonce: String
        ) {
            self.url = url
            self.transport = transport
            self.via = via
            self.userAgent = userAgent
            self.clientNonce = clientNonce
        }
    }

    /// Tracks on their way through SETUP.
    struct Plan {
        /// Places in the description, in its order; the first is the one being set up.
        var remaining: [Int]
        /// One pair for each track of the plan, over UDP.
        var ports: [PortPair] = []
        var tracks: [RecordClientTrack] = []
        var skipped: [SkippedTrack] = []
        var sessionTimeout: Int?
    }

    enum State {
        /// No connection yet. → asking, ended
        case idle
        /// OPTIONS is under way. → announcing, ended
        case asking
        /// ANNOUNCE is under way. → openingPorts, settingUp, ended
        case announcing
        /// The shell opens UDP ports. → settingUp, ended
        case openingPorts(Plan)
        /// SETUP of the plan's first remaining track is under way. → settingUp, starting, tearingDown, ended
        case settingUp(Plan)
        /// RECORD is under way. → recording, tearingDown, ended
        case starting(Plan)
        /// Packets flow. → tearingDown, ended
        case recording
        /// TEARDOWN is under way. → ended
        case tearingDown
        case ended
    }

    let request: Request
    var state: State = .idle
    var requests: ClientRequests
    var keepalive = ClientKeepalive(.automatic)
    /// What is announced; known with the connection, for it names its address.
    var announced = SessionDescription(tracks: [])

    /// A conversation that waits for its connection.
    package init(_ request: Request) {
        self.request = request
        requests = ClientRequests(
            userAgent: request.userAgent,
            authenticator: request.url.credentials.map {
                Authenticator(credentials: $0, cnonce: request.clientNonce)
            }
        )
    }

    /// The connection is there, and `description` is what is to be announced; `nil` if it no longer matters.
    package mutating func connected(announcing description: SessionDescription) -> RTSPRequest? {
        switch state {
        case .idle:
            announced = description
            state = .asking
            return requests.make(.options, uri: request.url.requestURI)
        case .asking, .announcing, .openingPorts, .settingUp, .starting, .recording, .tearingDown, .ended:
            return nil
        }
    }

    /// The ports asked for by `.openPorts` are open, one pair for each track; the answer is the first SETUP.
    package mutating func portsOpened(_ ports: [PortPair]) -> RTSPRequest? {
        switch state {
        case .openingPorts(var plan):
            plan.ports = ports
            guard let setup = setUpNext(plan) else {
                state = .ended
                return nil
            }
            state = .settingUp(plan)
            return setup
        case .idle, .asking, .announcing, .settingUp, .starting, .recording, .tearingDown, .ended:
            return nil
        }
    }

    // MARK: Keepalive

    /// The interval after the last keepalive is over; `nil` where nothing records.
    package mutating func keepaliveDue() -> RTSPRequest? {
        switch state {
        case .recording:
            return keepalive.due().map { requests.make($0, uri: request.url.requestURI) }
        case .idle, .asking, .announcing, .openingPorts, .settingUp, .starting, .tearingDown, .ended:
            return nil
        }
    }

    /// Keepalives that are without an answer, of a server that has answered one before.
    package var missedKeepalives: Int { keepalive.missed }

    // MARK: Ends

    /// The stream is to go there no longer; the path is to be free at once for whoever publishes next.
    package mutating func stopRequested() -> ClientStopResult {
        switch state {
        case .settingUp, .starting, .recording:
            guard requests.session != nil else {
                state = .ended
                return .close
            }
            state = .tearingDown
            return .tearDown(requests.make(.teardown, uri: request.url.requestURI))
        case .idle, .asking, .announcing, .openingPorts, .tearingDown, .ended:
            state = .ended
            return .close
        }
    }

    /// The newest request was not answered in time.
    package mutating func timedOut() -> ClientTimeoutResult<RecordClientError> {
        switch state {
        case .asking:
            // OPTIONS is a courtesy here as for who plays.
            state = .announcing
            return .send(announce())
        case .announcing:
            state = .ended
            return .ended(.noAnswer(.announce))
        case .settingUp:
            // The state stays, so that what was set up so far can still be torn down.
            return .ended(.noAnswer(.setup))
        case .starting:
            return .ended(.noAnswer(.record))
        case .idle, .openingPorts, .recording, .tearingDown, .ended:
            return .ignored
        }
    }

    /// The server asks something.
    package mutating func requestReceived(_ received: RTSPRequest) -> ServerRequestResult<RecordClientError> {
        let answer = ServerRequestAnswer(to: received, from: request.url)
        if case .tornDown = answer { state = .ended }
        return ServerRequestResult(answer)
    }

    // MARK: Requests

    mutating func announce() -> RTSPRequest {
        var headers: RTSPHeaders = ["Content-Type": SessionDescription.contentType]
        headers.add(via: request.via)
        return requests.make(
            .announce, uri: request.url.requestURI, headers: headers,
            body: ByteBuffer(string: announced.serialized()))
    }

    /// SETUP of the first remaining track; `nil` if there is none, or no port for it.
    mutating func setUpNext(_ plan: Plan) -> RTSPRequest? {
        guard let next = plan.remaining.first, let path = asked(plan) else { return nil }
        var transport = TransportSpecification(lower: request.transport)
        transport.mode = "record"
        switch path {
        case .interleaved(let channels): transport.interleaved = channels
        case .datagrams(let client, _): transport.clientPorts = client
        }
        return requests.make(
            .setup,
            uri: request.url.control(announced.tracks[next].control).requestURI,
            headers: ["Transport": transport.serialized]
        )
    }

    /// The path asked for in the SETUP of the first remaining track.
    func asked(_ plan: Plan) -> RecordClientPath? {
        let place = plan.tracks.count + plan.skipped.count
        switch request.transport {
        case .tcp:
            guard let channel = UInt8(exactly: place * 2) else { return nil }
            return .interleaved(ChannelPair(rtp: channel, rtcp: channel + 1))
        case .udp:
            guard place < plan.ports.count else { return nil }
            return .datagrams(client: plan.ports[place], server: PortPair(rtp: 0, rtcp: 0))
        }
    }
}
