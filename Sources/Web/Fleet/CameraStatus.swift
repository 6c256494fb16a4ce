import Media
import NIOCore
import Reflector

/// A camera as an operator knows it, and how it is doing.
package struct CameraStatus: Sendable, Hashable {
    /// Whether there is a picture.
    package enum State: String, Sendable, Hashable {
        case live
        /// Asked for, and not there yet.
        case connecting
        /// On demand, and nobody watches.
        case asleep
        case down
    }

    /// One of its streams.
    package struct StreamReport: Sendable, Hashable {
        package var path: StreamPath
        package var state: State
        /// Why there is no picture; `nil` where nothing is known.
        package var reason: String?
        /// The codec of the picture by the name that people know: `H.264`.
        package var video: String?
        package var dimensions: PictureDimensions?
        /// The codec of the sound.
        package var audio: String?
        package var viewers: Int
        package var rate: StreamRate?
        /// Since the newest frame.
        package var age: TimeAmount?
    }

    /// The path of the main stream, as in its URL.
    package var name: String
    /// What people call it; `nil` where the name will do.
    package var title: String?
    package var groups: [String]
    package var main: StreamReport
    package var sub: StreamReport?

    package init(
        name: String, title: String? = nil, groups: [String] = [], main: StreamReport, sub: StreamReport? = nil
    ) {
        self.name = name
        self.title = title
        self.groups = groups
        self.main = main
        self.sub = sub
    }
}

extension CameraStatus.StreamReport {
    /// What the stream at `path` says of itself. `awaitsPublisher`: nobody here can fetch its source.
    package init(_ status: StreamStatus, at path: StreamPath, awaitsPublisher: Bool = false) {
        self.path = path
        switch status.source {
        case .live:
            // A camera that has been connected to is not seen before its first frame.
            state = status.age == nil ? .connecting : .live
        case .unwanted: state = awaitsPublisher ? .down : .asleep
        case .awaited: state = awaitsPublisher ? .down : .connecting
        case .down: state = .down
        }
        reason = state == .live ? nil : status.setback
        if state == .down, awaitsPublisher { reason = reason ?? "nobody publishes to it" }
        let video = status.tracks.first { $0.description.kind == .video }?.description
        self.video = video?.primary.codec.description
        dimensions = video.flatMap { $0.primary.configuration.dimensions ?? $0.dimensions }
        audio = status.tracks.first { $0.description.kind == .audio }?.description.primary.codec.description
        viewers = status.viewers
        rate = status.rate
        age = status.age
    }
}
