import Media

extension PlayClientStateMachine {
    /// Which tracks are to be set up, and why the others are not.
    func plan(for description: SessionDescription, describedBy response: RTSPResponse) -> Plan {
        var plan = Plan(
            base: RTSPURL.baseURL(
                request: request.url,
                contentBase: response.headers["Content-Base"],
                contentLocation: response.headers["Content-Location"],
                sessionControl: description.control
            ),
            remaining: []
        )
        let (usable, skipped) = description.usableTracks(among: Set(description.receivableTrackIndices))
        plan.remaining = usable
        plan.skipped = skipped
        return plan
    }

    /// The path as the answer to SETUP has it.
    static func settled(
        _ asked: PlayClientPath,
        by response: RTSPResponse
    ) -> Result<PlayClientPath, PlayClientError> {
        guard let answer = response.headers.transports.first else { return .success(asked) }
        guard !answer.isMulticast else { return .failure(.transportRefused(offered: nil)) }
        switch (asked, answer.lower) {
        case (.interleaved(let channels), .tcp):
            return .success(.interleaved(answer.interleaved ?? channels))
        case (.interleaved(let channels), .udp):
            // A camera that means UDP names ports.
            let isMeant = answer.clientPorts != nil || answer.serverPorts != nil
            return isMeant ? .failure(.transportRefused(offered: .udp)) : .success(.interleaved(channels))
        case (.datagrams, .tcp):
            return .failure(.transportRefused(offered: .tcp))
        case (.datagrams(let client, _, _), .udp):
            // `0-0` and `0-1` are no ports (quirk E6).
            let server = answer.serverPorts.flatMap { $0.rtp > 1 ? $0 : nil }
            return .success(.datagrams(client: client, server: server, source: answer.source))
        }
    }
}
