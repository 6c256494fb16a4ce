import Media

extension MovieProgram {
    /// The session description of the movie (RFC 2326 Appendix C): `title` where the movie has no name of its own, `identifier`
    /// and `version` for `o=`, `address` the server's, as the viewer reached it.
    package func sessionDescription(
        title: String, identifier: UInt64, version: UInt64, from address: String
    ) -> String {
        let isIPv6 = address.contains(":")
        var lines = [
            "v=0",
            "o=- \(identifier) \(version) IN \(isIPv6 ? "IP6" : "IP4") \(Self.printable(address))",
            "s=" + sessionName(or: title),
        ]
        lines += sessionLines.filter { !$0.hasPrefix("a=") }
        lines += [isIPv6 ? "c=IN IP6 ::" : "c=IN IP4 0.0.0.0", "t=0 0"]
        lines += sessionLines.filter { $0.hasPrefix("a=") }
        lines += ["a=control:*", "a=range:npt=0-" + (duration > 0 ? Self.seconds(duration) : "")]
        var text = lines.map { $0 + "\r\n" }.joined()
        for (index, track) in tracks.enumerated() {
            text += track.lines + "a=control:trackID=\(index)\r\n"
        }
        return text
    }

    /// What the movie calls itself, or `title`; `-` where neither has a letter, for there has to be something (RFC 4566 §5.3).
    package func sessionName(or title: String) -> String {
        [name ?? "", title].map(Self.printable).first { !$0.allSatisfy(\.isWhitespace) } ?? "-"
    }

    /// Microseconds as seconds of normal play time (RFC 2326 §3.6): a point, whatever the language, and three to six places.
    package static func seconds(_ microseconds: Int64) -> String {
        let time = max(0, microseconds)
        var fraction = String(time % 1_000_000)
        fraction = String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
        while fraction.utf8.count > 3, fraction.hasSuffix("0") { fraction.removeLast() }
        return "\(time / 1_000_000).\(fraction)"
    }

    /// Several times what hinters write.
    private static let largestSize = 16 * 1024

    /// What tells of the movie itself, in the order that RFC 4566 §5 has it; addresses, times and controls are ours to tell.
    static func lines(of description: String) -> [String] {
        guard description.utf8.count <= largestSize else { return [] }
        let lines = description.split { $0.isNewline || $0 == "\0" }
            .prefix { !$0.hasPrefix("m=") }
            .filter { $0.dropFirst().first == "=" }
            .map { printable(String($0)) }
        let ours = ["a=control:", "a=range:"]
        return ["i=", "u=", "e=", "p=", "a="].flatMap { kind in
            lines.filter { line in line.hasPrefix(kind) && !ours.contains { line.lowercased().hasPrefix($0) } }
        }
    }

    private static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }))
    }
}
