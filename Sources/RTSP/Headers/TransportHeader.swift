/// The Transport header: alternatives in the sender's order of preference (RFC 2326 §12.39).
package struct TransportHeader: Sendable, Hashable {
    /// The most wanted first.
    package var alternatives: [TransportSpecification]

    package init(_ alternatives: [TransportSpecification]) {
        self.alternatives = alternatives
    }

    /// Takes each alternative it understands and skips the others one by one (quirk M9); may end up empty.
    package init(parsing header: String) {
        alternatives = header[...].parts(separatedBy: UInt8(ascii: ","))
            .compactMap(TransportSpecification.init(parsing:))
    }

    /// The value as it goes on the wire.
    package var serialized: String {
        alternatives.map(\.serialized).joined(separator: ",")
    }
}
