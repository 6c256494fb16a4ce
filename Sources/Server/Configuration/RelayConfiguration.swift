import Egress
import HLS
import Ingest
import Web

/// All of `relays.yaml`: what the relay listens on, and its cameras.
package struct RelayConfiguration: Sendable, Equatable {
    /// The name of this relay in logs; `nil` shows none.
    package var site: String?
    package var log: LogConfiguration
    package var listen: ListenConfiguration
    /// The certificate of `listen.rtsps` and `listen.https`; `nil` makes one.
    package var certificate: CertificateFiles?
    /// How HTTP is served, where it is.
    package var web: WebConfiguration
    package var limits: LimitsConfiguration
    /// In the order of the file.
    package var cameras: [CameraConfiguration]
    /// How streams are made into segments for browsers.
    package var hls: HLSConfiguration
    /// Movies that viewers choose from; `nil` serves none.
    package var media: MediaConfiguration?
    /// What is sent on to others, one entry for each camera and place, in the order of the file.
    package var pushes: [PushConfiguration]

    package init(
        site: String? = nil,
        log: LogConfiguration = LogConfiguration(),
        listen: ListenConfiguration = ListenConfiguration(),
        certificate: CertificateFiles? = nil,
        web: WebConfiguration = WebConfiguration(),
        limits: LimitsConfiguration = LimitsConfiguration(),
        cameras: [CameraConfiguration] = [],
        hls: HLSConfiguration = HLSConfiguration(),
        media: MediaConfiguration? = nil,
        pushes: [PushConfiguration] = []
    ) {
        self.site = site
        self.log = log
        self.listen = listen
        self.certificate = certificate
        self.web = web
        self.limits = limits
        self.cameras = cameras
        self.hls = hls
        self.media = media
        self.pushes = pushes
    }
}

/// One camera: a name and one or two streams.
package struct CameraConfiguration: Sendable, Equatable {
    /// The name is also the path of the main stream.
    package var name: String
    /// What people call it; `nil` where the name will do.
    package var title: String?
    /// The names by which several cameras are meant at once.
    package var groups: [String]
    /// The main stream, then the sub stream if there is one.
    package var streams: [StreamConfiguration]

    package init(name: String, title: String? = nil, groups: [String] = [], streams: [StreamConfiguration]) {
        self.name = name
        self.title = title
        self.groups = groups
        self.streams = streams
    }
}

/// One stream: where viewers find it and where it comes from.
package struct StreamConfiguration: Sendable, Equatable {
    /// The path of its URL without the leading slash: `gate`, `gate/sub`.
    package var path: String
    package var source: SourceConfiguration

    package init(path: String, source: SourceConfiguration) {
        self.path = path
        self.source = source
    }
}

/// Where a stream comes from.
package enum SourceConfiguration: Sendable, Equatable {
    case pull(PullConfiguration)
    case listen(ListenSourceConfiguration)
    /// The best of several that sends.
    case failover(FailoverConfiguration)
    case playlist(PlaylistConfiguration)
    case testCamera(TestCameraConfiguration)
    /// Whoever publishes to the path.
    case publish(AnnounceConfiguration)
    /// Whoever publishes to any path below this one, which ends in `/*`.
    case publishBelow(AnnounceConfiguration)
}

extension SourceConfiguration {
    /// Itself, or those it chooses from.
    var alternatives: [SourceConfiguration] {
        guard case .failover(let failover) = self else { return [self] }
        return failover.sources.map { source in
            switch source {
            case .pull(let pull): .pull(pull)
            case .listen(let listen): .listen(listen)
            }
        }
    }
}
