/// The part of a live stream a PLAY asks for; whatever it is, it begins at the live edge.
///
/// Viewers ask for `npt=0-`, `npt=now-`, a position they remember from before a pause, or a time of day: all of it is
/// granted, and the answer says `npt=now-`.
package enum PlayRange: Sendable, Hashable {
    /// No Range header.
    case unspecified
    case asked(RangeHeader)
    /// There is a Range header that nobody can read.
    case unreadable

    /// The range of a PLAY request.
    package init(of headers: RTSPHeaders) {
        if let range = headers.range {
            self = .asked(range)
        } else {
            self = headers["Range"].map(\.isEmpty) ?? true ? .unspecified : .unreadable
        }
    }

    /// How frames are counted in it, where it is in SMPTE times.
    package var smpteFormat: SMPTEFormat? {
        if case .asked(.smpte(let start, _)) = self { start.format } else { nil }
    }

    /// Ranges that end where they begin, or before, make no sense on any stream.
    var refusal: SessionRefusal? {
        switch self {
        case .unspecified, .asked(.npt(.now, _)): nil
        case .asked(.npt(.seconds(let start), let end)): end.map { $0 <= start } ?? false ? .invalidRange : nil
        case .asked(.smpte(let start, let end)):
            end.map { $0.hundredths <= start.hundredths } ?? false ? .invalidRange : nil
        case .asked(.clock(let start, let end)): Self.isOrdered(start, end) ? nil : .invalidRange
        case .unreadable: .invalidRange
        }
    }

    /// UTC times of RFC 2326 §3.7, `20261121T100000.25Z`, compare as text.
    private static func isOrdered(_ start: String, _ end: String?) -> Bool {
        guard isTime(start) else { return false }
        guard let end else { return true }
        return isTime(end) && start < end
    }

    private static func isTime(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count >= 16, bytes.count <= 32, bytes[8] == UInt8(ascii: "T") else { return false }
        return (bytes[..<8] + bytes[9..<15]).allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
