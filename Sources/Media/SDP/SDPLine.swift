import NIOCore

/// One line of a session description: a letter, `=`, and the rest without white space at its ends.
struct SDPLine {
    let type: Character
    let value: Substring

    /// Lines end at CR LF, CR, LF or NUL, the last one anywhere (quirk C26); what has no letter and `=` is no line.
    static func lines(of buffer: ByteBuffer) -> [SDPLine] {
        buffer.readableBytesView.split { $0 == 10 || $0 == 13 || $0 == 0 }.compactMap { bytes in
            let text = Substring(decoding: bytes, as: UTF8.self).trimmed()
            guard let letter = text.first, letter.isASCII, text.dropFirst().first == "=" else { return nil }
            return SDPLine(type: letter, value: text.dropFirst(2).trimmed())
        }
    }

    /// `a=<name>:<value>`: the name in lower case, the value empty for a flag.
    var attribute: (name: String, value: Substring) {
        let parts = value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return (parts[0].trimmed().lowercased(), parts.count > 1 ? parts[1].trimmed() : "")
    }

    /// The address of a `c=` line: what follows `IP4` or `IP6`, or else what looks like an address (quirk C7).
    var connectionAddress: String? {
        let words = value.split(separator: " ")
        let type = words.lastIndex { ["ip4", "ip6"].contains($0.lowercased()) }
        if let type { return type + 1 < words.count ? String(words[type + 1]) : nil }
        return words.last { word in
            word.contains { $0 == "." || $0 == ":" }
                && word.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit || ".:/".utf8.contains($0) }
        }.map(String.init)
    }
}

extension StringProtocol where SubSequence == Substring {
    /// Without white space and `also` at both ends.
    func trimmed(_ also: Character? = nil) -> Substring {
        func isEdge(_ character: Character) -> Bool { character.isWhitespace || character == also }
        guard let first = firstIndex(where: { !isEdge($0) }), let last = lastIndex(where: { !isEdge($0) }) else {
            return ""
        }
        return self[first...last]
    }
}
