import Media
import NIOCore
import Testing

@testable import RTSP

/// A conversation with a machine, in which the test speaks for the server.
final class PlayDialogue {
    static let video = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n"
    static let audio = "m=audio 0 RTP/AVP 0\r\na=control:trackID=2\r\n"

    var machine: PlayClientStateMachine
    /// The newest request of the machine.
    private(set) var asked: RTSPRequest?
    private(set) var tracks: [PlayClientTrack] = []

    init(
        _ url: String = "rtsp://camera.example/stream",
        over transport: TransportSpecification.LowerTransport = .tcp,
        isMulticast: Bool = false,
        keepalive: PlayClientKeepalive = .automatic,
        relay: RelayIdentity? = nil
    ) throws {
        let url = try #require(RTSPURL(url))
        var request = PlayClientStateMachine.Request(
            url: url, transport: transport, keepalive: keepalive, clientNonce: "0123456789abcdef"
        )
        request.isMulticast = isMulticast
        request.relay = relay
        machine = PlayClientStateMachine(request)
        asked = machine.connected()
    }

    /// Answers the newest request, with its CSeq unless the headers have another.
    @discardableResult
    func answer(
        _ code: Int = 200,
        _ headers: RTSPHeaders = [:],
        body: String = ""
    ) -> PlayClientStateMachine.ResponseReceivedResult {
        var all = headers
        if all["CSeq"] == nil { all["CSeq"] = asked?.headers["CSeq"] }
        return receive(RTSPResponse(RTSPStatus(code: code, reason: ""), headers: all, body: ByteBuffer(string: body)))
    }

    func receive(_ response: RTSPResponse) -> PlayClientStateMachine.ResponseReceivedResult {
        let result = machine.responseReceived(response)
        switch result {
        case .send(let request): asked = request
        case .beginReceiving(let tracks, let play):
            self.tracks = tracks
            asked = play
        case .openPorts(let count):
            let ports = (0..<count).map { pair in
                let port = 6000 + 2 * UInt16(pair)
                return PortPair(rtp: port, rtcp: port + 1)
            }
            asked = machine.portsOpened(ports)
        case .ignored, .playing, .paused, .redirected, .tornDown, .ended: break
        }
        return result
    }

    /// Through OPTIONS and DESCRIBE: SETUP is asked next.
    @discardableResult
    func describe(
        _ sdp: String = PlayDialogue.video,
        publicMethods: String = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER",
        headers: RTSPHeaders = [:]
    ) -> PlayClientStateMachine.ResponseReceivedResult {
        answer(200, ["Public": publicMethods])
        return answer(200, headers, body: sdp)
    }

    /// Through everything; the session as the machine tells it.
    func play(
        _ sdp: String = PlayDialogue.video,
        session: String = "5A0D77F1",
        publicMethods: String = "OPTIONS, GET_PARAMETER"
    ) throws -> PlayClientSession {
        describe(sdp, publicMethods: publicMethods)
        while asked?.method == .setup {
            answer(200, ["Session": session, "Transport": asked?.headers["Transport"] ?? ""])
        }
        guard case .playing(let session) = answer() else {
            throw PlayDialogueError()
        }
        return session
    }

    func keepalive() -> RTSPRequest? { machine.keepaliveDue() }

    var isStopped: Bool {
        if case .close = machine.stopRequested() { true } else { false }
    }
}

struct PlayDialogueError: Error {}

extension PlayClientStateMachine.ResponseReceivedResult {
    var error: PlayClientError? {
        if case .ended(let error) = self { error } else { nil }
    }

    var isIgnored: Bool {
        if case .ignored = self { true } else { false }
    }

    var target: RTSPURL? {
        if case .redirected(let url) = self { url } else { nil }
    }

    var session: PlayClientSession? {
        if case .playing(let session) = self { session } else { nil }
    }
}
