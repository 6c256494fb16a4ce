import NIOCore

// The ways in which boxes spell text: to a zero byte, behind a length byte, behind a length and a language.
extension Box {
    /// Longer texts are no names and no session descriptions.
    private static let maximumText = 65_536

    /// From `place` to the first zero byte or the end, bad UTF-8 repaired; `nil` where that is nothing or too long.
    package func text(at place: Int = 0) -> String? {
        guard place >= 0, place <= body.readableBytes else { return nil }
        return Self.text(body.readableBytesView.dropFirst(place))
    }

    /// As `text`, or behind a byte that tells its length, as QuickTime writes names: what fits decides.
    package func nameOrPascalName(at place: Int) -> String? {
        let rest = body.readableBytesView.dropFirst(place)
        guard let length = rest.first, length > 0, Int(length) <= rest.count - 1 else { return text(at: place) }
        let counted = rest.dropFirst().prefix(Int(length))
        // A C string has no zero byte where the count ends, but one of its own; counted names fill the box, or are filled up.
        let isCounted = rest.dropFirst(1 + Int(length)).allSatisfy { $0 == 0 } && !counted.contains(0)
        return isCounted ? Self.text(counted) : text(at: place)
    }

    /// The first text of a list, each behind 16 bits of length and 16 of language (QTFF, "User Data Text Strings").
    package var internationalText: String? {
        guard let length: UInt16 = body.getInteger(at: 0), length > 0,
            let view = body.getSlice(at: 4, length: Int(length))?.readableBytesView
        else { return nil }
        return Self.text(view)
    }

    private static func text(_ bytes: some Collection<UInt8>) -> String? {
        let bytes = bytes.prefix { $0 != 0 }
        guard !bytes.isEmpty, bytes.count <= maximumText else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
