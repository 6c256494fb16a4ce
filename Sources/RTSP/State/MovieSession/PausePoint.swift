/// When a PAUSE is to take effect (RFC 2326 §10.6): its `Range` has one value, not two.
///
///     Range: npt=10      Range: npt=0:01:30.5-      Range: smpte-25=0:01:30:12
package enum PausePoint: Sendable, Hashable {
    /// At once: there is no Range header, or it says `now`.
    case now
    /// When the movie is there, in seconds.
    case at(Double)
    /// A Range header that no movie has a point for.
    case unreadable

    package init(of headers: RTSPHeaders) {
        guard let text = headers["Range"], !text.isEmpty else {
            self = .now
            return
        }
        // Some write the single value as an open range.
        let value = text.prefix { $0 != ";" }
        let times = value.drop { $0 != "=" }
        switch RangeHeader.parse(times.contains("-") ? String(value) : value + "-") {
        case .npt(.now, nil): self = .now
        case .npt(.seconds(let seconds), nil): self = .at(seconds)
        case .smpte(let time, nil): self = .at(Double(time.microseconds) / 1e6)
        case .npt, .clock, .smpte, nil: self = .unreadable
        }
    }
}
