import NIOConcurrencyHelpers
import NIOCore

/// How many connections each network has open, over all loops.
package final class AddressCensus: Sendable {
    /// Whether one more connection may stay.
    package enum Admission: Equatable {
        case admitted
        case tooManyFromAddress
        case tooMany
    }

    private struct Residents {
        var byNetwork: [Network: Int] = [:]
        var total = 0
    }

    private let limits: ConnectionLimits
    private let residents = NIOLockedValueBox(Residents())

    /// `connections` and `connectionsPerAddress` of the limits are what holds.
    package init(limits: ConnectionLimits) {
        self.limits = limits
    }

    /// Counts one more connection from `network` unless that is too many; balanced by `left`.
    package func arrived(from network: Network) -> Admission {
        residents.withLockedValue { residents in
            guard residents.total < limits.connections else { return .tooMany }
            let here = residents.byNetwork[network, default: 0]
            guard here < limits.connectionsPerAddress else { return .tooManyFromAddress }
            residents.byNetwork[network] = here + 1
            residents.total += 1
            return .admitted
        }
    }

    /// A connection that was admitted ended.
    package func left(_ network: Network) {
        residents.withLockedValue { residents in
            guard let here = residents.byNetwork[network] else { return }
            residents.byNetwork[network] = here > 1 ? here - 1 : nil
            residents.total -= 1
        }
    }

    /// Networks that have a connection open.
    var networks: Int { residents.withLockedValue { $0.byNetwork.count } }
}
