import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// Answers what is neither a movie nor a stream: pages, by Hummingbird's router.
package struct PageResponder: Sendable {
    private let responder: RouterResponder<PageContext>

    /// `fleet` makes the page at `/`, for a host by the name under which the viewer found it.
    package init(fleet: @escaping @Sendable (_ host: String) -> FleetPage) {
        let router = Router(context: PageContext.self)
        router.get("/") { request, _ -> Response in
            let page = fleet(request.head.authority ?? "")
            var headers = HTTPFields()
            headers[.contentType] = "text/html; charset=utf-8"
            headers[.cacheControl] = "no-cache"
            headers[.contentSecurityPolicy] = "default-src 'none'; style-src 'unsafe-inline'"
            let body = ResponseBody(byteBuffer: ByteBuffer(string: page.html))
            return Response(status: .ok, headers: headers, body: body)
        }
        responder = router.buildResponder()
    }

    func respond(to request: WebRequest) async -> WebResponse {
        let head = HTTPRequest(
            method: .get, scheme: "http", authority: request.headers.first(name: "Host"), path: request.target.written)
        do {
            let response = try await responder.respond(
                to: Request(head: head, body: RequestBody(buffer: ByteBuffer())),
                context: PageContext(source: PageSource(logger: request.logger)))
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

/// What Hummingbird wants to know of a request beside itself.
struct PageContext: RequestContext {
    typealias Source = PageSource

    var coreContext: CoreRequestContextStorage

    init(source: PageSource) {
        coreContext = CoreRequestContextStorage(source: source)
    }
}

struct PageSource: RequestContextSource {
    let logger: Logger
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
