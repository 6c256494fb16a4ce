import Logging
import Media
import NIOCore
import RTSP
import RTSPTransport
import Reflector

/// One viewer of one stream: carries out what the session's machine decides (loop-confined).
final class PlaySession: ViewerSession {
    let identifier: SessionIdentifier
    let stream: Stream
    /// As they were at the first SETUP.
    let tracks: [StreamTrack]
    /// The way of the stream at the first SETUP, where the viewer is a relay that tells it to others.
    let via: RelayChain?
    let configuration: PlayConfiguration
    let context: RTSPRequestContext
    /// The session is over; called once.
    var onEnd: ((ViewerEnd) -> Void)?

    var machine: PlaySessionStateMachine
    /// Each track's URL as the viewer wrote it in SETUP: in RTP-Info it finds it again.
    var urls: [Int: String] = [:]
    let claims: DatagramClaims?
    /// The groups that streams may be sent to; `nil` where this viewer cannot have them.
    private let groups: MulticastGroups?
    /// The hold on the stream's group, as long as tracks go by multicast.
    var group: MulticastClaim?
    /// Made at PLAY for the transports of that moment.
    var delivery: StreamDelivery?
    var timer: Scheduled<Void>?
    var visit: ViewerVisit

    init(
        identifier: SessionIdentifier,
        stream: Stream,
        tracks: [StreamTrack],
        via: RelayChain? = nil,
        configuration: PlayConfiguration,
        groups: MulticastGroups? = nil,
        context: RTSPRequestContext
    ) {
        self.identifier = identifier
        self.stream = stream
        self.tracks = tracks
        self.via = via
        self.configuration = configuration
        self.groups = context.keepsMedia ? nil : groups
        self.context = context
        machine = PlaySessionStateMachine(timeout: configuration.silence, at: .now())
        claims = context.datagrams.map { DatagramClaims(on: $0, for: context.peer) }
        visit = ViewerVisit(stream: stream.path, logger: context.logger)
        claims?.onReport = { [weak self] report, track in self?.reportReceived(report, track: track) }
    }

    /// SETUP of one track, which the viewer calls `url`; `usedChannels` are those of its other sessions.
    func setUp(_ track: StreamTrack, by request: RTSPRequest, url: String, usedChannels: Set<UInt8>) -> RTSPResponse {
        let result = machine.setupReceived(
            track: track.index,
            alternatives: request.headers.transports,
            paths: PlayTransportPaths(
                usedChannels: usedChannels,
                claimPorts: claims.map { claims in { claims.claim($0, for: track.index) } },
                claimGroup: groups.map { groups in { self.claimGroup(among: groups, for: track) } }
            )
        )
        switch result {
        case .accept(let transport):
            if transport.isInterleaved || transport.isMulticast { claims?.release(track.index) }
            if !transport.isMulticast { releaseGroup() }
            urls[track.index] = url
            // The next PLAY goes other ways than the last one.
            forgetDelivery()
            if timer == nil { look(in: configuration.silence) }
            return accepted(transport, ssrc: track.ssrc, timeout: configuration.toldTimeout)
        case .refuse(let refusal):
            return RTSPResponse(refusal)
        }
    }

    /// The stream's group, held from the first track on.
    private func claimGroup(
        among groups: MulticastGroups, for track: StreamTrack
    ) -> Result<MulticastDestination, SessionRefusal> {
        guard groups.configuration.ports[track.index] != nil else { return .failure(.unsupportedTransport) }
        guard let claim = group ?? groups.claim(for: stream, eventLoop: context.eventLoop) else {
            return .failure(.notEnoughBandwidth)
        }
        group = claim
        claim.onStreamEnd = { [weak self] in self?.streamEnded() }
        let destination = groups.configuration.destination(of: track.index, in: claim.group)
        return destination.map { .success($0) } ?? .failure(.unsupportedTransport)
    }

    /// The viewer receives nothing from the group any more; idempotent.
    func releaseGroup() {
        group?.release()
        group = nil
    }

    /// What goes out is over; what went out is remembered.
    func forgetDelivery() {
        guard let delivery else { return }
        delivery.end(goodbye: false)
        visit.add(delivery.counters)
        self.delivery = nil
    }
}
