import NIOCore
import Synchronization

/// Answers with texts, made small for those who take gzip; once for all who ask for the same one.
final class TextAnswers: Sendable {
    /// What a text is known by: a tag alone says nothing about whose it is.
    private struct Key: Hashable {
        let path: String
        let tag: String
    }

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
        _ text: ByteBuffer, mediaType: String = "application/vnd.apple.mpegurl", tag: String,
        headers: [(String, String)] = [], to request: WebRequest
    ) -> WebResponse {
        var entity = WebEntity(
            mediaType: mediaType, state: Preconditions.State(tag: EntityTag(tag)), caching: "no-cache",
            body: .bytes(text))
        entity.headers.add(name: "Vary", value: "Accept-Encoding")
        entity.headers.add(contentsOf: headers)
        // A part of what is compressed is of use to nobody; Chromium asks for "bytes=0-" of everything.
        if text.readableBytes >= Self.worthwhile, !request.headers.contains(name: "Range"),
            Gzip.isAccepted(by: request.headers["Accept-Encoding"]),
            let small = small(text, Key(path: request.target.path, tag: tag))
        {
            entity.body = .bytes(small)
            // Other bytes, so another tag (RFC 9110 §8.8.3).
            entity.state.tag = EntityTag("\(tag)-gzip")
            entity.headers.add(name: "Content-Encoding", value: "gzip")
        }
        return entity.response(to: request)
    }

    private func small(_ text: ByteBuffer, _ key: Key) -> ByteBuffer? {
        if let known = kept.withLock({ $0[key] }) { return known }
        guard let made = Gzip.compressed(text) else { return nil }
        kept.withLock { kept in
            if kept.count >= mostKept { kept.removeAll() }
            kept[key] = made
        }
        return made
    }
}
