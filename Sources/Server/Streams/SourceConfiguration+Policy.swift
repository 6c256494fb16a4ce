import Ingest
import NIOCore
import Reflector

extension SourceConfiguration {
    /// It stands for many paths, and none of them exists before somebody publishes.
    var isPrefix: Bool { if case .publishBelow = self { true } else { false } }

    func policy(_ limits: LimitsConfiguration) -> StreamPolicy {
        var policy =
            switch self {
            case .pull(let pull): StreamPolicy(onDemand: pull.onDemand, linger: pull.linger, startTimeout: pull.timeout)
            case .listen(let listen):
                StreamPolicy(onDemand: listen.onDemand, linger: listen.linger, startTimeout: listen.timeout)
            case .failover(let failover):
                StreamPolicy(onDemand: failover.onDemand, linger: failover.linger, startTimeout: failover.timeout)
            case .playlist(let playlist):
                StreamPolicy(onDemand: playlist.onDemand, linger: playlist.linger, startTimeout: playlist.timeout)
            case .testCamera: StreamPolicy(onDemand: true, linger: .seconds(2))
            // Nobody can wake a publisher, but whoever asks while there is none is not to be told of the last one.
            case .publish, .publishBelow:
                StreamPolicy(onDemand: true, linger: .zero, startTimeout: AnnounceConfiguration.startTimeout)
            }
        policy.ringBytes = limits.groupMemory
        policy.packetSize = limits.packetSize
        return policy
    }
}
