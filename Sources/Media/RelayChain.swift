/// The name by which a running relay finds itself again in the way of a stream; new at every start.
package struct RelayIdentity: Sendable, Hashable, CustomStringConvertible {
    /// A token of HTTP: `heliograph-9f3c0a1b2d4e5f60`.
    package let description: String

    /// `number` is a random one: two relays of one number would take each other's streams for their own.
    package init(_ number: UInt64) {
        let digits = String(number, radix: 16)
        description = Self.beginning + String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// Others call themselves what they like: all proxies of one make may go by one name.
    private static let beginning = "heliograph-"

    /// Whether a name stands for one relay and no other.
    static func isTold(by name: String) -> Bool { name.hasPrefix(beginning) }
}

/// The relays that a stream has come through, or a request, the first one first; what a `Via` header tells.
package struct RelayChain: Sendable, Hashable {
    /// Relays in a row; a stream that has come through more is taken for one that goes round.
    package static let limit = 16

    /// Names of relays, and of proxies that are none of this house.
    package private(set) var names: [String]

    /// Straight from a camera or an encoder.
    package static let direct = RelayChain([])

    /// More than `limit` names are cut to one more, which makes the chain too long for any further relay.
    package init(_ names: some Sequence<String>) {
        self.names = Array(names.prefix(Self.limit + 1))
    }

    package var isDirect: Bool { names.isEmpty }

    /// Whether a stream with this way is not to go on through `relay`: it has been there, or it goes on for ever.
    package func loops(through relay: RelayIdentity) -> Bool {
        names.count >= Self.limit || names.contains(relay.description)
    }

    /// Whether both name the same relay; proxies of others are not told apart.
    package func meets(_ other: RelayChain) -> Bool {
        names.contains { RelayIdentity.isTold(by: $0) && other.names.contains($0) }
    }

    /// Whether a relay is among them, and not only proxies.
    package var namesRelay: Bool { names.contains(where: RelayIdentity.isTold) }

    /// The way of a stream that `relay` passes on.
    package func through(_ relay: RelayIdentity) -> RelayChain {
        RelayChain(names + [relay.description])
    }
}
