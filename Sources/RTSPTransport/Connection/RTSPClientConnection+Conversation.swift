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

    // MARK: Groups

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
}

extension RTSPClientConnection: ClientConversation {
    func write(_ message: ByteBuffer) { channel?.writeAndFlush(message, promise: nil) }

    var isDeaf: Bool { channel?.isWritable == false }

    func timedOut() -> ClientTimeoutResult<PlayClientError> { machine.timedOut() }

    func keepaliveDue() -> RTSPRequest? { machine.keepaliveDue() }

    func portsOpened(_ ports: [PortPair]) -> RTSPRequest? { machine.portsOpened(ports) }

    func stopRequested() -> ClientStopResult { machine.stopRequested() }

    func close(_ end: RTSPClientEnd) {
        closePaths()
        channel?.close(promise: nil)
        let receiver = self.receiver
        self.receiver = nil
        receiver?.ended(end)
    }
}
