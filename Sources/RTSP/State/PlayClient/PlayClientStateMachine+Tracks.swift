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
        plan.connectionAddress = description.connectionAddress
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
        if answer.isMulticast { return group(asked, by: answer) }
        switch (asked, answer.lower) {
        case (.group, let lower): return .failure(.transportRefused(offered: lower))
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

extension PlayClientStateMachine {
    /// A server that only has a group answers with it whoever asks over UDP (quirk E15). What the answer leaves out the
    /// description may tell.
    private static func group(
        _ asked: PlayClientPath,
        by answer: TransportSpecification
    ) -> Result<PlayClientPath, PlayClientError> {
        var address = answer.destination
        var ports = answer.ports ?? answer.serverPorts
        switch asked {
        case .interleaved: return .failure(.transportRefused(offered: .udp))
        case .datagrams: break
        case .group(let told, let toldPorts, _):
            address = address ?? told
            ports = ports ?? toldPorts
        }
        guard let address = address?.split(separator: "/").first, let ports, ports.rtp != 0 else {
            return .failure(.noGroup)
        }
        return .success(.group(address: String(address), ports: ports, source: answer.source))
    }
}
