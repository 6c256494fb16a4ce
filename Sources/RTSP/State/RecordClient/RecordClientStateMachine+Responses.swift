import Media

extension RecordClientStateMachine {
    /// What a response means.
    package enum ResponseReceivedResult: Sendable {
        /// Not an answer to what is being waited for, or a keepalive's.
        case ignored
        case send(RTSPRequest)
        /// Open so many pairs of UDP ports, then call `portsOpened`.
        case openPorts(count: Int)
        /// Send packets.
        case recording(RecordClientSession)
        /// Connect there and begin anew.
        case redirected(RTSPURL)
        /// TEARDOWN is answered.
        case tornDown
        case ended(RecordClientError)
    }

    /// A response came. An error in the middle of SETUP or RECORD leaves the state, so that `stopRequested` still tears
    /// down what was set up so far.
    package mutating func responseReceived(_ response: RTSPResponse) -> ResponseReceivedResult {
        guard let asked = requests.answered(by: response) else { return .ignored }
        switch state {
        case .asking:
            return answeredOptions(asked, response)
        case .announcing:
            return answeredAnnounce(asked, response)
        case .settingUp(let plan):
            return answeredSetup(plan, asked, response)
        case .starting(let plan):
            return answeredRecord(plan, asked, response)
        case .recording:
            switch keepalive.answered(asked, response, by: &requests) {
            case .nothing: return .ignored
            case .send(let again): return .send(again)
            case .sessionLost: return end(.sessionLost)
            }
        case .tearingDown:
            guard asked.method == .teardown else { return .ignored }
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
        if response.status.isSuccess { keepalive.learnt(response.headers.publicMethods) }
        // Whatever else the answer is, ANNOUNCE will show whether the path is open.
        state = .announcing
        return .send(announce())
    }

    private mutating func answeredAnnounce(
        _ asked: ClientRequests.Pending,
        _ response: RTSPResponse
    ) -> ResponseReceivedResult {
        guard asked.method == .announce else { return .ignored }
        if let verdict = challengedOrRedirected(asked, response) { return verdict }
        guard response.status.code != RTSPStatus.loopDetected.code else { return end(.loop) }
        guard response.status.isSuccess else { return end(.refused(.announce, response.status)) }
        // Some servers begin the session here.
        var plan = Plan(remaining: Array(announced.tracks.indices))
        plan.sessionTimeout = requests.noteSession(of: response) ?? plan.sessionTimeout
        if request.transport == .udp {
            state = .openingPorts(plan)
            return .openPorts(count: plan.remaining.count)
        }
        guard let setup = setUpNext(plan) else { return end(.refused(.announce, response.status)) }
        state = .settingUp(plan)
        return .send(setup)
    }

    private mutating func answeredSetup(
        _ plan: Plan,
        _ asked: ClientRequests.Pending,
        _ response: RTSPResponse
    ) -> ResponseReceivedResult {
        var plan = plan
        guard asked.method == .setup, let index = plan.remaining.first, let path = self.asked(plan) else {
            return .ignored
        }
        if let verdict = challengedOrRedirected(asked, response) { return verdict }
        if response.status.isSuccess {
            plan.sessionTimeout = requests.noteSession(of: response) ?? plan.sessionTimeout
            switch Self.settled(path, by: response) {
            case .success(let settled): plan.tracks.append(RecordClientTrack(index: index, path: settled))
            case .failure(let error): return .ended(error)
            }
        } else {
            let kind = announced.tracks[index].kind
            if response.status.code == RTSPStatus.unsupportedTransport.code {
                return .ended(.transportRefused(request.transport))
            }
            // Sound without its picture is of no use to anybody.
            if kind == .video { return .ended(.refused(.setup, response.status)) }
            plan.skipped.append(SkippedTrack(index: index, kind: kind, reason: .refused(response.status)))
        }
        plan.remaining.removeFirst()
        return proceed(plan, lastStatus: response.status)
    }

    private mutating func proceed(_ plan: Plan, lastStatus: RTSPStatus) -> ResponseReceivedResult {
        if let setup = setUpNext(plan) {
            state = .settingUp(plan)
            return .send(setup)
        }
        state = .starting(plan)
        guard !plan.tracks.isEmpty else { return .ended(.refused(.setup, lastStatus)) }
        return .send(
            requests.make(
                .record,
                uri: request.url.requestURI,
                headers: ["Range": RangeHeader.fromTheBeginning.serialized]
            ))
    }

    private mutating func answeredRecord(
        _ plan: Plan,
        _ asked: ClientRequests.Pending,
        _ response: RTSPResponse
    ) -> ResponseReceivedResult {
        var plan = plan
        guard asked.method == .record else { return .ignored }
        if let verdict = challengedOrRedirected(asked, response) { return verdict }
        guard response.status.isSuccess else { return .ended(.refused(.record, response.status)) }
        plan.sessionTimeout = requests.noteSession(of: response) ?? plan.sessionTimeout
        state = .recording
        return .recording(
            RecordClientSession(
                tracks: plan.tracks,
                skipped: plan.skipped,
                keepaliveInterval: keepalive.interval(sessionTimeout: plan.sessionTimeout)
            ))
    }

    // MARK: Shared

    private mutating func end(_ error: RecordClientError) -> ResponseReceivedResult {
        state = .ended
        return .ended(error)
    }

    /// The state is left as it is: what was set up can still be torn down.
    private mutating func challengedOrRedirected(
        _ asked: ClientRequests.Pending,
        _ response: RTSPResponse
    ) -> ResponseReceivedResult? {
        let verdict: ClientVerdict<RecordClientError>? = requests.verdict(on: asked, response, of: request.url)
        return switch verdict {
        case .send(let again): .send(again)
        case .redirected(let target): .redirected(target)
        case .ended(let error): .ended(error)
        case nil: nil
        }
    }

    /// The path as the answer to SETUP has it.
    private static func settled(
        _ asked: RecordClientPath,
        by response: RTSPResponse
    ) -> Result<RecordClientPath, RecordClientError> {
        let answer = response.headers.transports.first
        switch asked {
        case .interleaved(let channels):
            guard let answer else { return .success(asked) }
            guard answer.lower == .tcp || answer.serverPorts == nil else { return .failure(.transportRefused(.tcp)) }
            return .success(.interleaved(answer.interleaved ?? channels))
        case .datagrams(let client, _):
            guard answer?.lower != .tcp else { return .failure(.transportRefused(.udp)) }
            guard let server = answer?.serverPorts, server.rtp != 0 else { return .failure(.noPorts) }
            return .success(.datagrams(client: client, server: server))
        }
    }
}
