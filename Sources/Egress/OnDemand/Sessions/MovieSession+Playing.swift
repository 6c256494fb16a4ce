import ISOMedia
import NIOCore
import RTSP
import RTSPTransport

// PLAY and PAUSE.
extension MovieSession {
    /// PLAY: the answer comes once the first packets are known, and the packets behind the answer.
    func play(_ scope: SessionScope, by request: RTSPRequest) -> EventLoopFuture<RTSPReply> {
        let hasPictures = machine.transports.keys.contains { movie.program.tracks[$0].isVideo }
        let asked = MoviePlayRequest(request.headers)
        switch machine.playReceived(scope, asked, position: delivery.position, hasPictures: hasPictures) {
        case .prepare(let play):
            let promise = context.eventLoop.makePromise(of: RTSPReply.self)
            delivery.prepare(play, over: machine.transports).assumeIsolated().whenComplete { result in
                promise.assumeIsolated().succeed(self.answer(result, play, to: request))
            }
            return promise.futureResult
        case .answerAgain(let play):
            // Who has asked for a pause to come, and now for this, wants it to go on.
            delivery.pause(at: nil)
            let range = range(from: delivery.position, to: play.end, scale: play.scale, as: nil)
            return context.answer(playResponse(to: request, play, range: range))
        case .refuse(let refusal):
            return context.answer(RTSPResponse(refusal))
        }
    }

    private func answer(_ start: Result<PlayoutStart, any Error>, _ play: MoviePlay, to request: RTSPRequest)
        -> RTSPReply
    {
        switch start {
        case .success(let start):
            switch machine.playPrepared() {
            case .answer:
                let format = PlayRange(of: request.headers).smpteFormat
                let range = range(from: start.position, to: start.end, scale: start.scale, as: format)
                var response = playResponse(to: request, play, range: range)
                let entries = start.tracks.compactMap { track in
                    urls[track.index].map {
                        RTPInfoHeader.Entry(url: $0, seq: track.sequenceNumber, rtptime: track.timestamp)
                    }
                }
                if !entries.isEmpty { response.headers.add("RTP-Info", RTPInfoHeader(entries).serialized) }
                return RTSPReply(response) { self.playAnswered(start, by: request) }
            case .discard:
                return RTSPReply(.sessionNotFound)
            }
        case .failure(let error):
            machine.playFailed()
            guard !machine.transports.isEmpty else { return RTSPReply(.sessionNotFound) }
            guard let error = error as? MovieError else { return .unavailable }
            logFailure(error)
            return RTSPReply(MediaRefusal(error).status)
        }
    }

    /// What the answer to PLAY says, in the units that were asked in (RFC 2326 §12.29).
    private func range(from start: Int64, to end: Int64?, scale: Double, as format: SMPTEFormat?) -> String {
        let end = told(end, scale: scale)
        if let format, let start = SMPTETime(microseconds: start, format: format) {
            let end = end.flatMap { SMPTETime(microseconds: $0, format: format) }
            return RangeHeader.smpte(start: start, end: end).serialized
        }
        return "npt=\(MovieProgram.seconds(start))-\(end.map(MovieProgram.seconds) ?? "")"
    }

    /// No further than the movie goes; nothing for one whose end nobody knows.
    private func told(_ end: Int64?, scale: Double) -> Int64? {
        guard scale > 0 else { return end ?? 0 }
        let duration = movie.program.duration
        guard duration > 0 else { return end.flatMap { $0 > 0 ? $0 : nil } }
        return min(end ?? duration, duration)
    }

    private func playResponse(to request: RTSPRequest, _ play: MoviePlay, range: String) -> RTSPResponse {
        var response = RTSPResponse(.ok, session: identifier)
        response.headers.add("Range", range)
        if request.headers["Scale"] != nil || play.scale != 1 { response.headers.add("Scale", "\(play.scale)") }
        if request.headers["Speed"] != nil || play.speed != 1 { response.headers.add("Speed", "\(play.speed)") }
        return response
    }

    private func playAnswered(_ start: PlayoutStart, by request: RTSPRequest) {
        switch machine.playAnswered() {
        case .begin:
            visit.began(over: machine.transports, userAgent: request.headers["User-Agent"], at: .now())
            // At another scale RTP time does not come to the end that was told, and what is sent ahead over TCP confuses the guess.
            let knowsEnd = start.end > 0 && start.scale == 1 && !delivery.isInterleaved
            let endsByItself = knowsEnd && MoviePlayRequest(request.headers).endsByRange
            delivery.begin(start, goodbyeAfter: endsByItself ? configuration.lateGoodbye : .zero)
        case .nothing:
            break
        }
    }

    /// PAUSE: nothing flows, at once or from the point in the request on; the session stays, and goes on with the next packet.
    func pause(_ scope: SessionScope, by request: RTSPRequest) -> RTSPResponse {
        switch machine.pauseReceived(scope, PausePoint(of: request.headers), position: delivery.position) {
        case .pause:
            delivery.stop()
            delivery.rest()
            return RTSPResponse(.ok, session: identifier)
        case .pauseAt(let point):
            delivery.pause(at: point)
            return RTSPResponse(.ok, session: identifier)
        case .answer:
            return RTSPResponse(.ok, session: identifier)
        case .refuse(let refusal):
            return RTSPResponse(refusal)
        }
    }

    func pausePointReached(_ point: Int64) {
        machine.pausePointReached(point)
        delivery.rest()
    }

    /// Everything was sent, and BYE behind it; a file that breaks off ends the session.
    func movieEnded(_ failure: MovieError?) {
        delivery.rest()
        guard let failure else {
            _ = machine.movieEnded()
            return
        }
        logFailure(failure)
        fileFailed()
    }

    private func logFailure(_ error: MovieError) {
        context.logger.notice("movie breaks off", metadata: ["movie": "\(path)", "reason": "\(error)"])
    }
}
