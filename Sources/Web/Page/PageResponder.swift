import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Reflector

/// Answers what is neither a movie nor a piece of a stream, by Hummingbird's router: the page to look at, its files, and the API
/// that it lives on.
package struct PageResponder: Sendable {
    /// Nothing but what comes from here may run, be loaded or be talked to; pictures and films may be made in the page.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob:", "media-src 'self' blob:",
        "connect-src 'self'", "base-uri 'none'", "form-action 'none'",
    ].joined(separator: "; ")

    private let responder: RouterResponder<PageContext>

    /// `exists` tells whether there is a stream at a path; its page is one path segment below, the empty one. `rtspPort` is `nil` where
    /// no RTSP is served.
    package init(board: FleetBoard, rtspPort: Int?, exists: @escaping @Sendable (StreamPath) -> Bool) {
        let files = TextAnswers()
        // It is another one each time.
        let listings = TextAnswers(mostKept: 4)
        let router = Router(context: PageContext.self)
        router.get("/") { _, context in
            Response(Self.file(PageAssets.index, files, to: context.request))
        }
        router.get("api/v1/cameras") { _, context in
            let request = context.request
            let host = CameraListing.host(of: request.headers.first(name: "Host"))
            let json = await CameraListing(cameras: board.cameras(), host: host, rtspPort: rtspPort).json
            return Response(
                listings.response(
                    ByteBuffer(string: json), mediaType: "application/json", tag: PageAssets.tag(of: json.utf8),
                    to: request))
        }
        router.get("**") { _, context in
            let request = context.request
            let target = request.target
            if target.segments.count == 2, target.segments[0] == "assets", !target.isFolder,
                let file = PageAssets.byName[target.segments[1]]
            {
                return Response(Self.file(file, files, to: request))
            }
            guard let path = StreamPath(target.path), exists(path) else {
                return Response(WebResponse(.notFound, saying: nil))
            }
            guard target.isFolder else {
                return Response(WebResponse(.found, headers: ["Location": "/\(path.rawValue.percentEncoded)/"]))
            }
            return Response(Self.file(PageAssets.index, files, to: request))
        }
        responder = router.buildResponder()
    }

    private static func file(_ file: PageAssets.File, _ answers: TextAnswers, to request: WebRequest) -> WebResponse {
        answers.response(
            file.bytes, mediaType: file.mediaType, tag: file.tag,
            headers: [
                ("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"),
                ("Referrer-Policy", "no-referrer"),
            ], to: request)
    }

    func respond(to request: WebRequest) async -> WebResponse {
        // Two slashes would be taken for a host.
        let head = HTTPRequest(
            method: .get, scheme: "http", authority: nil, path: "/\(request.target.path.percentEncoded)")
        do {
            let response = try await responder.respond(
                to: Request(head: head, body: RequestBody(buffer: ByteBuffer())),
                context: PageContext(source: PageSource(request: request)))
            let page = PageCollector()
            try await response.body.write(page)
            // Its length is the connection's to tell.
            let fields = response.headers.filter { $0.name != .contentLength }
            return WebResponse(
                HTTPResponseStatus(statusCode: response.status.code),
                headers: HTTPHeaders(fields.map { ($0.name.rawName, $0.value) }), body: .bytes(page.bytes))
        } catch let error as any HTTPResponseError {
            return WebResponse(HTTPResponseStatus(statusCode: error.status.code), saying: nil)
        } catch {
            return WebResponse(.internalServerError, saying: nil)
        }
    }
}

extension Response {
    /// The same in Hummingbird's words; a file is never among pages.
    fileprivate init(_ response: WebResponse) {
        var headers = HTTPFields()
        for (name, value) in response.headers {
            guard let name = HTTPFields.Element.Name(name) else { continue }
            headers.append(HTTPFields.Element(name: name, value: value))
        }
        var body = ResponseBody()
        if case .bytes(let bytes) = response.body { body = ResponseBody(byteBuffer: bytes) }
        self.init(status: .init(code: Int(response.status.code)), headers: headers, body: body)
    }
}

/// What Hummingbird wants to know of a request beside itself, and the request as it came.
struct PageContext: RequestContext {
    typealias Source = PageSource

    var coreContext: CoreRequestContextStorage
    let request: WebRequest

    init(source: PageSource) {
        coreContext = CoreRequestContextStorage(source: source)
        request = source.request
    }
}

struct PageSource: RequestContextSource {
    let request: WebRequest

    var logger: Logger { request.logger }
}

/// A page, whole: pages are small.
private final class PageCollector: ResponseBodyWriter {
    private struct TooLarge: Error {}

    private static let limit = 4 * 1024 * 1024

    private(set) var bytes = ByteBuffer()

    func write(_ buffer: ByteBuffer) async throws {
        guard bytes.readableBytes + buffer.readableBytes <= Self.limit else { throw TooLarge() }
        bytes.writeImmutableBuffer(buffer)
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
