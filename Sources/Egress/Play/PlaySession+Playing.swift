import NIOCore
import RTSP
import RTSPTransport
import Reflector

// PLAY and PAUSE.
extension PlaySession {
    /// PLAY: the answer comes once the stream told its first packets, and the packets behind the answer.
    func play(_ scope: SessionScope, by request: RTSPRequest) -> EventLoopFuture<RTSPReply> {
        switch machine.playReceived(scope, range: PlayRange(of: request.headers)) {
        case .prepare(let transports):
            let promise = context.eventLoop.makePromise(of: RTSPReply.self)
            prepare(transports).assumeIsolated().whenComplete { result in
                promise.assumeIsolated().succeed(self.answer(result, to: request))
            }
            return promise.futureResult
        case .answerAgain:
            return context.answer(RTSPReply(playResponse(to: request, start: nil)))
        case .refuse(let refusal):
            return context.answer(RTSPReply(RTSPResponse(refusal)))
        }
    }

    /// Where playback begins: in what is sent to the group for everyone, or in what is sent to this viewer alone.
    private func prepare(_ transports: [Int: PlayTransport]) -> EventLoopFuture<PlayStart> {
        if let group { return group.play(Set(transports.keys), knowing: tracks, via: via) }
        let delivery = delivery ?? makeDelivery(over: transports)
        self.delivery = delivery
        return delivery.prepare()
    }

    private func answer(_ start: Result<PlayStart, any Error>, to request: RTSPRequest) -> RTSPReply {
        switch start {
        case .success(let start):
            switch machine.playPrepared() {
            case .answer:
                let response = playResponse(to: request, start: start)
                return RTSPReply(response) { self.playAnswered(userAgent: request.headers["User-Agent"]) }
            case .discard:
                return RTSPReply(.sessionNotFound)
            }
        case .failure:
            machine.playFailed()
            guard !machine.transports.isEmpty else { return RTSPReply(.sessionNotFound) }
            return .unavailable
        }
    }

    private func playResponse(to request: RTSPRequest, start: PlayStart?) -> RTSPResponse {
        var response = RTSPResponse(.ok)
        response.headers.add("Session", identifier.rawValue)
        response.headers.add("Range", RangeHeader.npt(start: .now, end: nil).serialized)
        // A live stream has one speed; who asks for another is told (RFC 2326 §12.34).
        if request.headers["Scale"] != nil { response.headers.add("Scale", "1") }
        let entries = (start?.tracks ?? [:]).sorted { $0.key < $1.key }.compactMap { track, first in
            urls[track].map { RTPInfoHeader.Entry(url: $0, seq: first.sequenceNumber, rtptime: first.timestamp) }
        }
        if !entries.isEmpty { response.headers.add("RTP-Info", RTPInfoHeader(entries).serialized) }
        return response
    }

    private func playAnswered(userAgent: String?) {
        switch machine.playAnswered() {
        case .begin:
            delivery?.begin()
            group?.begin()
            visit.began(over: machine.transports, userAgent: userAgent, at: .now())
        case .nothing:
            break
        }
    }

    private func makeDelivery(over transports: [Int: PlayTransport]) -> StreamDelivery {
        let delivery = StreamDelivery(
            stream: stream,
            tracks: tracks,
            routes: transports.compactMapValues { transport in
                switch transport {
                case .interleaved(let channels): .interleaved(channels)
                case .datagrams(let ports):
                    .datagrams(rtp: context.peer.at(ports.rtp), rtcp: context.peer.at(ports.rtcp))
                // The group's sender sends it.
                case .multicast: nil
                }
            },
            writer: context.writer,
            datagrams: context.datagrams.map { .shared($0) },
            via: via,
            eventLoop: context.eventLoop
        )
        delivery.onEnd = { [weak self] in self?.streamEnded() }
        return delivery
    }

    /// PAUSE: nothing flows, the session stays.
    func pause(_ scope: SessionScope) -> RTSPResponse {
        switch machine.pauseReceived(scope) {
        case .pause:
            delivery?.pause()
            group?.pause()
            return RTSPResponse(.ok, session: identifier)
        case .answer:
            return RTSPResponse(.ok, session: identifier)
        case .refuse(let refusal):
            return RTSPResponse(refusal)
        }
    }
}
