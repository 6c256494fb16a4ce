import Egress
import Logging
import RTSPTransport
import Reflector

/// Whatever a stream is sent on by.
enum StreamPush: Sendable {
    case rtsp(PushSupervisor)
    case datagrams(DatagramPush)

    init(_ configuration: PushConfiguration, stream: Stream, limiter: ConnectLimiter, logger: Logger) {
        switch configuration.target {
        case .rtsp(let target):
            self = .rtsp(
                PushSupervisor(
                    name: configuration.name, stream: stream, target: target, limiter: limiter, logger: logger))
        case .datagrams(let target):
            self = .datagrams(
                DatagramPush(
                    name: configuration.name, stream: stream, target: target, write: DescriptionFiles.write,
                    logger: logger))
        }
    }

    func run() async {
        switch self {
        case .rtsp(let supervisor): await supervisor.run()
        case .datagrams(let push): await push.run()
        }
    }
}
