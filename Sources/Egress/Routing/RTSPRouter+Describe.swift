import Media
import NIOCore
import RTSP
import RTSPTransport
import Reflector

// DESCRIBE (RFC 2326 §10.2).
extension RTSPRouter {
    func describe(_ target: RequestTarget, _ request: RTSPRequest) -> EventLoopFuture<RTSPReply> {
        guard !target.isAsterisk else { return context.answer(RTSPResponse(.badRequest)) }
        // A track is described with its stream only.
        guard target.track == nil, let stream = stream(at: target) else {
            return context.answer(RTSPResponse(.notFound))
        }
        guard request.headers.accepts(SessionDescription.contentType) else {
            return context.answer(RTSPResponse(.notAcceptable))
        }
        return snapshot(of: stream, for: request) { snapshot in
            guard let description = self.description(of: stream, snapshot, as: target) else {
                return self.context.answer(RTSPResponse(SessionRefusal.notEnoughBandwidth))
            }
            var response = RTSPResponse(.ok)
            response.headers.add(via: snapshot.via.through(self.directory.relay))
            response.headers.add("Content-Type", SessionDescription.contentType)
            response.headers.add("Content-Base", self.context.base(of: request.uri))
            response.body.writeString(description)
            return self.context.answer(response)
        }
    }

    /// Players such as VLC take multicast only where the description names the group (quirk M1), so they ask for it in the
    /// URL: `?multicast`, or `?vlcmulticast` as other servers have it. Nothing is sent or held for the asking. `nil` where every
    /// group is held for other streams; who cannot have multicast is told what everyone else is.
    private func description(of stream: Stream, _ snapshot: StreamSnapshot, as target: RequestTarget) -> String? {
        let address = context.local.ipAddress ?? "0.0.0.0"
        guard let groups, !context.keepsMedia, target.asksForMulticast else {
            return snapshot.sessionDescription(from: address).serialized()
        }
        return groups.group(for: stream).map { group in
            snapshot.sessionDescription(
                from: address, sentTo: groups.configuration.connectionAddress(of: group),
                ports: { groups.configuration.ports[$0]?.rtp }
            ).serializedWithPorts()
        }
    }

    func stream(at target: RequestTarget) -> Stream? {
        StreamPath(target.path).flatMap(directory.stream(at:))
    }

    /// Asks the stream for its tracks, and wakes it where it sleeps; 503 where its source does not come, 508 for a relay from which
    /// it comes.
    func snapshot(
        of stream: Stream,
        for request: RTSPRequest,
        then answer: @escaping (StreamSnapshot) -> EventLoopFuture<RTSPReply>
    ) -> EventLoopFuture<RTSPReply> {
        let relays = request.headers.via
        guard !relays.loops(through: directory.relay) else { return context.answer(refuseLoop(stream)) }
        let snapshot = stream.describe(on: context.eventLoop, for: relays).assumeIsolated()
        let promise = context.eventLoop.makePromise(of: RTSPReply.self)
        snapshot.whenComplete { result in
            switch result {
            case .success(let snapshot):
                answer(snapshot).assumeIsolated().whenComplete { promise.assumeIsolated().completeWith($0) }
            case .failure(StreamError.loop):
                promise.assumeIsolated().succeed(RTSPReply(self.refuseLoop(stream)))
            case .failure(is StreamError):
                promise.assumeIsolated().succeed(.unavailable)
            case .failure(let error):
                promise.fail(error)
            }
        }
        return promise.futureResult
    }

    private func refuseLoop(_ stream: Stream) -> RTSPResponse {
        // Who asks again and again, with whatever Via, is not to fill the log.
        context.logger.log(
            level: hasToldOfLoop ? .debug : .notice, "viewer refused",
            metadata: [
                "stream": "\(stream.path)",
                "reason": "loop: it is a relay that the stream comes from, or goes round through",
            ])
        hasToldOfLoop = true
        return RTSPResponse(.loopDetected)
    }
}

extension RequestTarget {
    fileprivate var asksForMulticast: Bool {
        query?.split(separator: "&").contains { ["multicast", "vlcmulticast"].contains($0.prefix { $0 != "=" }) }
            ?? false
    }
}

extension RTSPHeaders {
    /// Whether `Accept` lets the media type through (RFC 2326 §12.1); who names none takes what there is.
    func accepts(_ type: String) -> Bool {
        let ranges = all("Accept").flatMap { $0.split(separator: ",") }.map { $0.lowercased().filter { $0 != " " } }
        guard !ranges.isEmpty else { return true }
        let family = type.prefix { $0 != "/" }
        return ranges.contains { range in
            let parts = range.split(separator: ";")
            guard let name = parts.first, !parts.dropFirst().contains(where: { $0 == "q=0" || $0 == "q=0.0" }) else {
                return false
            }
            return name == type || name == "\(family)/*" || name == "*/*"
        }
    }
}
