import NIOCore
import RTP
import RTSP
import RTSPTransport

// Signs of life, and the ends of a session.
extension MovieSession {
    /// TEARDOWN of everything, or of one track.
    func tearDown(_ scope: SessionScope) -> RTSPResponse {
        switch machine.teardownReceived(scope) {
        case .end:
            finish(.teardown)
            return RTSPResponse(.ok)
        case .release(let track):
            claims?.release(track)
            urls[track] = nil
            return RTSPResponse(.ok, session: identifier)
        case .refuse(let refusal):
            return RTSPResponse(refusal)
        }
    }

    func connectionClosed() {
        if machine.connectionClosed() == .end { finish(.connectionClosed) }
    }

    func serverStops() {
        if machine.sessionEnded() == .end { finish(.serverStops) }
    }

    /// The file cannot be read any more.
    func fileFailed() {
        if machine.sessionEnded() == .end { finish(.fileUnreadable) }
    }

    private func finish(_ reason: PlaySession.EndReason) {
        timer?.cancel()
        timer = nil
        let saysGoodbye =
            switch reason {
            case .silence, .serverStops: true
            // The delivery has said it, or nobody wants to hear it.
            case .fileUnreadable, .streamEnded, .teardown, .goodbye, .connectionClosed: false
            }
        delivery.end(goodbye: saysGoodbye)
        visit.add(delivery.sent)
        claims?.releaseAll()
        visit.ended(reason.rawValue, at: .now())
        let onEnd = self.onEnd
        self.onEnd = nil
        onEnd?()
    }

    // MARK: Signs of life

    /// A request named the session, or its viewer has taken what it was sent.
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
        visit.note(blocks, about: tracks, at: .now()) { delivery.reports.sent($0, of: $1) }
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
