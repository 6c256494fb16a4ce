import NIOCore
import Synchronization

/// Answers with texts, made small for those who take gzip; once for all who ask for the same one.
final class TextAnswers: Sendable {
    /// What a text is known by: a tag alone says nothing about whose it is.
    private struct Key: Hashable {
        let path: String
        let tag: String
    }

    private static let playlist = "application/vnd.apple.mpegurl"
    /// Smaller ones are one packet as they are, in bytes.
    private static let worthwhile = 512

    private let mostKept: Int
    private let kept = Mutex<[Key: ByteBuffer]>([:])

    /// Beyond `mostKept` all are forgotten: they change every second or two.
    init(mostKept: Int = 256) {
        self.mostKept = mostKept
    }

    /// `headers` are said of it beside its own.
    func response(
        _ text: ByteBuffer, mediaType: String = playlist, tag: String,
        headers: [(String, String)] = [], to request: WebRequest
    ) -> WebResponse {
        var small: ByteBuffer?
        if isToBeSmall(text, for: request) {
            let key = Key(path: request.target.path, tag: tag)
            small = known(key) ?? made(text, key)
        }
        return Self.response(text, small, mediaType, tag, headers, to: request)
    }

    /// The same of a playlist where it need not be made small first, which is too much work for an event loop; `nil` where it need.
    func responseAtHand(_ playlist: ByteBuffer, tag: String, to request: WebRequest) -> WebResponse? {
        var small: ByteBuffer?
        if isToBeSmall(playlist, for: request) {
            small = known(Key(path: request.target.path, tag: tag))
            guard small != nil else { return nil }
        }
        return Self.response(playlist, small, Self.playlist, tag, [], to: request)
    }

    private static func response(
        _ text: ByteBuffer, _ small: ByteBuffer?, _ mediaType: String, _ tag: String, _ headers: [(String, String)],
        to request: WebRequest
    ) -> WebResponse {
        var entity = WebEntity(
            mediaType: mediaType, state: Preconditions.State(tag: EntityTag(tag)), caching: "no-cache",
            body: .bytes(small ?? text))
        entity.headers.add(name: "Vary", value: "Accept-Encoding")
        entity.headers.add(contentsOf: headers)
        if small != nil {
            // Other bytes, so another tag (RFC 9110 §8.8.3).
            entity.state.tag = EntityTag("\(tag)-gzip")
            entity.headers.add(name: "Content-Encoding", value: "gzip")
        }
        return entity.response(to: request)
    }

    /// A part of what is compressed is of use to nobody; Chromium asks for "bytes=0-" of everything.
    private func isToBeSmall(_ text: ByteBuffer, for request: WebRequest) -> Bool {
        text.readableBytes >= Self.worthwhile && !request.headers.contains(name: "Range")
            && Gzip.isAccepted(by: request.headers["Accept-Encoding"])
    }

    private func known(_ key: Key) -> ByteBuffer? { kept.withLock { $0[key] } }

    private func made(_ text: ByteBuffer, _ key: Key) -> ByteBuffer? {
        guard let made = Gzip.compressed(text) else { return nil }
        kept.withLock { kept in
            if kept.count >= mostKept { kept.removeAll() }
            kept[key] = made
        }
        return made
    }
}
