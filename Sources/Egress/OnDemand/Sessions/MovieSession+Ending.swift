import NIOCore
import RTP
import RTSP
import RTSPTransport

// What the machine says of signs of life, and the ends of a session.
extension MovieSession {
    var transports: [Int: PlayTransport] { machine.transports }

    /// Also where the viewer has taken what it was sent.
    func noteActivity() {
        machine.activityNoted(at: .now())
    }

    func note(_ blocks: [ReportBlock]) {
        let delivery = delivery
        visit.note(blocks, about: tracks, at: .now()) { delivery.reports.sent($0, of: $1) }
    }

    func timedOut(at now: NIODeadline, connectionDrains: Bool) -> PlaySessionStateMachine.TimeOutResult {
        machine.timedOut(at: now, connectionDrains: connectionDrains)
    }

    // MARK: Ends

    func teardownReceived(_ scope: SessionScope) -> PlaySessionStateMachine.TeardownResult {
        machine.teardownReceived(scope)
    }

    func released(_ track: Int) {
        claims?.release(track)
        urls[track] = nil
    }

    func goodbyeReceived(track: Int) -> PlaySessionStateMachine.GoodbyeResult {
        machine.goodbyeReceived(track: track)
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

    func finish(_ end: ViewerEnd) {
        timer?.cancel()
        timer = nil
        delivery.end(goodbye: end.saysGoodbye)
        visit.add(delivery.sent)
        claims?.releaseAll()
        visit.ended(end.rawValue, at: .now())
        let onEnd = self.onEnd
        self.onEnd = nil
        onEnd?()
    }
}
