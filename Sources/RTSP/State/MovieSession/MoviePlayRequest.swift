/// What a PLAY of a movie asks for: `Range`, `Scale` and `Speed`.
package struct MoviePlayRequest: Sendable, Hashable {
    package var range: PlayRange
    /// As written; `nil` where there is none, or none that can be read.
    package var scale: Double?
    package var speed: Double?
    /// The player ends by itself where the range that it is told ends, and takes who has said BYE for gone: GStreamer's rtspsrc
    /// forgets an SSRC three to five seconds after its BYE, and ends then, in the midst of what is played after a seek.
    /// That holds for datagrams: over TCP it may hang at the end, without a BYE at that moment.
    package var endsByRange: Bool

    package init(
        range: PlayRange = .unspecified, scale: Double? = nil, speed: Double? = nil, endsByRange: Bool = false
    ) {
        self.range = range
        self.scale = scale
        self.speed = speed
        self.endsByRange = endsByRange
    }

    package init(_ headers: RTSPHeaders) {
        self.init(
            range: PlayRange(of: headers), scale: headers["Scale"].flatMap(Self.number),
            speed: headers["Speed"].flatMap(Self.number),
            endsByRange: headers["User-Agent"]?.hasPrefix("GStreamer") ?? false)
    }

    /// `-2.5` (RFC 2326 §12.34); no exponents, no infinities.
    private static func number(_ text: String) -> Double? {
        let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        guard (1...16).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") })
        else { return nil }
        return Double(text)
    }
}

/// What is played because of a PLAY.
package struct MoviePlay: Sendable, Hashable {
    package enum Start: Sendable, Hashable {
        /// In microseconds of the movie.
        case at(Int64)
        /// Where it stopped, with the very next packet.
        case whereItStopped
    }

    package var start: Start
    /// In microseconds of the movie; `nil` is as far as it goes.
    package var end: Int64?
    /// 0.25–16 or -16…-0.25, and 1 without pictures (RFC 2326 §12.34).
    package var scale: Double
    /// 0.1–4; 1 where datagrams would be lost for it (RFC 2326 §12.35).
    package var speed: Double

    package init(start: Start, end: Int64? = nil, scale: Double = 1, speed: Double = 1) {
        self.start = start
        self.end = end
        self.scale = scale
        self.speed = speed
    }
}

extension MoviePlayRequest {
    private static let scales = 0.25...16.0
    private static let speeds = 0.1...4.0

    /// The scale that is granted; 0 and what no number is are 1.
    func grantedScale(hasPictures: Bool) -> Double {
        guard hasPictures, let scale, scale != 0 else { return 1 }
        let magnitude = max(Self.scales.lowerBound, min(scale.magnitude, Self.scales.upperBound))
        return scale < 0 ? -magnitude : magnitude
    }

    func grantedSpeed(isReliable: Bool) -> Double {
        guard isReliable, let speed, speed > 0 else { return 1 }
        return max(Self.speeds.lowerBound, min(speed, Self.speeds.upperBound))
    }
}
