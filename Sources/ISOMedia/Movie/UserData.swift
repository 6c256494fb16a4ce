import NIOCore

/// What authors and hinters add to a movie or a track: `udta` (ISO/IEC 14496-12 §8.10.1).
///
/// Nothing in it is needed to play: what cannot be read is passed over.
struct UserData: Sendable {
    private(set) var name: String?
    /// `hnti/sdp ` of a track.
    private(set) var trackSessionDescription: String?
    /// `hnti/rtp ` of a movie, of the kind `sdp `.
    private(set) var movieSessionDescription: String?
    /// The boxes in `hinf`.
    private(set) var hintInformation: ByteBuffer?

    init(_ box: Box?) {
        guard let box, let boxes = Self.readable(in: box) else { return }
        // By how surely it is what an author wrote.
        name =
            boxes.first("name").flatMap { $0.text() } ?? boxes.first("\u{A9}nam").flatMap(\.internationalText)
            ?? Self.itemName(boxes.first("meta")) ?? boxes.first("titl").flatMap { $0.text(at: 6) }
        if let hints = boxes.first("hnti").flatMap({ Self.readable(in: $0) }) {
            trackSessionDescription = hints.first("sdp ").flatMap { $0.text() }
            movieSessionDescription = hints.first("rtp ").flatMap { hint in
                hint.body.getInteger(at: 0) == FourCC("sdp ").code ? hint.text(at: 4) : nil
            }
        }
        hintInformation = boxes.first("hinf")?.body
    }

    /// The boxes up to the first that is none.
    private static func readable(in box: Box, after skipped: Int = 0) -> [Box]? {
        var reader = BoxReader(box, after: skipped)
        var boxes: [Box] = []
        while let child = try? reader.next() { boxes.append(child) }
        return boxes
    }

    /// The title in iTunes' list: `meta/ilst/©nam/data`.
    private static func itemName(_ meta: Box?) -> String? {
        guard let meta else { return nil }
        // QuickTime's `meta` has no version: its `hdlr` stands at once.
        let isQuickTime = meta.body.getInteger(at: 4) == FourCC("hdlr").code
        let boxes = readable(in: meta, after: isQuickTime ? 0 : 4)
        let item = boxes?.first("ilst").flatMap { readable(in: $0) }?.first("\u{A9}nam")
        return item.flatMap { readable(in: $0) }?.first("data")?.text(at: 8)
    }
}
