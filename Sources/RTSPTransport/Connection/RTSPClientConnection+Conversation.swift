import NIOCore
import RTSP

/// What the machine decides, carried out.
extension RTSPClientConnection {
    func act(on result: PlayClientStateMachine.ResponseReceivedResult) {
        switch result {
        case .ignored, .paused: break
        case .send(let request): ask(request)
        case .openPorts(let count): openPorts(count)
        case .beginReceiving(let tracks, let play):
            joinGroups(of: tracks) { connection in
                connection.openPaths(of: tracks)
                connection.ask(play)
            }
        case .playing(let session):
            answerTimer?.cancel()
            startKeepalive(every: session.keepaliveInterval)
            receiver?.playing(session)
        case .redirected(let url): leave(.redirected(url))
        case .tornDown: channel?.close(promise: nil)
        case .ended(let error): leave(.conversation(error))
        }
    }

    func act(on result: PlayClientStateMachine.RequestReceivedResult) {
        switch result {
        case .respond(let response): answer(response)
        case .redirected(let url, let response):
            answer(response)
            leave(.redirected(url))
        case .ended(let error, let response):
            answer(response)
            leave(.conversation(error))
        }
    }

    // MARK: Talking

    func ask(_ request: RTSPRequest) {
        guard let channel else { return }
        var bytes = channel.allocator.buffer(capacity: 512)
        request.write(into: &bytes)
        channel.writeAndFlush(bytes, promise: nil)
        // Answers to keepalives are not waited for (quirk F5); TEARDOWN has a timer of its own.
        guard keepaliveTimer == nil, case .talking = phase else { return }
        answerTimer?.cancel()
        answerTimer = eventLoop.assumeIsolated().scheduleTask(in: patience.answer) { self.answerMissing() }
    }

    private func answer(_ response: RTSPResponse) {
        guard let channel else { return }
        // What a peer does not read is kept in memory: one that asks and asks is not to fill it.
        guard channel.isWritable else { return finish(.deaf) }
        var bytes = channel.allocator.buffer(capacity: 256)
        response.write(into: &bytes)
        channel.writeAndFlush(bytes, promise: nil)
    }

    private func answerMissing() {
        guard case .talking = phase else { return }
        switch machine.timedOut() {
        case .ignored: break
        case .send(let request): ask(request)
        case .ended(let error): leave(.conversation(error))
        }
    }

    private func startKeepalive(every interval: TimeAmount?) {
        guard let interval else { return }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        keepaliveTimer = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            let connection = bound.value
            guard let request = connection.machine.keepaliveDue() else { return }
            connection.ask(request)
        }
    }

    // MARK: UDP ports

    private func openPorts(_ count: Int) {
        guard let local = channel?.localAddress else { return }
        answerTimer?.cancel()
        let opening = (0..<count).map { _ in UDPPortPair.open(on: local, eventLoop: eventLoop) }
        // Each by itself, so that none stays open unseen when another fails.
        for future in opening {
            future.assumeIsolated().whenSuccess { pair in
                guard case .talking = self.phase else { return pair.value.close() }
                self.pairs.append(pair.value)
            }
        }
        EventLoopFuture.andAllSucceed(opening, on: eventLoop).assumeIsolated().whenComplete { result in
            guard case .talking = self.phase else { return }
            switch result {
            case .failure(let error): self.leave(.noPorts(reason: "\(error)"))
            case .success:
                guard let setup = self.machine.portsOpened(self.pairs.map(\.ports)) else { return }
                self.ask(setup)
            }
        }
    }

    /// Joins the groups that the server sends to, on the interface of this connection, then goes on.
    private func joinGroups(
        of tracks: [PlayClientTrack], then proceed: @escaping (RTSPClientConnection) -> Void
    ) {
        let points = tracks.map { track -> ListeningPoint? in
            guard case .group(let address, let ports, let source) = track.path else { return nil }
            return point(address, ports, source)
        }
        guard points.contains(where: { $0 != nil }) else { return proceed(self) }
        answerTimer?.cancel()
        for (index, point) in points.enumerated() {
            guard let point else { continue }
            guard point.isMulticast else { return leave(.conversation(.noGroup)) }
            let opening = UDPPortPair.open(at: point, eventLoop: eventLoop)
            opening.assumeIsolated().whenComplete { result in
                switch result {
                case .failure(let error): self.leave(.noGroup(reason: "\(error)"))
                case .success(let pair):
                    guard case .talking = self.phase else { return pair.value.close() }
                    self.pairs.append(pair.value)
                    self.pairOfTrack[index] = pair.value
                    if self.pairOfTrack.count == points.count(where: { $0 != nil }) { proceed(self) }
                }
            }
        }
    }

    /// A source that is not told is the server's own address; a name there is nearly always that host's own (quirk E7).
    private func point(_ address: String, _ ports: PortPair, _ source: String?) -> ListeningPoint {
        let group = try? SocketAddress(ipAddress: address, port: 0)
        let told = source.flatMap { try? SocketAddress(ipAddress: $0, port: 0) }
        let server = channel?.remoteAddress?.unmapped
        let isSameFamily = group?.protocol == (told ?? server)?.protocol
        return ListeningPoint(
            address: group, port: ports.rtp, controlPort: ports.rtcp == 0 ? nil : ports.rtcp,
            interface: channel?.localAddress?.unmapped.ipAddress,
            sources: isSameFamily ? [told ?? server].compactMap { $0 } : []
        )
    }

    // MARK: Leaving

    /// TEARDOWN if there is a session, then the end.
    func leave(_ end: RTSPClientEnd) {
        switch phase {
        case .idle, .connecting:
            finish(end)
        case .talking:
            cancelTimers()
            guard let channel, channel.isActive else { return finish(end) }
            switch machine.stopRequested() {
            case .close:
                finish(end)
            case .tearDown(let request):
                phase = .leaving(end)
                // Before it is asked: within that the connection may end.
                answerTimer = eventLoop.assumeIsolated().scheduleTask(in: patience.tearDown) { self.finish(end) }
                ask(request)
            }
        case .leaving, .ended:
            break
        }
    }

    /// Closes everything and tells the receiver, once.
    func finish(_ end: RTSPClientEnd) {
        if case .ended = phase { return }
        phase = .ended
        cancelTimers()
        closePaths()
        channel?.close(promise: nil)
        let receiver = self.receiver
        self.receiver = nil
        receiver?.ended(end)
    }

    private func cancelTimers() {
        answerTimer?.cancel()
        answerTimer = nil
        keepaliveTimer?.cancel()
        keepaliveTimer = nil
    }
}
