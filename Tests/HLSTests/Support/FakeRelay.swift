import Logging
import Media
import NIOCore
import Reflector
import TestSupport

@testable import HLS

/// Streams that a test plays, behind an `HLSService`, with a clock that only the test moves.
final class FakeRelay: Sendable {
    struct Absent: Error {}

    struct State {
        var seconds = 1000.0
        /// How often a stream was asked for.
        var opened: [StreamPath: Int] = [:]
        var sources: [StreamPath: FakeSource] = [:]
        var absent: Set<StreamPath> = []
    }

    let state = Locked(State())
    let service: HLSService
    static let gate = StreamPath("gate")!
    static let sub = StreamPath("gate/sub")!

    init(
        _ configuration: HLSConfiguration = HLSConfiguration(), paths: [StreamPath] = [gate],
        known: [StreamTrack] = [], breaksAtSound: Bool = false, breaksTranscoding: Bool = false,
        usesLibAV: Bool = false, firstSegments: Int = 1
    ) {
        var configuration = configuration
        configuration.firstSegments = firstSegments
        let state = state
        let supply = StreamSupply(
            paths: { paths },
            exists: { paths.contains($0) },
            known: { $0 == Self.sub ? known : [] },
            works: { path in
                let fake = StreamWorks.fake(breaksAtSound: breaksAtSound, breaksTranscoding: breaksTranscoding) {
                    let source = state.change { state -> FakeSource? in
                        state.opened[path, default: 0] += 1
                        guard !state.absent.contains(path) else { return nil }
                        let source = FakeSource()
                        state.sources[path] = source
                        return source
                    }
                    guard let source else { throw Absent() }
                    return source
                }
                guard usesLibAV else { return fake }
                var works = StreamWorks.live(path, in: StreamDirectory())
                works.open = fake.open
                return works
            })
        let clock = StreamClock(
            now: { .uptimeNanoseconds(UInt64(state.value.seconds * 1e9)) },
            wallClock: { SimulatedCamera.start + Int64(state.value.seconds * 1e9) }, random: { 4 })
        service = HLSService(
            supply: supply, configuration: configuration, clock: clock,
            logger: Logger(label: "hls", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    func pass(_ seconds: Double) {
        state.change { $0.seconds += seconds }
    }

    /// So many seconds again and again, until it is cancelled: somebody's time is to be over.
    func letTimePass(by seconds: Double) -> Task<Void, Never> {
        Task {
            while !Task.isCancelled {
                pass(seconds)
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// The source that was opened last, when it is.
    func source(_ path: StreamPath = gate, number: Int = 1) async throws -> FakeSource {
        try await eventually { self.state.value.opened[path] ?? 0 >= number ? self.state.value.sources[path] : nil }
    }

    func get(_ file: String, of path: StreamPath = gate, _ query: HLSQuery = HLSQuery()) async -> HLSResource {
        await service.resource(of: path, file: file, query: query)
    }

    /// The playlist of segments; throws where there is none.
    func playlist(_ path: StreamPath = gate, _ query: HLSQuery = HLSQuery()) async throws -> ReadPlaylist {
        try ReadPlaylist(parsing: await get("video.m3u8", of: path, query).text)
    }
}

/// What was looked for did not come.
struct NotSeen: Error {}

/// Looks until there is something, for ten seconds at the most.
@discardableResult
func eventually<Value>(_ look: () async throws -> Value?) async throws -> Value {
    for _ in 0..<2000 {
        if let value = try await look() { return value }
        try await Task.sleep(for: .milliseconds(5))
    }
    throw NotSeen()
}

extension FakeSource {
    /// Plays a camera for some seconds at once.
    func play(_ camera: inout SimulatedCamera, for seconds: Double, isNew: Bool = false) {
        if isNew { send([.tracks(camera.tracks)]) }
        let end = camera.seconds + seconds
        while camera.seconds < end { send(camera.next()) }
    }
}

extension HLSResource {
    struct Other: Error {
        var resource: HLSResource
    }

    /// The text of a playlist.
    var text: String {
        get throws {
            guard case .playlist(let bytes, _, _) = self else { throw Other(resource: self) }
            return String(buffer: bytes)
        }
    }

    /// The bytes of a file.
    var media: ByteBuffer {
        get throws {
            guard case .media(let bytes, _, _) = self else { throw Other(resource: self) }
            return bytes
        }
    }

    /// The name of the case.
    var kind: String { String("\(self)".prefix { $0 != "(" }) }
}
