import NIOHTTP1

/// Tells browsers whose pages may read an answer (the CORS protocol of the Fetch standard).
struct CrossOrigin: Sendable {
    let origin: AllowedOrigin

    /// What a page may ask for beyond the ordinary, and read of an answer.
    private static let asked = "Range, If-Range, If-None-Match, If-Modified-Since, Cache-Control"
    private static let read = "Content-Length, Content-Range, Accept-Ranges, ETag, Age, Date"

    /// Goes to all answers, refusals included: a page is to see why.
    func mark(_ response: inout WebResponse) {
        switch origin {
        case .any:
            response.headers.add(name: "Access-Control-Allow-Origin", value: "*")
        case .one(let text):
            response.headers.add(name: "Access-Control-Allow-Origin", value: text)
        case .none: return
        }
        response.headers.add(name: "Access-Control-Expose-Headers", value: Self.read)
    }

    /// What OPTIONS is answered, a preflight or not.
    func options(_ methods: String) -> WebResponse {
        var response = WebResponse(.noContent, headers: ["Allow": methods])
        guard origin != .none else { return response }
        response.headers.add(name: "Access-Control-Allow-Methods", value: methods)
        response.headers.add(name: "Access-Control-Allow-Headers", value: Self.asked)
        response.headers.add(name: "Access-Control-Max-Age", value: "86400")
        return response
    }
}
