import Egress
import HLS
import Logging
import NIOCore
import NIOHTTP1
import RTSP
import Reflector

/// Finds what a request is about, and answers it.
package struct WebRouter: Sendable {
    /// What stands behind a file name of a stream.
    package struct HLS: Sendable {
        /// Where the answer is there without waiting; asked on event loops.
        let atHand: @Sendable (StreamPath, _ file: String, HLSQuery) -> HLSResource?
        let resource: @Sendable (StreamPath, _ file: String, HLSQuery) async -> HLSResource

        package init(
            atHand: @escaping @Sendable (StreamPath, String, HLSQuery) -> HLSResource? = { _, _, _ in nil },
            resource: @escaping @Sendable (StreamPath, String, HLSQuery) async -> HLSResource
        ) {
            self.atHand = atHand
            self.resource = resource
        }
    }
    /// A picture of a stream, so many pixels wide, or as wide as it is.
    package typealias Snapshots = @Sendable (StreamPath, _ width: Int?) async -> SnapshotResult

    private static let methods = "GET, HEAD, OPTIONS"
    /// Pixels; more is nobody's screen, and costs memory.
    private static let widths = 16...7680
    /// A segment is told by its name: what has been fetched stays true.
    private static let forEver = "public, max-age=31536000, immutable"

    let origin: AllowedOrigin
    let live: LiveService?
    private let crossOrigin: CrossOrigin
    let movies: MediaCatalog?
    let onDemand: OnDemandService?
    private let hls: HLS?
    private let snapshots: Snapshots?
    private let pages: PageResponder
    private let playlists = TextAnswers()
    private let popular = PopularBodies()

    /// What is `nil` is not there: 404. `pages` are asked for all else.
    package init(
        origin: AllowedOrigin, movies: MediaCatalog? = nil, onDemand: OnDemandService? = nil, hls: HLS? = nil,
        snapshots: Snapshots? = nil, live: LiveService? = nil, pages: PageResponder
    ) {
        self.origin = origin
        self.live = live
        crossOrigin = CrossOrigin(origin: origin)
        self.movies = movies
        self.onDemand = onDemand
        self.hls = hls
        self.snapshots = snapshots
        self.pages = pages
    }

    /// The answer to a request, whatever it is.
    package func respond(to request: WebRequest) async -> WebResponse {
        var response =
            switch request.method {
            case .GET, .HEAD: await find(request)
            case .OPTIONS: crossOrigin.options(Self.methods)
            default: methodNotAllowed
            }
        crossOrigin.mark(&response)
        return response
    }

    /// The answer to a request for HLS that others have made before, on an event loop; `nil` where it has to be found.
    package func answerAtHand(_ request: WebRequest) -> WebResponse? {
        guard request.method == .GET || request.method == .HEAD, let hls,
            case .hls(let stream, let file) = WebRoute(request.target, movies: movies?.configuration),
            let query = HLSQuery(request), let resource = hls.atHand(stream, file, query),
            var response = responseAtHand(resource, to: request)
        else { return nil }
        crossOrigin.mark(&response)
        return response
    }

    private var methodNotAllowed: WebResponse {
        var response = WebResponse(.methodNotAllowed, saying: nil)
        response.headers.add(name: "Allow", value: Self.methods)
        return response
    }

    private func find(_ request: WebRequest) async -> WebResponse {
        switch WebRoute(request.target, movies: movies?.configuration) {
        case .movie(let path): await movie(at: path, request)
        case .movieHLS(let path, let file): await movieHLS(file, of: path, request)
        case .hls(let stream, let file): await hls(file, of: stream, request)
        case .snapshot(let stream): await snapshot(of: stream, request)
        case .liveSocket(let stream): socket(of: stream, request)
        case .liveMovie(let stream): await movie(of: stream, request)
        case .page: await pages.respond(to: request)
        }
    }

    // MARK: Movies

    private func movie(at path: String, _ request: WebRequest) async -> WebResponse {
        do {
            guard let movie = try await movies?.download(at: path, on: request.eventLoop) else {
                return WebResponse(.notFound, saying: nil)
            }
            let state = Preconditions.State(
                tag: EntityTag(movie.tag), modified: HTTPDate(unixSeconds: movie.modified))
            // It may be replaced at any time: who has it asks whether it is still that one.
            return WebEntity(
                mediaType: movie.mediaType.rawValue, state: state, caching: "no-cache",
                body: .file(movie, 0..<movie.size)
            ).response(to: request)
        } catch let refusal as MediaRefusal {
            request.logger.debug("movie refused", metadata: ["reason": "\(refusal.reason)"])
            return WebResponse(HTTPResponseStatus(statusCode: refusal.status.code), saying: nil)
        } catch {
            return WebResponse(.serviceUnavailable, saying: nil)
        }
    }

    // MARK: HLS

    private func hls(_ file: String, of stream: StreamPath, _ request: WebRequest) async -> WebResponse {
        guard let hls else { return WebResponse(.notFound, saying: nil) }
        guard let query = HLSQuery(request) else {
            return WebResponse(
                .badRequest, saying: "_HLS_msn and _HLS_part are numbers, _HLS_skip is YES or v2, and each stands once")
        }
        return response(await hls.resource(stream, file, query), to: request)
    }

    /// `nil` for what takes work that is not for an event loop.
    private func responseAtHand(_ resource: HLSResource, to request: WebRequest) -> WebResponse? {
        switch resource {
        case .playlist(let text, let tag, _): return playlists.responseAtHand(text, tag: tag, to: request)
        case .media(let bytes, let mediaType, let tag):
            return popular.bodyAtHand(bytes, path: request.target.path, tag: tag, on: request.eventLoop).map {
                Self.response(mediaType, tag, $0, to: request)
            }
        case .notFound, .badRequest, .unavailable, .unsupported: return nil
        }
    }

    private static func response(
        _ mediaType: String, _ tag: String, _ body: WebResponse.Body, to request: WebRequest
    ) -> WebResponse {
        WebEntity(
            mediaType: mediaType, state: Preconditions.State(tag: EntityTag(tag)), caching: forEver, body: body
        ).response(to: request)
    }

    func response(_ resource: HLSResource, to request: WebRequest) -> WebResponse {
        switch resource {
        case .playlist(let text, let tag, _):
            return playlists.response(text, tag: tag, to: request)
        case .media(let bytes, let mediaType, let tag):
            let body = popular.body(bytes, path: request.target.path, tag: tag, on: request.eventLoop)
            return Self.response(mediaType, tag, body, to: request)
        case .notFound: return WebResponse(.notFound, saying: nil)
        case .badRequest(let reason): return WebResponse(.badRequest, saying: reason)
        case .unavailable(let reason): return WebResponse(.serviceUnavailable, saying: reason)
        case .unsupported(let reason): return WebResponse(.unsupportedMediaType, saying: reason)
        }
    }

    // MARK: Snapshots

    private func snapshot(of stream: StreamPath, _ request: WebRequest) async -> WebResponse {
        guard let snapshots else { return WebResponse(.notFound, saying: nil) }
        var width: Int?
        if let text = request.target.value(of: "width") {
            guard let number = Int(digits: text), Self.widths.contains(number) else {
                return WebResponse(
                    .badRequest,
                    saying: "width is a number from \(Self.widths.lowerBound) to \(Self.widths.upperBound)")
            }
            width = number
        }
        switch await snapshots(stream, width) {
        case .picture(let bytes, let tag, let taken, let age):
            let state = Preconditions.State(tag: EntityTag(tag), modified: taken)
            var entity = WebEntity(mediaType: "image/jpeg", state: state, caching: "no-cache", body: .bytes(bytes))
            entity.headers.add(name: "Age", value: "\(age)")
            return entity.response(to: request)
        case .notFound: return WebResponse(.notFound, saying: nil)
        case .unavailable(let reason): return WebResponse(.serviceUnavailable, saying: reason)
        case .unsupported(let reason): return WebResponse(.unsupportedMediaType, saying: reason)
        }
    }
}

extension HLSQuery {
    /// `nil` where one of the directives is not what it has to be (RFC 8216bis §6.2.5.2), or stands there twice: caches and servers may not
    /// read the same of it.
    init?(_ request: WebRequest) {
        self.init(viewer: request.viewer)
        let target = request.target
        for name in ["_HLS_msn", "_HLS_part", "_HLS_skip"] where target.query.count(where: { $0.name == name }) > 1 {
            return nil
        }
        if let text = target.value(of: "_HLS_msn") {
            guard let number = Int64(digits: text) else { return nil }
            mediaSequence = number
        }
        if let text = target.value(of: "_HLS_part") {
            guard let number = Int(digits: text) else { return nil }
            part = number
        }
        if let text = target.value(of: "_HLS_skip") {
            guard text == "YES" || text == "v2" else { return nil }
            skip = true
        }
    }
}

extension FixedWidthInteger {
    /// Of digits alone; Swift's own takes a sign, too.
    fileprivate init?(digits text: String) {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        self.init(text)
    }
}
