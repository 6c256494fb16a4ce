import NIOCore
import RTP
import RTSP
import RTSPTransport

// Signs of life, and the ends of a session.
extension PlaySession {
    /// Why a session ended, as the log says it.
    enum EndReason: String {
        case teardown = "TEARDOWN"
        case goodbye = "RTCP BYE"
        case silence = "no sign of life"
        case connectionClosed = "connection closed"
        case streamEnded = "stream ended"
        case serverStops = "server stops"
        case fileUnreadable = "the file cannot be read any more"
    }

    /// TEARDOWN of everything, or of one track.
    func tearDown(_ scope: SessionScope) -> RTSPResponse {
        switch machine.teardownReceived(scope) {
        case .end:
            finish(.teardown)
            return RTSPResponse(.ok)
        case .release(let track):
            claims?.release(track)
            urls[track] = nil
            forgetDelivery()
            return RTSPResponse(.ok, session: identifier)
        case .refuse(let refusal):
            return RTSPResponse(refusal)
        }
    }

    func connectionClosed() {
        if machine.connectionClosed() == .end { finish(.connectionClosed) }
    }

    func serverStops() {
        if machine.streamEnded() == .end { finish(.serverStops) }
    }

    /// The stream is closed, or came back as something else.
    func streamEnded() {
        if machine.streamEnded() == .end { finish(.streamEnded) }
    }

    private func finish(_ reason: EndReason) {
        timer?.cancel()
        timer = nil
        let saysGoodbye =
            switch reason {
            case .silence, .serverStops: true
            // The delivery has said it, or nobody wants to hear it; a stream has no file.
            case .streamEnded, .teardown, .goodbye, .connectionClosed, .fileUnreadable: false
            }
        delivery?.end(goodbye: saysGoodbye)
        forgetDelivery()
        releaseGroup()
        claims?.releaseAll()
        visit.ended(reason.rawValue, at: .now())
        let onEnd = self.onEnd
        self.onEnd = nil
        onEnd?(reason)
    }

    // MARK: Signs of life

    /// A request named the session.
    func noteActivity() {
        machine.activityNoted(at: .now())
    }

    /// Whether the frame came on a channel of this session.
    func take(_ frame: InterleavedFrame) -> Bool {
        guard let track = machine.transports.track(of: frame) else { return false }
        reportReceived(frame.payload, track: track)
        return true
    }

    /// RTCP of the viewer about one track, on whatever way.
    func reportReceived(_ payload: ByteBuffer, track: Int) {
        let packets = RTCPPacket.parseCompound(payload)
        guard !packets.isEmpty else { return }
        machine.activityNoted(at: .now())
        var saysGoodbye = false
        for packet in packets {
            switch packet {
            case .receiverReport(let report): note(report.reports)
            case .senderReport(let report): note(report.reports)
            case .goodbye: saysGoodbye = true
            case .sourceDescription, .other: break
            }
        }
        if saysGoodbye, machine.goodbyeReceived(track: track) == .end { finish(.goodbye) }
    }

    private func note(_ blocks: [ReportBlock]) {
        let delivery = delivery
        visit.note(blocks, about: tracks, at: .now()) { delivery?.reportSent($0, of: $1) }
    }

    /// Looks after the delay whether the viewer still lives.
    func look(in delay: TimeAmount) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in self?.timedOut() }
    }

    private func timedOut() {
        timer = nil
        let now = NIODeadline.now()
        switch machine.timedOut(at: now, connectionDrains: context.writer.isOpen && context.writer.isDrained) {
        case .wait(let deadline): look(in: deadline - now)
        case .end: finish(.silence)
        case .nothing: break
        }
    }
}
