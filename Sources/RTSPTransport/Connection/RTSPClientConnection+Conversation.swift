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
            openPaths(of: tracks)
            ask(play)
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
                ask(request)
                answerTimer = eventLoop.assumeIsolated().scheduleTask(in: patience.tearDown) { self.finish(end) }
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
