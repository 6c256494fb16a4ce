import NIOCore
import RTSP

/// What the machine decides, carried out.
extension RTSPRecordConnection {
    /// Answers that a server may leave unread.
    private static let mostUnreadAnswers = 64 * 1024

    func act(on result: RecordClientStateMachine.ResponseReceivedResult) {
        switch result {
        case .ignored: break
        case .send(let request): ask(request)
        case .openPorts(let count): openPorts(count)
        case .recording(let session):
            answerTimer?.cancel()
            answerTimer = nil
            startKeepalive(every: session.keepaliveInterval)
            begin(session)
        case .redirected(let url): leave(.redirected(url))
        case .tornDown: channel?.close(promise: nil)
        case .ended(let error): leave(.conversation(error))
        }
    }

    func act(on result: RecordClientStateMachine.RequestReceivedResult) {
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
        guard let channel, let writer else { return }
        var bytes = channel.allocator.buffer(capacity: 512 + request.body.readableBytes)
        request.write(into: &bytes)
        writer.answer(bytes)
        // Answers to keepalives are not waited for; TEARDOWN has a timer of its own.
        guard keepaliveTimer == nil, case .talking = phase else { return }
        answerTimer?.cancel()
        answerTimer = eventLoop.assumeIsolated().scheduleTask(in: patience.answer) { self.answerMissing() }
    }

    private func answer(_ response: RTSPResponse) {
        guard let channel, let writer else { return }
        guard writer.queuedAnswerBytes <= Self.mostUnreadAnswers else { return finish(.deaf) }
        var bytes = channel.allocator.buffer(capacity: 256)
        response.write(into: &bytes)
        writer.answer(bytes)
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

    // MARK: Paths

    private func openPorts(_ count: Int) {
        guard let local = channel?.localAddress else { return }
        answerTimer?.cancel()
        let opening = (0..<count).map { _ in DatagramSocketPair.open(on: local, eventLoop: eventLoop) }
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

    /// RTCP of the server is heard from here on, and packets may go out.
    private func begin(_ session: RecordClientSession) {
        guard let writer, let server = channel?.remoteAddress else { return }
        var sockets: [Int: DatagramSocketPair] = [:]
        for track in session.tracks {
            switch track.path {
            case .interleaved(let pair):
                for (number, isControl) in [(pair.rtp, false), (pair.rtcp, true)] {
                    channels.add(number, track: track.index, isControl: isControl)
                    parser.negotiatedChannels.insert(number)
                }
            case .datagrams(let client, let ports):
                guard let pair = pairs.first(where: { $0.ports == client }) else { continue }
                sockets[track.index] = pair
                // Some servers report from the port of RTP.
                for port in [ports.rtcp, ports.rtp] {
                    _ = pair.register(server.with(port: port)) { [weak self] datagram, isControl in
                        if isControl { self?.source?.received(datagram, track: track.index) }
                    }
                }
            }
        }
        source?.recording(session, over: RTSPRecordPaths(writer: writer, sockets: sockets, server: server))
    }

    // MARK: Leaving

    /// TEARDOWN if there is a session, then the end.
    func leave(_ end: RTSPRecordEnd) {
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

    /// Closes everything and tells the source, once.
    func finish(_ end: RTSPRecordEnd) {
        if case .ended = phase { return }
        phase = .ended
        cancelTimers()
        writer?.close()
        for pair in pairs { pair.close() }
        pairs = []
        channel?.close(promise: nil)
        let source = self.source
        self.source = nil
        source?.ended(end)
    }

    private func cancelTimers() {
        answerTimer?.cancel()
        answerTimer = nil
        keepaliveTimer?.cancel()
        keepaliveTimer = nil
    }
}
