import Media

extension PlayClientStateMachine {
    /// What a response means.
    package enum ResponseReceivedResult: Sendable {
        /// Not an answer to what is being waited for, or a keepalive's.
        case ignored
        case send(RTSPRequest)
        /// Open so many pairs of UDP ports, then call `portsOpened`.
        case openPorts(count: Int)
        /// Every path is known: be ready for packets, which some cameras send before they answer (quirk F11), then
        /// send PLAY.
        case beginReceiving([PlayClientTrack], play: RTSPRequest)
        case playing(PlayClientSession)
        /// PAUSE is answered: nothing flows, and the session stays.
        case paused
        /// Connect there and begin anew.
        case redirected(RTSPURL)
        /// TEARDOWN is answered.
        case tornDown
        case ended(PlayClientError)
    }

    /// A response came. An error in the middle of SETUP or PLAY leaves the state, so that `stopRequested` still tears
    /// down what was set up so far.
    package mutating func responseReceived(_ response: RTSPResponse) -> ResponseReceivedResult {
        guard let asked = requests.answered(by: response) else { return .ignored }
        switch state {
        case .asking:
            return answeredOptions(asked, response)
        case .describing:
            return answeredDescribe(asked, response)
        case .settingUp(let plan):
            return answeredSetup(plan, asked, response)
        case .starting(let plan):
            return answeredPlay(plan, asked, response)
        case .playing:
            if asked.method == .pause { return answeredPause(asked, response) }
            return answeredKeepalive(asked, response)
        case .tearingDown:
            guard asked.method == .teardown else { return .ignored }
            // The nonce ran out since: a session that is not torn down stays for its whole timeout (quirk E17).
            if response.status.code == 401, let again = requests.repeated(asked, challengedBy: response) {
                return .send(again)
            }
            state = .ended
            return .tornDown
        case .idle, .openingPorts, .ended:
            return .ignored
        }
    }

    // MARK: Each answer

    private mutating func answeredOptions(
        _ asked: ClientRequests.Pending,
        _ response: RTSPResponse
    ) -> ResponseReceivedResult {
        if let verdict = challengedOrRedirected(asked, response) { return verdict }
        // Whatever else the answer is, DESCRIBE will show whether the stream is there (quirk A6).
        if response.status.isSuccess { keepalive.learnt(response.headers.publicMethods) }
        upstream = response.headers.via
        state = .describing
        return .send(describe())
    }

    private mutating func answeredDescribe(
        _ asked: ClientRequests.Pending,
        _ response: RTSPResponse
    ) -> ResponseReceivedResult {
        guard asked.method == .describe else { return .ignored }
        if let verdict = challengedOrRedirected(asked, response) { return verdict }
        guard response.status.code != RTSPStatus.loopDetected.code else { return end(.loop) }
        guard response.status.isSuccess else { return end(.refused(.describe, response.status)) }
        upstream = response.headers.via
        // What it sends has come from here.
        if let relay = request.relay, upstream.loops(through: relay) { return end(.loop) }
        let description: SessionDescription
        do {
            // Whatever the Content-Type says: the body shows best whether it is one (quirk A9).
            description = try SessionDescription(parsing: response.body)
        } catch {
            return end(.description(error))
        }
        var plan = plan(for: description, describedBy: response)
        guard !plan.remaining.isEmpty else { return end(.noTracks(plan.skipped)) }
        if request.transport == .udp, !request.isMulticast {
            let count = plan.remaining.count
            state = .openingPorts(plan)
            return .openPorts(count: count)
        }
        guard let setup = setUpNext(&plan) else { return end(.noTracks(plan.skipped)) }
        state = .settingUp(plan)
        return .send(setup)
    }

