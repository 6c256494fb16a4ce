import NIOCore
import RTP
import RTSP
import RTSPTransport

// What the machine says of signs of life, and the ends of a session.
extension PlaySession {
    var transports: [Int: PlayTransport] { machine.transports }

    func noteActivity() {
        machine.activityNoted(at: .now())
    }

    func note(_ blocks: [ReportBlock]) {
        let delivery = delivery
        visit.note(blocks, about: tracks, at: .now()) { delivery?.reportSent($0, of: $1) }
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
        forgetDelivery()
    }

    func goodbyeReceived(track: Int) -> PlaySessionStateMachine.GoodbyeResult {
        machine.goodbyeReceived(track: track)
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

    func finish(_ end: ViewerEnd) {
        timer?.cancel()
        timer = nil
        delivery?.end(goodbye: end.saysGoodbye)
        forgetDelivery()
        releaseGroup()
        claims?.releaseAll()
        visit.ended(end.rawValue, at: .now())
        let onEnd = self.onEnd
        self.onEnd = nil
        onEnd?(end)
    }
}
