import Media

/// The Via header (RFC 2326 §12.43, RFC 2068 §14.44): the relays that a message, or the stream it is about, has come through.
///
///     Via: RTSP/1.0 heliograph-9f3c0a1b2d4e5f60 (Heliograph), 1.0 proxy.example:554
///          protocol └────────received-by──────┘ └─comment──┘
package struct ViaHeader: Sendable, Hashable {
    package var chain: RelayChain

    package init(_ chain: RelayChain) {
        self.chain = chain
    }

    /// Names longer than this are none of ours.
    private static let longestName = 128

    /// Entries without a name are passed over; no more are read than a chain holds.
    package init(parsing headers: [String]) {
        var names: [String] = []
        for header in headers {
            for entry in header[...].parts(separatedBy: UInt8(ascii: ",")) {
                guard names.count <= RelayChain.limit else { break }
                let words = entry.utf8.split(whereSeparator: \.isBlank)
                guard words.count >= 2, words[1].count <= Self.longestName else { continue }
                names.append(String(Substring(words[1])))
            }
        }
        chain = RelayChain(names)
    }

    /// The value as it goes on the wire.
    package var serialized: String {
        chain.names.map { "RTSP/1.0 \($0)" }.joined(separator: ", ")
    }
}

extension RTSPHeaders {
    /// The relays of all Via headers, in their order.
    package var via: RelayChain { ViaHeader(parsing: all("Via")).chain }

    /// Adds the chain, unless it is empty.
    package mutating func add(via chain: RelayChain) {
        if !chain.isDirect { add("Via", ViaHeader(chain).serialized) }
    }
}
