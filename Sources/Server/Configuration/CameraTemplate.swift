/// A maker's URLs with holes: `rtsp://{host}:554/Streaming/Channels/{channel}01`.
struct CameraTemplate {
    /// One URL of a template.
    struct Pattern {
        enum Piece: Equatable {
            case text(String)
            case hole(String)
        }

        var text: ConfigurationText
        var pieces: [Piece]

        var holes: [String] {
            pieces.compactMap { if case .hole(let name) = $0 { name } else { nil } }
        }

        /// Cuts a text at its holes. What came out of a variable has none.
        init(_ text: ConfigurationText) throws(Expectation) {
            self.text = text
            pieces = []
            for piece in text.pieces {
                switch piece {
                case .filled(let value):
                    pieces.append(.text(value))
                case .written(let run):
                    try append(run)
                }
            }
        }

        private mutating func append(_ run: String) throws(Expectation) {
            let expectation = Expectation("holes such as {host} or {channel}")
            var rest = run[...]
            while let open = rest.firstIndex(of: "{") {
                let name = rest[rest.index(after: open)...].prefix { $0 != "}" }
                guard name.endIndex < rest.endIndex, Self.isHoleName(name), !rest[..<open].contains("}") else {
                    throw expectation
                }
                pieces.append(.text(String(rest[..<open])))
                pieces.append(.hole(String(name)))
                rest = rest[rest.index(after: name.endIndex)...]
            }
            guard !rest.contains("}") else { throw expectation }
            pieces.append(.text(String(rest)))
        }

        static func isHoleName(_ name: Substring) -> Bool {
            name.first?.isASCIILetter == true && name.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == "_" }
        }
    }

    var main: Pattern?
    var sub: Pattern?
    var settings: PullSettings
    /// Values of holes which a camera may leave out.
    var defaults: [String: ConfigurationText]

    /// The names of all holes, each once, in the order of the URLs.
    var holes: [String] {
        var names: [String] = []
        for name in (main?.holes ?? []) + (sub?.holes ?? []) where !names.contains(name) { names.append(name) }
        return names
    }
}
