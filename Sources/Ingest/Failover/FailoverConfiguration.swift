import NIOCore

/// Several sources of one stream, the best first.
package struct FailoverConfiguration: Sendable, Equatable {
    /// One of them.
    package enum Source: Sendable, Equatable {
        case pull(PullConfiguration)
        case listen(ListenSourceConfiguration)
    }

    /// At least two.
    package var sources: [Source]
    package var policy: FailoverPolicy
    /// `true` pulls and listens only while somebody watches.
    package var onDemand: Bool
    /// How long an on-demand stream keeps its source after its last viewer.
    package var linger: TimeAmount
    /// How long a viewer waits for the first packet of any source.
    package var timeout: TimeAmount

    /// Sources with the built-in defaults.
    package init(
        sources: [Source], policy: FailoverPolicy = FailoverPolicy(), onDemand: Bool = false,
        linger: TimeAmount = .seconds(30), timeout: TimeAmount = .seconds(10)
    ) {
        self.sources = sources
        self.policy = policy
        self.onDemand = onDemand
        self.linger = linger
        self.timeout = timeout
    }
}

extension FailoverConfiguration: CustomStringConvertible {
    /// Without passwords, in their order.
    package var description: String {
        sources.map { source in
            switch source {
            case .pull(let pull): "\(pull)"
            case .listen(let listen): "\(listen)"
            }
        }.joined(separator: ", else ")
    }
}
