import Media

/// A playlist of playlists: the same pictures in several sizes (RFC 8216bis §4.4.6).
package struct MultivariantPlaylist: Sendable, Hashable {
    /// One of them (§4.4.6.2).
    package struct Variant: Sendable, Hashable {
        package var uri: String
        /// The most that a segment took, bits a second.
        package var bandwidth: Int
        /// What all of them took, bits a second; `nil` before anything was measured.
        package var averageBandwidth: Int?
        /// As RFC 6381 names them, `avc1.64001f`; `nil` where one of them has no name.
        package var codecs: [String]?
        /// Of video, in pixels.
        package var resolution: PictureDimensions?
        /// Pictures a second.
        package var frameRate: Double?
    }

    /// The best first: where a player begins that has measured nothing.
    package var variants: [Variant]
    /// Every segment of all of them begins with a random access point, now and later (§4.4.2.1).
    package var isIndependent = true

    /// As a file of text.
    package var text: String {
        var lines = ["#EXTM3U", "#EXT-X-VERSION:6"]
        if isIndependent { lines.append("#EXT-X-INDEPENDENT-SEGMENTS") }
        for variant in variants {
            lines.append("#EXT-X-STREAM-INF:\(variant.attributes)")
            lines.append(variant.uri)
        }
        lines.append("")
        return lines.joined(separator: "\n")
    }
}

extension MultivariantPlaylist.Variant {
    fileprivate var attributes: String {
        var attributes = ["BANDWIDTH=\(bandwidth)"]
        if let averageBandwidth { attributes.append("AVERAGE-BANDWIDTH=\(averageBandwidth)") }
        if let codecs, !codecs.isEmpty { attributes.append("CODECS=\"\(codecs.joined(separator: ","))\"") }
        if let resolution { attributes.append("RESOLUTION=\(resolution.width)x\(resolution.height)") }
        if let frameRate { attributes.append("FRAME-RATE=\(frameRate.threeDecimals)") }
        return attributes.joined(separator: ",")
    }
}

extension Double {
    /// `25.000`; §4.4.6.2 wants three decimals.
    fileprivate var threeDecimals: String {
        let thousandths = Int((Swift.min(Swift.max(self, 0), 1_000_000) * 1000).rounded())
        let fraction = String(thousandths % 1000)
        return "\(thousandths / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }
}