    private mutating func answeredSetup(
        _ plan: Plan,
        _ asked: ClientRequests.Pending,
        _ response: RTSPResponse
    ) -> ResponseReceivedResult {
        var plan = plan
        guard asked.method == .setup, let track = plan.remaining.first, let path = plan.asked else { return .ignored }
        if let verdict = challengedOrRedirected(asked, response) { return verdict }
        if response.status.isSuccess {
            plan.sessionTimeout = requests.noteSession(of: response) ?? plan.sessionTimeout
            switch Self.settled(path, by: response) {
            case .success(let settled):
                plan.tracks.append(PlayClientTrack(index: track.index, description: track.description, path: settled))
            case .failure(let error):
                return .ended(error)
            }
        } else {
            // A camera without room for its picture is to be asked again, not kept for its sound (quirk F16).
            if track.description.kind == .video, [453, 503].contains(response.status.code) {
                return .ended(.refused(.setup, response.status))
            }
            // Over UDP another transport serves all tracks; over TCP it is only worth a try if none were taken.
            let isAboutTransport = response.status.code == RTSPStatus.unsupportedTransport.code
            if isAboutTransport, request.transport == .udp || plan.tracks.isEmpty {
                return .ended(.transportRefused(offered: nil))
            }
            let reason = SkippedTrack.Reason.refused(response.status)
            plan.skipped.append(SkippedTrack(index: track.index, kind: track.description.kind, reason: reason))
        }
        plan.remaining.removeFirst()
        return proceed(plan, lastStatus: response.status)
    }

    private mutating func proceed(_ plan: Plan, lastStatus: RTSPStatus) -> ResponseReceivedResult {
        var plan = plan
        if let setup = setUpNext(&plan) {
            state = .settingUp(plan)
            return .send(setup)
        }
        guard !plan.tracks.isEmpty else { return end(.refused(.setup, lastStatus)) }
        // With a track's URL some cameras do not answer (quirk D10).
        let play = requests.make(
            .play,
            uri: plan.base.requestURI,
            headers: ["Range": request.range.serialized]
        )
        let tracks = plan.tracks
        state = .starting(plan)
        return .beginReceiving(tracks, play: play)
    }

    /// RTP-Info is not looked at: a camera's is too often wrong to be of use (quirk F12).
    private mutating func answeredPlay(
        _ plan: Plan,
        _ asked: ClientRequests.Pending,
        _ response: RTSPResponse
    ) -> ResponseReceivedResult {
        guard asked.method == .play else { return .ignored }
        if let verdict = challengedOrRedirected(asked, response) { return verdict }
        guard response.status.isSuccess else { return .ended(.refused(.play, response.status)) }
        let session = PlayClientSession(
            tracks: plan.tracks,
            skipped: plan.skipped.sorted { $0.index < $1.index },
            keepaliveInterval: keepalive.interval(
                sessionTimeout: plan.sessionTimeout ?? response.headers.session?.timeout)
        )
        state = .playing(plan)
        return .playing(session)
    }

    /// Refused or not, the session plays on until it is torn down.
    private mutating func answeredPause(
        _ asked: ClientRequests.Pending,
        _ response: RTSPResponse
    ) -> ResponseReceivedResult {
        if response.status.code == 401, let verdict = challengedOrRedirected(asked, response) { return verdict }
        return response.status.isSuccess ? .paused : .ended(.refused(.pause, response.status))
    }

    private mutating func answeredKeepalive(
        _ asked: ClientRequests.Pending,
        _ response: RTSPResponse
    ) -> ResponseReceivedResult {
        switch keepalive.answered(asked, response, by: &requests) {
        case .nothing: return .ignored
        case .send(let again): return .send(again)
        case .sessionLost: return end(.sessionLost)
        }
    }

    // MARK: Shared

    private mutating func end(_ error: PlayClientError) -> ResponseReceivedResult {
        state = .ended
        return .ended(error)
    }

    /// The state is left as it is: what was set up can still be torn down.
    private mutating func challengedOrRedirected(
        _ asked: ClientRequests.Pending,
        _ response: RTSPResponse
    ) -> ResponseReceivedResult? {
        let verdict: ClientVerdict<PlayClientError>? = requests.verdict(on: asked, response, of: request.url)
        return switch verdict {
        case .send(let again): .send(again)
        case .redirected(let target): .redirected(target)
        case .ended(let error): .ended(error)
        case nil: nil
        }
    }
}
