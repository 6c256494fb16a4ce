/// The value of an `a=rtpmap` after the payload type: `<encoding name>/<clock rate>[/<channels>]` (RFC 4566 §6).
struct RTPMap {
    var encodingName: String
    /// `nil` where it is missing or no number above 0.
    var clockRate: Int?
    var channels: Int?

    init?(parsing value: Substring) {
        let parts = value.split(separator: "/", omittingEmptySubsequences: false).map { $0.trimmed() }
        guard let name = parts.first, !name.isEmpty else { return nil }
        encodingName = String(name)
        clockRate = parts.count > 1 ? Int(parts[1]).flatMap { (1...1_000_000_000).contains($0) ? $0 : nil } : nil
        channels = parts.count > 2 ? Int(parts[2]).flatMap { (1...255).contains($0) ? $0 : nil } : nil
    }
}
