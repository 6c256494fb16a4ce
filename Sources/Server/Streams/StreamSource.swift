import Ingest
import Logging
import RTSPTransport
import Reflector

/// Whatever feeds a stream.
enum StreamSource: Sendable {
    case pull(PullSupervisor)
    case listen(ListenSupervisor)
    case failover(FailoverSupervisor)
    case playlist(PlaylistSupervisor)
    case testCamera(TestCameraRelay)
    /// Whoever publishes comes by itself.
    case publisher(Stream)

    init?(_ configuration: SourceConfiguration, stream: Stream, limiter: ConnectLimiter, logger: Logger) {
        switch configuration {
        case .pull(let pull):
            self = .pull(PullSupervisor(stream: stream, configuration: pull, limiter: limiter, logger: logger))
        case .listen(let listen):
            self = .listen(
                ListenSupervisor(
                    stream: stream, configuration: listen, wallClock: SystemClocks.secondsSinceUnixEpoch, logger: logger
                )
            )
        case .failover(let failover):
            self = .failover(FailoverSupervisor(failover, stream: stream, limiter: limiter, logger: logger))
        case .playlist(let playlist):
            self = .playlist(
                PlaylistSupervisor(
                    stream: stream, configuration: playlist, wallClock: SystemClocks.secondsSinceUnixEpoch,
                    logger: logger
                )
            )
        case .testCamera(let camera):
            self = .testCamera(
                TestCameraRelay(
                    stream: stream, configuration: camera, wallClock: SystemClocks.secondsSinceUnixEpoch, logger: logger
                )
            )
        case .publish:
            self = .publisher(stream)
        case .publishBelow:
            return nil
        }
    }

    func run() async {
        switch self {
        case .pull(let supervisor): await supervisor.run()
        case .listen(let supervisor): await supervisor.run()
        case .failover(let supervisor): await supervisor.run()
        case .playlist(let supervisor): await supervisor.run()
        case .testCamera(let camera): await camera.run()
        case .publisher(let stream): await stream.whileWanted {}
        }
    }
}
