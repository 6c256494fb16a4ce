import LibAV
import Logging
import Media
import NIOCore
import Reflector

extension AccessUnitFeed: UnitSource {}

extension FragmentedMP4Muxer: SegmentMuxer {
    package var initializationSection: ByteBuffer? { initialization }
}

extension TransportStreamMuxer: SegmentMuxer {
    package var initializationSection: ByteBuffer? { nil }
}

extension AudioTranscoder: SoundTranscoder {}

extension StreamWorks {
    /// The stream at `path`, whichever it is at the moment, and libav.
    static func live(_ path: StreamPath, in directory: StreamDirectory) -> StreamWorks {
        StreamWorks(
            open: {
                guard let stream = directory.stream(at: path) else { throw StreamError.closed(path) }
                let snapshot = try await stream.describe(on: stream.homeLoop).get()
                return AccessUnitFeed(stream, knowing: snapshot)
            },
            muxer: { form, tracks in
                switch form {
                case .transportStream: try TransportStreamMuxer(tracks: tracks)
                case .fragments: try FragmentedMP4Muxer(tracks: tracks)
                }
            },
            transcoder: { format in try AudioTranscoder(from: format) },
            codecName: { $0.codecString })
    }
}

extension StreamSupply {
    /// The streams of a server.
    static func live(_ directory: StreamDirectory) -> StreamSupply {
        StreamSupply(
            paths: { directory.streams.map(\.path) },
            exists: { directory.stream(at: $0) != nil },
            known: { path in
                guard let stream = directory.stream(at: path) else { return [] }
                return (try? await stream.knownTracks().get()) ?? []
            },
            works: { .live($0, in: directory) })
    }
}

extension HLSService {
    /// Serves the streams of `directory`; `clock` is theirs.
    package convenience init(
        directory: StreamDirectory, configuration: HLSConfiguration, clock: StreamClock, logger: Logger
    ) {
        self.init(supply: .live(directory), configuration: configuration, clock: clock, logger: logger)
    }
}
