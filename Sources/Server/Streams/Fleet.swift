import HLS
import Media
import NIOCore
import Reflector
import Web

/// The cameras as the configuration names them, and the streams that publishers brought.
struct Fleet: Sendable {
    private let configured: [CameraConfiguration]
    private let directory: StreamDirectory
    private let hls: HLSService?
    private let live: LiveService?

    /// `hls` and `live` know of viewers of their own.
    init(
        _ configured: [CameraConfiguration], in directory: StreamDirectory, hls: HLSService? = nil,
        live: LiveService? = nil
    ) {
        self.configured = configured
        self.directory = directory
        self.hls = hls
        self.live = live
    }

    /// A camera and where its streams are.
    private struct Listed: Sendable {
        var name: String
        var title: String?
        var groups: [String]
        var main: Stream
        var sub: Stream?
        /// Nobody here can fetch its source.
        var awaitsPublisher: Bool
    }

    /// How each of them is doing: first those of the configuration in its order, then the others by name.
    @Sendable func statuses() async -> [CameraStatus] {
        // Asked all at once: each answers where it lives, and waits for its turn there, which adds up one behind the other where
        // many are watched.
        await withTaskGroup(of: (Int, CameraStatus?).self) { asked in
            for (place, camera) in listed().enumerated() { asked.addTask { (place, await status(of: camera)) } }
            return await asked.reduce(into: [Int: CameraStatus]()) { $0[$1.0] = $1.1 }
                .sorted { $0.key < $1.key }.map(\.value)
        }
    }

    private func status(of camera: Listed) async -> CameraStatus? {
        guard let main = await report(camera.main, of: camera) else { return nil }
        var status = CameraStatus(name: camera.name, title: camera.title, groups: camera.groups, main: main)
        if let sub = camera.sub { status.sub = await report(sub, of: camera) }
        return status
    }

    private func report(_ stream: Stream, of camera: Listed) async -> CameraStatus.StreamReport? {
        guard var status = try? await stream.status().get() else { return nil }
        status.viewers += await hls?.viewers(of: stream.path) ?? 0
        status.viewers += await live?.viewers(of: stream.path) ?? 0
        return CameraStatus.StreamReport(status, at: stream.path, awaitsPublisher: camera.awaitsPublisher)
    }

    private func listed() -> [Listed] {
        var listed: [Listed] = []
        var known: Set<StreamPath> = []
        for camera in configured {
            let streams = camera.streams.compactMap { StreamPath($0.path).flatMap(directory.stream(at:)) }
            guard let main = streams.first else { continue }
            known.formUnion(streams.map(\.path))
            listed.append(
                Listed(
                    name: camera.name, title: camera.title, groups: camera.groups, main: main,
                    sub: streams.dropFirst().first,
                    awaitsPublisher: camera.streams.contains { $0.source.awaitsPublisher }))
        }
        let published = directory.streams.filter { !known.contains($0.path) }
        let paths = Set(published.map(\.path.rawValue))
        for stream in published {
            let path = stream.path.rawValue
            // The sub stream of another one is listed with it.
            if path.hasSuffix("/sub"), paths.contains(String(path.dropLast(4))) { continue }
            listed.append(
                Listed(
                    name: path, title: nil, groups: groups(above: path), main: stream,
                    sub: published.first { $0.path.rawValue == "\(path)/sub" }, awaitsPublisher: true))
        }
        return listed
    }

    /// Of the entry that opens the paths to which this one belongs.
    private func groups(above path: String) -> [String] {
        configured.first { camera in
            camera.streams.contains { $0.path.hasSuffix("/*") && path.hasPrefix($0.path.dropLast()) }
        }?.groups ?? []
    }
}

extension SourceConfiguration {
    fileprivate var awaitsPublisher: Bool {
        switch self {
        case .publish, .publishBelow: true
        case .pull, .listen, .failover, .playlist, .testCamera: false
        }
    }
}
