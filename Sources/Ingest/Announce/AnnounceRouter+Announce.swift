import Logging
import Media
import NIOCore
import RTSP
import RTSPTransport
import Reflector

// ANNOUNCE (RFC 2326 §10.3).
extension AnnounceRouter {
    /// Every step may say no: the path, the way that the stream has come, the body, and who is there already.
    func announce(_ request: RTSPRequest) -> EventLoopFuture<RTSPReply> {
        if let session {
            if let refusal = session.announcedAgain() { return context.answer(RTSPResponse(refusal)) }
        }
        guard let target = RequestTarget(request.uri), let path = StreamPath(target.path) else {
            return context.answer(RTSPResponse(.badRequest))
        }
        let announced: AnnouncedTracks
        let admission = paths.admission(to: path, on: context.eventLoop)
        guard case .open(let lease) = admission else { return context.answer(refuse(admission, path)) }
        let via = request.headers.via
        guard !via.loops(through: lease.published.stream.relay) else {
            lease.release(wasUsed: false)
            refused("loop: it has come through this relay already; leave out one of the pushes of the ring", path)
            return context.answer(RTSPResponse(.loopDetected))
        }
        do {
            announced = try AnnouncedTracks(of: request, via: via)
        } catch {
            lease.release(wasUsed: false)
            refused("\(error)", path)
            return context.answer(RTSPResponse(error.status))
        }
        for track in announced.skipped {
            context.logger.notice("track left out", metadata: ["stream": "\(path)", "track": "\(track)"])
        }
        let promise = context.eventLoop.makePromise(of: RTSPReply.self)
        lease.published.isTaken().hop(to: context.eventLoop).assumeIsolated().whenComplete { result in
            promise.assumeIsolated().succeed(self.answer(result, announced, path, request.uri, lease))
        }
        return promise.futureResult
    }

    private func answer(
        _ isTaken: Result<Bool, any Error>, _ announced: AnnouncedTracks, _ path: StreamPath, _ uri: String,
        _ lease: PublishingPaths.Lease
    ) -> RTSPReply {
        switch isTaken {
        case .success(false):
            return RTSPReply(begin(announced, at: uri, lease: lease) == nil ? .serviceUnavailable : .ok)
        case .success(true):
            lease.release(wasUsed: false)
            refused("it has a publisher already; end that one, or set takeover: true", path)
            return RTSPReply(.pathTaken)
        case .failure:
            lease.release(wasUsed: false)
            return .unavailable
        }
    }

    private func refuse(_ admission: PublishingPaths.Admission, _ path: StreamPath) -> RTSPReply {
        switch admission {
        case .open, .closed:
            return .unavailable
        case .notForPublishing:
            refused("it is not open to publishers; give a camera of that name publish: true", path)
            return RTSPReply(.forbidden)
        case .unknown:
            refused("there is no such path; give a camera of that name publish: true", path)
            return RTSPReply(.notFound)
        case .full:
            refused("too many paths below that prefix; raise streams:", path)
            return .unavailable
        }
    }

    private func refused(_ reason: String, _ path: StreamPath) {
        context.logger.notice("publisher refused", metadata: ["stream": "\(path)", "reason": "\(reason)"])
    }
}

/// What the body of an ANNOUNCE brings, as far as a relay can pass it on.
struct AnnouncedTracks: Sendable {
    /// Never empty.
    let tracks: [TrackDescription]
    let skipped: [SkippedTrack]
    let sessionControl: String?
    /// The relays that they have come through.
    let via: RelayChain

    /// Why a body is not taken.
    enum Refusal: Error, Hashable {
        case contentType(String?)
        case noBody
        case unreadable(SDPError)
        /// Nothing in it can be passed on.
        case unusable([SkippedTrack])
    }

    init(of request: RTSPRequest, via: RelayChain) throws(Refusal) {
        let type = request.headers.contentType
        guard type == SessionDescription.contentType else { throw .contentType(type) }
        guard request.body.readableBytes > 0 else { throw .noBody }
        let description: SessionDescription
        do {
            description = try SessionDescription(parsing: request.body)
        } catch {
            throw .unreadable(error)
        }
        // Whatever direction it tells, who announces sends.
        let (usable, skipped) = description.usableTracks(among: Set(description.tracks.indices))
        guard !usable.isEmpty else { throw .unusable(skipped) }
        tracks = usable.map(\.description)
        self.skipped = skipped
        sessionControl = description.control
        self.via = via
    }
}

extension AnnouncedTracks.Refusal: CustomStringConvertible {
    var status: RTSPStatus {
        switch self {
        case .contentType, .unusable: .unsupportedMediaType
        case .noBody, .unreadable(.noMedia): .badRequest
        case .unreadable(.tooLarge), .unreadable(.tooManyMedia): .requestEntityTooLarge
        }
    }

    /// As the log says it, with what to do.
    var description: String {
        switch self {
        case .contentType(let type):
            "its body is \(type.map { String($0.prefix(60)) } ?? "of no told type"); send application/sdp"
        case .noBody: "no session description; send one"
        case .unreadable(let error): error.description
        case .unusable(let skipped):
            "nothing in it can be passed on (\(skipped.map(\.description).joined(separator: ", "))); send RTP without encryption"
        }
    }
}
