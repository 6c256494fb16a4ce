import NIOCore
import RTSP

/// What the conversation decides, carried out.
extension LoadSession {
    func received(_ message: RTSPMessage, at now: UInt64) {
        switch message {
        case .response(let response): act(on: machine.responseReceived(response), at: now)
        case .request(let request): act(on: machine.requestReceived(request))
        case .interleaved: break
        }
    }

    private func act(on result: PlayClientStateMachine.ResponseReceivedResult, at now: UInt64) {
        switch result {
        case .ignored: break
        case .send(let request): ask(request, at: now)
        case .openPorts(let count): openPorts(count, at: now)
        case .beginReceiving(let tracks, let play):
            prepare(tracks)
            ask(play, at: now)
        case .playing(let session): playAnswered(session, at: now)
        case .paused: established()
        case .redirected: fail("redirected; use the URL of the target")
        case .tornDown: finish(at: now)
        case .ended(let error): fail(error.description)
        }
    }

    private func act(on result: ServerRequestResult<PlayClientError>) {
        switch result {
        case .respond(let response): answer(response)
        case .redirected(_, let response):
            answer(response)
            fail("redirected; use the URL of the target")
        case .ended(let error, let response):
            answer(response)
            fail(error.description)
        }
    }

    // MARK: Talking

    func ask(_ request: RTSPRequest, at now: UInt64) {
        // Keepalives are not waited for: some servers answer none.
        if phase != .playing { deadline = now &+ (phase == .leaving ? Self.leavePatience : patience) }
        var bytes = ByteBuffer()
        request.write(into: &bytes)
        if request.method == .play { playSent = MonotonicClock.now() }
        if socket?.write(bytes) != true { fail("the server does not take its requests") }
    }

    private func answer(_ response: RTSPResponse) {
        var bytes = ByteBuffer()
        response.write(into: &bytes)
        if socket?.write(bytes) != true { fail("the server does not take its answers") }
    }

    private func openPorts(_ count: Int, at now: UInt64) {
        guard let descriptor = socket?.descriptor, let local = HostAddress.local(of: descriptor) else {
            return fail("the connection has no address")
        }
        do {
            for _ in 0..<count { pairs.append(try DatagramPair.open(at: local.address)) }
        } catch {
            return fail("no UDP ports: \(error)\(error.remedy.map { "; \($0)" } ?? "")")
        }
        context.socketsChanged = true
        guard let setup = machine.portsOpened(pairs.map(\.ports)) else { return fail("no track to set up") }
        ask(setup, at: now)
    }

    private func prepare(_ settled: [PlayClientTrack]) {
        // One group would serve all viewers, and the server would have nothing to do.
        guard !settled.contains(where: { if case .group = $0.path { true } else { false } }) else {
            return fail("the server sends to a multicast group")
        }
        let lead = settled.firstIndex { $0.description.kind == .video } ?? 0
        tracks = settled.enumerated().map { index, track in
            var pair: DatagramPair?
            switch track.path {
            case .interleaved(let channels): reader.expect(channels)
            case .datagrams(let client, _, _): pair = pairs.first { $0.ports == client }
            case .group: break
            }
            return SessionTrack(track, ports: pair, isLead: index == lead)
        }
        context.socketsChanged = true
    }

    private func playAnswered(_ session: PlayClientSession, at now: UInt64) {
        keepaliveInterval = session.keepaliveInterval.map { UInt64(max(0, $0.nanoseconds)) }
        keepaliveDue = keepaliveInterval.map { now &+ $0 }
        guard context.plan.isPaused else { return established() }
        guard let pause = machine.pauseRequested() else { return fail("nothing to pause") }
        ask(pause, at: now)
    }

    private func established() {
        guard phase == .conversing else { return }
        phase = .playing
        deadline = nil
        if isComingAgain { context.counts.joins += 1 } else { context.counts.established += 1 }
        if context.plan.isPaused { joined() }
    }

    // MARK: Ends

    /// TEARDOWN if there is a session; what was counted is handed over now. One that is `returning` begins again
    /// afterwards.
    func leave(at now: UInt64, returning: Bool = false) {
        guard phase != .idle, phase != .leaving else {
            isReturning = isReturning && returning
            return
        }
        if returning { isWhole = false }
        handOver()
        isReturning = returning
        guard phase == .conversing || phase == .playing, case .tearDown(let request) = machine.stopRequested() else {
            return finish(at: now)
        }
        phase = .leaving
        ask(request, at: now)
    }

    /// The session is over for a reason that is not ours.
    func fail(_ reason: String) {
        switch phase {
        case .idle: return
        case .leaving: return finish(at: MonotonicClock.now())
        case .playing:
            isWhole = false
            handOver()
            context.counts.closed += 1
        case .connecting, .conversing:
            if isComingAgain { context.counts.failedJoins += 1 } else { context.counts.failed += 1 }
        }
        context.counts.failures.note(reason)
        // What was set up would else stay for its whole timeout on the server.
        if let socket, case .tearDown(let request) = machine.stopRequested() {
            var bytes = ByteBuffer()
            request.write(into: &bytes)
            _ = socket.write(bytes)
        }
        isReturning = false
        finish(at: MonotonicClock.now())
    }

    func finish(at now: UInt64) {
        joined()
        socket?.discard()
        socket = nil
        for pair in pairs { pair.discard() }
        pairs = []
        tracks = []
        deadline = nil
        keepaliveDue = nil
        phase = .idle
        context.socketsChanged = true
        guard isReturning else { return }
        isReturning = false
        isComingAgain = true
        begin(at: now)
    }
}
