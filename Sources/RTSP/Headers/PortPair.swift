/// Two neighbours on one RTSP connection: RTP and RTCP channel (RFC 2326 §10.12); any base is allowed (quirk E2).
package struct ChannelPair: Sendable, Hashable {
    /// The channel of RTP.
    package var rtp: UInt8
    /// The channel of RTCP, by custom the next one.
    package var rtcp: UInt8

    package init(rtp: UInt8, rtcp: UInt8) {
        self.rtp = rtp
        self.rtcp = rtcp
    }
}

/// The UDP ports of RTP and RTCP (RFC 3550 §11); zeros are kept, for some cameras send them (quirk E6).
package struct PortPair: Sendable, Hashable {
    /// The port of RTP.
    package var rtp: UInt16
    /// The port of RTCP, by custom the next one.
    package var rtcp: UInt16

    package init(rtp: UInt16, rtcp: UInt16) {
        self.rtp = rtp
        self.rtcp = rtcp
    }
}

extension ChannelPair {
    /// `2-3`, or `2` alone for the same (quirk E3).
    init?(parsing text: Substring) {
        guard let (first, second) = pair(in: text, of: UInt8.self) else { return nil }
        self.init(rtp: first, rtcp: second)
    }

    var serialized: String { "\(rtp)-\(rtcp)" }
}

extension PortPair {
    /// `5000-5001`, or `5000` alone for the same (quirk E3).
    init?(parsing text: Substring) {
        guard let (first, second) = pair(in: text, of: UInt16.self) else { return nil }
        self.init(rtp: first, rtcp: second)
    }

    var serialized: String { "\(rtp)-\(rtcp)" }
}

private func pair<Number: FixedWidthInteger>(in text: Substring, of type: Number.Type) -> (Number, Number)? {
    guard let dash = text.utf8.firstIndex(of: UInt8(ascii: "-")) else {
        guard let first = text.trimmed.number(type), first < .max else { return nil }
        return (first, first + 1)
    }
    guard
        let first = text[..<dash].trimmed.number(type),
        let second = text[text.utf8.index(after: dash)...].trimmed.number(type)
    else { return nil }
    return (first, second)
}
