import NIOCore
import RTP
import RTSP
import RTSPTransport

/// A session of a viewer, with a stream or a movie: what a session does around its state machine (loop-confined).
protocol ViewerSession: AnyObject {
    var identifier: SessionIdentifier { get }
    var context: RTSPRequestContext { get }
    /// How each track set up travels, by its index.
    var transports: [Int: PlayTransport] { get }
    /// Rings when the viewer may have been silent for too long.
    var timer: Scheduled<Void>? { get set }

    /// A request named the session, or its viewer gave another sign of life.
    func noteActivity()
    /// TEARDOWN of everything, or of one track.
    func teardownReceived(_ scope: SessionScope) -> PlaySessionStateMachine.TeardownResult
    /// The track is sent no more, the others are.
    func released(_ track: Int)
    /// What the viewer reports of what it gets.
    func note(_ blocks: [ReportBlock])
    /// RTCP BYE of the viewer for one track.
    func goodbyeReceived(track: Int) -> PlaySessionStateMachine.GoodbyeResult
    func timedOut(at now: NIODeadline, connectionDrains: Bool) -> PlaySessionStateMachine.TimeOutResult
    /// Frees everything, once, and says so.
    func finish(_ end: ViewerEnd)
}

extension ViewerSession {
    /// Every interleaved channel of the session.
    var channels: Set<UInt8> { transports.channels }

    /// What a SETUP is told that is granted; `timeout` is what it is told of the silence that ends the session, in seconds.
    func accepted(_ transport: PlayTransport, ssrc: UInt32, timeout: Int) -> RTSPResponse {
        var response = RTSPResponse(.ok)
        response.headers.add("Session", SessionHeader(id: identifier.rawValue, timeout: timeout).serialized)
        let answer = transport.answer(ssrc: ssrc, serverPorts: context.datagrams?.ports)
        response.headers.add("Transport", answer.serialized)
        return response
    }

    /// TEARDOWN of everything, or of one track.
    func tearDown(_ scope: SessionScope) -> RTSPResponse {
        switch teardownReceived(scope) {
        case .end:
            finish(.teardown)
            return RTSPResponse(.ok)
        case .release(let track):
            released(track)
            return RTSPResponse(.ok, session: identifier)
        case .refuse(let refusal):
            return RTSPResponse(refusal)
        }
    }

    // MARK: Signs of life

    /// Whether the frame came on a channel of this session.
    func take(_ frame: InterleavedFrame) -> Bool {
        guard let track = transports.track(of: frame) else { return false }
        reportReceived(frame.payload, track: track)
        return true
    }

    /// RTCP of the viewer about one track, on whatever way.
    func reportReceived(_ payload: ByteBuffer, track: Int) {
        let packets = RTCPPacket.parseCompound(payload)
        guard !packets.isEmpty else { return }
        noteActivity()
        var saysGoodbye = false
        for packet in packets {
            switch packet {
            case .receiverReport(let report): note(report.reports)
            case .senderReport(let report): note(report.reports)
            case .goodbye: saysGoodbye = true
            case .sourceDescription, .other: break
            }
        }
        if saysGoodbye, goodbyeReceived(track: track) == .end { finish(.goodbye) }
    }

    /// Looks after the delay whether the viewer still lives.
    func look(in delay: TimeAmount) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in self?.looked() }
    }

    private func looked() {
        timer = nil
        let now = NIODeadline.now()
        switch timedOut(at: now, connectionDrains: context.writer.isOpen && context.writer.isDrained) {
        case .wait(let deadline): look(in: deadline - now)
        case .end: finish(.silence)
        case .nothing: break
        }
    }
}
