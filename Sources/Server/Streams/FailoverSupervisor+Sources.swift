import Ingest
import Logging
import RTSPTransport
import Reflector

extension FailoverSupervisor {
    /// The sources that a configuration names; `limiter` is shared by all cameras.
    init(_ configuration: FailoverConfiguration, stream: Stream, limiter: ConnectLimiter, logger: Logger) {
        self.init(stream: stream, count: configuration.sources.count, policy: configuration.policy, logger: logger) {
            index, place in
            var logger = logger
            logger[metadataKey: "source"] = "\(index + 1)"
            switch configuration.sources[index] {
            case .pull(let pull):
                await PullSupervisor(stream: place, configuration: pull, limiter: limiter, logger: logger).run()
            case .listen(let listen):
                await ListenSupervisor(
                    stream: place, configuration: listen, wallClock: SystemClocks.secondsSinceUnixEpoch, logger: logger
                ).run()
            }
        }
    }
}
