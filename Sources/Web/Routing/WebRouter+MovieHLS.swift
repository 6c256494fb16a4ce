import Egress
import HLS
import NIOHTTP1
import RTSP

extension WebRouter {
    /// A movie of the folder in segments: it is opened anew for each request, so that one that was replaced is noticed.
    func movieHLS(_ file: OnDemandFile, of path: String, _ request: WebRequest) async -> WebResponse {
        guard let movies, let onDemand else { return WebResponse(.notFound, saying: nil) }
        do {
            // What names a segment knows as much of the movie as it needs.
            let known = onDemand.owner(of: file) as? OpenedMovie
            guard let opened = try await movies.movie(at: path, on: request.eventLoop, known: known),
                let source = opened.program.source
            else { return WebResponse(.notFound, saying: nil) }
            let movie = OnDemandMovie(
                identity: opened.tag, isGrowing: opened.isGrowing, movie: source.movie, bytes: source.bytes,
                owner: opened)
            return response(await onDemand.resource(of: movie, file: file), to: request)
        } catch let refusal as MediaRefusal {
            request.logger.debug("movie refused", metadata: ["reason": "\(refusal.reason)"])
            var reason: String?
            if case .unsupported(let error) = refusal { reason = "\(error)" }
            return WebResponse(HTTPResponseStatus(statusCode: refusal.status.code), saying: reason)
        } catch {
            return WebResponse(.serviceUnavailable, saying: nil)
        }
    }
}
