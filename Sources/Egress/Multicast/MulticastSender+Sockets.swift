import Logging
import NIOCore
import RTSPTransport
import Reflector

/// The sockets of a sender: opened for the first viewer, looked at while packets flow, and replaced where the kernel refuses them.
extension MulticastSender {
    func openSockets(_ done: @escaping (Result<NIOLoopBound<DatagramSocketPair>, any Error>) -> Void) {
        DatagramSocketPair.openSending(
            isIPv6: group.protocol == .inet6, multicast: configuration.sending, on: stream.homeLoop
        ).assumeIsolated().whenComplete(done)
    }

    func opened(_ sockets: DatagramSocketPair) {
        guard !machine.isEnded else { return sockets.close() }
        let delivery = deliver(over: sockets)
        lookLater()
        if machine.isPreparing { ask(delivery) }
    }

    private func deliver(over sockets: DatagramSocketPair) -> StreamDelivery {
        let routes = tracks.compactMap { track in
            configuration.ports[track.index].map { ports in
                (
                    track.index,
                    DeliveryRoute.datagrams(rtp: group.at(ports.rtp), rtcp: group.at(ports.rtcp))
                )
            }
        }
        let delivery = StreamDelivery(
            stream: stream, tracks: tracks, routes: Dictionary(routes) { first, _ in first }, writer: nil,
            datagrams: .shared(sockets), eventLoop: stream.homeLoop
        )
        delivery.onSent = { [weak self] burst in self?.sent(burst) }
        delivery.onEnd = { [weak self] in self?.end() }
        self.sockets = sockets
        self.delivery = delivery
        health = DatagramHealth()
        return delivery
    }

    private func lookLater() {
        looking = stream.homeLoop.assumeIsolated().scheduleTask(in: look) { [weak self] in self?.lookAtSockets() }
    }

    /// Sockets that the kernel lets send nothing are replaced, for the interface may have another number or address by now.
    private func lookAtSockets() {
        lookLater()
        guard let counters = sockets?.counters else { return }
        let refusal = health.looked(at: counters)
        if refusal == nil, counters.sent > 0 { complaint = nil }
        guard let refusal, machine.isSending, !isOpening else { return }
        if complaint != refusal {
            logger.warning("multicast is not sent", metadata: ["reason": "\(DatagramHealth.reason(refusal))"])
        }
        complaint = refusal
        isOpening = true
        openSockets { result in
            self.isOpening = false
            // Without them the next look tries again.
            guard case .success(let sockets) = result else { return }
            self.replace(by: sockets.value)
        }
    }

    private func replace(by sockets: DatagramSocketPair) {
        guard machine.isSending else {
            sockets.close()
            // Who asked meanwhile was given the old ones.
            return
        }
        replacements &+= 1
        retire(goodbye: false)
        let delivery = deliver(over: sockets)
        delivery.prepare().assumeIsolated().whenComplete { result in
            guard self.delivery === delivery, self.machine.isSending else { return }
            switch result {
            case .success: delivery.begin()
            case .failure: self.end()
            }
        }
    }

    func retire(goodbye: Bool) {
        guard let delivery, let sockets else { return }
        delivery.onEnd = nil
        delivery.onSent = nil
        delivery.end(goodbye: goodbye)
        past.sent = past.sent + delivery.counters
        past.failed &+= sockets.counters.failed
        sockets.close()
        self.delivery = nil
        self.sockets = nil
    }
}
