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
}

extension RTSPRecordConnection: ClientConversation {
    func write(_ message: ByteBuffer) { writer?.answer(message) }

    var isDeaf: Bool { writer.map { $0.queuedAnswerBytes > Self.mostUnreadAnswers } ?? false }

    func timedOut() -> ClientTimeoutResult<RecordClientError> { machine.timedOut() }

    func keepaliveDue() -> RTSPRequest? { machine.keepaliveDue() }

    func portsOpened(_ ports: [PortPair]) -> RTSPRequest? { machine.portsOpened(ports) }

    func stopRequested() -> ClientStopResult { machine.stopRequested() }

    func close(_ end: RTSPRecordEnd) {
        writer?.close()
        for pair in pairs { pair.close() }
        pairs = []
        channel?.close(promise: nil)
        let source = self.source
        self.source = nil
        source?.ended(end)
    }
}
