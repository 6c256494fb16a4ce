import NIOCore

/// How long parts may be (RFC 8216bis §4.4.3.7).
enum PartTarget {
    /// The least such that whole pictures fill it to 85 %, as §4.4.4.9 asks of every part but the last of a segment, with some
    /// room for pictures that come unevenly; the one of before where it will do.
    static func of(
        _ wanted: TimeAmount, interval: TimeAmount, longest: TimeAmount, before: TimeAmount?
    ) -> TimeAmount {
        let picture = max(interval.nanoseconds, 1)
        if let before, before >= longest {
            let whole = before.nanoseconds / picture * picture
            if whole >= before.nanoseconds / 100 * 90 { return before }
        }
        let count = max((wanted.nanoseconds + picture / 2) / picture, 1)
        let room = max(count * picture / 100 * 104, longest.nanoseconds)
        return .milliseconds((room + 999_999) / 1_000_000)
    }
}
