import Ingest
import Logging
import Reflector

extension PublishingPaths {
    /// The paths that a configuration opens; the single ones have their streams in `directory` already.
    convenience init(_ configuration: RelayConfiguration, directory: StreamDirectory, logger: Logger) {
        var streams: [PublishedStream] = []
        var prefixes: [Prefix] = []
        let limits = configuration.limits
        for configured in configuration.cameras.flatMap(\.streams) {
            switch configured.source {
            case .publish(let announce):
                guard let stream = StreamPath(configured.path).flatMap(directory.stream(at:)) else { continue }
                streams.append(PublishedStream(stream, configuration: announce))
            case .publishBelow(let announce):
                guard let path = StreamPath(String(configured.path.dropLast(2))) else { continue }
                prefixes.append(Prefix(path, configuration: announce))
            case .pull, .listen, .failover, .playlist, .testCamera: continue
            }
        }
        self.init(directory: directory, streams: streams, prefixes: prefixes) { path, eventLoop in
            Stream(
                path: path, homeLoop: eventLoop, relay: directory.relay,
                policy: SourceConfiguration.publishBelow(.init()).policy(limits),
                clock: .system, logger: logger
            )
        }
    }
}
