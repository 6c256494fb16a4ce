/// Who may send to an address: `a=source-filter: incl IN IP4 239.1.2.3 10.0.0.1` (RFC 4570 §3).
package struct SourceFilter: Sendable, Hashable {
    /// More senders than any description names.
    private static let mostSources = 8

    /// The address sent to, `*` for any, as written.
    package var destination: String
    /// Those that may send, as written; never empty.
    package var sources: [String]

    package init(destination: String, sources: [String]) {
        self.destination = destination
        self.sources = sources
    }

    /// `nil` for what is no list of senders: `excl` tells whom not to hear, which nobody is known to use.
    init?(parsing value: Substring) {
        let words = value.split { $0.isWhitespace }
        guard words.count > 4, words[0].lowercased() == "incl" else { return nil }
        self.init(destination: String(words[3]), sources: words[4...].prefix(Self.mostSources).map(String.init))
    }
}
