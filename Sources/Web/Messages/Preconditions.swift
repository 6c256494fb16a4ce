import NIOHTTP1
import RTSP

/// What a request makes its answer depend on (RFC 9110 §13).
package struct Preconditions: Sendable {
    /// What the resource is like now.
    package struct State: Sendable, Hashable {
        package var tag: EntityTag?
        package var modified: HTTPDate?

        package init(tag: EntityTag? = nil, modified: HTTPDate? = nil) {
            self.tag = tag
            self.modified = modified
        }
    }

    /// What becomes of the request.
    package enum Verdict: Sendable, Hashable {
        /// It is answered; a `Range` counts only where it may.
        case proceed(isRangeAllowed: Bool)
        /// 304: the one who asks has it as it is.
        case notModified
        /// 412: it is not what the one who asks takes it for.
        case failed
    }

    private let headers: HTTPHeaders

    package init(_ headers: HTTPHeaders) {
        self.headers = headers
    }

    /// In the order of RFC 9110 §13.2.2, for GET and HEAD.
    package func verdict(on state: State) -> Verdict {
        if headers.contains(name: "If-Match") {
            let list = EntityTag.List(parsing: headers["If-Match"])
            guard let tag = state.tag, list.matchesStrongly(tag) else { return .failed }
        } else if let bound = date("If-Unmodified-Since"), let modified = state.modified {
            guard modified.unixSeconds <= bound.unixSeconds else { return .failed }
        }
        if headers.contains(name: "If-None-Match") {
            let list = EntityTag.List(parsing: headers["If-None-Match"])
            if let tag = state.tag, list.matches(tag) { return .notModified }
        } else if let known = date("If-Modified-Since"), let modified = state.modified {
            if modified.unixSeconds <= known.unixSeconds { return .notModified }
        }
        return .proceed(isRangeAllowed: isRangeAllowed(state))
    }

    /// `If-Range` (§13.1.5): a part goes only with the whole that the one who asks has the rest of.
    private func isRangeAllowed(_ state: State) -> Bool {
        guard let text = headers.first(name: "If-Range") else { return true }
        var rest = Substring(text)
        if let tag = EntityTag(takenFrom: &rest) { return !tag.isWeak && tag == state.tag }
        return date("If-Range").map { $0 == state.modified } ?? false
    }

    private func date(_ name: String) -> HTTPDate? {
        headers.first(name: name).flatMap { HTTPDate(parsing: $0) }
    }
}
