import Foundation
import ISOMedia
import Logging
import NIOCore
import NIOPosix
import RTSP
import RTSPTransport
import Reflector
import TestSupport

@testable import Egress

/// A listener on loopback that serves the movies of a folder of its own. Each file is a movie of ten seconds with picture and sound,
/// but for those whose text says otherwise.
final class MovieFolder: Sendable {
    let folder: URL
    let catalog: MediaCatalog
    let opened = Locked(0)
    /// Movies whose text is "slow" are parsed until this is true.
    let isHurried = Locked(false)
    /// Parsings that came to no end.
    let givenUp = Locked(0)
    private let parsers: NIOThreadPool
    private let listener: RTSPListener
    private let datagrams: DatagramSocketPool

    private init(
        folder: URL, datagrams: DatagramSocketPool, configuration: PlayConfiguration, slowParsings: Int, logger: Logger
    ) {
        self.folder = folder
        self.datagrams = datagrams
        let (opened, isHurried, givenUp) = (opened, isHurried, givenUp)
        // One is left.
        parsers = NIOThreadPool(numberOfThreads: slowParsings + 1)
        parsers.start()
        catalog = MediaCatalog(
            MediaConfiguration(folder: folder.path),
            threads: Self.threads(of: .singleton), transfers: Self.threads(of: .singleton),
            parsers: Self.threads(of: parsers), slowParsings: slowParsings,
            clock: StreamClock(
                now: { .now() }, wallClock: { 1_700_000_000_000_000_000 + Int64(NIODeadline.now().uptimeNanoseconds) },
                random: { .random(in: .min ... .max) }),
            logger: logger
        ) { file throws(MovieError) in
            opened.change { $0 += 1 }
            do throws(MovieError) {
                return try Self.program(of: file) { isHurried.value }
            } catch {
                if error == .unreadable(code: ECANCELED) { givenUp.change { $0 += 1 } }
                throw error
            }
        }
        var listening = RTSPListenerConfiguration(host: "127.0.0.1", port: 0)
        listening.limits.requestsWithoutSession = .max
        let catalog = catalog
        listener = RTSPListener(
            configuration: listening, group: FakeViewer.group, datagrams: datagrams, logger: logger
        ) { context in
            MoviesAlone(MovieRouter(catalog: catalog, configuration: configuration, context: context))
        }
    }

    private static func threads(of pool: NIOThreadPool) -> BlockingThreads {
        BlockingThreads { work in
            pool.submit { state in
                switch state {
                case .active: work(true)
                case .cancelled: work(false)
                }
            }
        }
    }

    private static func program(
        of file: any RandomAccessBytes, isHurried: () -> Bool
    ) throws(MovieError) -> MovieProgram {
        let text = String(buffer: try file.read(at: 0, count: Int(min(file.size, 100))))
        var video = FakePackets.video(seconds: 10)
        video.file = file
        switch text {
        case "slow":
            while !isHurried() {
                _ = try file.read(at: 0, count: 1)
                usleep(1000)
            }
        case "": throw .notAMovie
        case "breaks off": video.brokenFrom = 40
        case "unreadable": video.brokenFrom = 0
        case "huge": video.size = 30_000
        case "sound": return try .fake(audio: .audio(seconds: 10), duration: 10_000_000)
        default: break
        }
        return try .fake(video: video, audio: .audio(seconds: 10), duration: 10_000_000)
    }

    /// Runs `body` with a folder that holds `a.mov`.
    static func run(
        configuration: PlayConfiguration = PlayConfiguration(), slowParsings: Int = 1,
        logger: Logger = Logger(label: "test"),
        _ body: (MovieFolder) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let folder = directory.appendingPathComponent("movies")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let datagrams = try await DatagramSocketPool.start(
                group: FakeViewer.group, host: "127.0.0.1", ports: PortPair(rtp: 0, rtcp: 0))
            let movies = MovieFolder(
                folder: folder, datagrams: datagrams, configuration: configuration, slowParsings: slowParsings,
                logger: logger)
            try movies.write("a.mov", "a movie")
            try await movies.listener.start()
            do {
                try await body(movies)
            } catch {
                await movies.stop()
                throw error
            }
            await movies.stop()
        }
    }

    private func stop() async {
        await listener.shutdown(within: .milliseconds(100))
        await datagrams.shutdown()
        try? await parsers.shutdownGracefully()
    }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }

    func url(_ name: String) -> String { "rtsp://127.0.0.1:\(listener.localAddress?.port ?? 0)/media/\(name)" }

    func viewer(receiveBuffer: Int? = nil) async throws -> FakeViewer {
        try await FakeViewer.connect(port: listener.localAddress?.port ?? 0, receiveBuffer: receiveBuffer)
    }
}

/// A connection with movies and nothing else.
private final class MoviesAlone: RTSPResponder {
    private let movies: MovieRouter

    init(_ movies: MovieRouter) {
        self.movies = movies
    }

    func respond(to request: RTSPRequest, context: RTSPRequestContext) -> EventLoopFuture<RTSPReply> {
        movies.respond(to: request) ?? context.answer(RTSPResponse(.notImplemented))
    }

    func received(_ frame: InterleavedFrame) {
        _ = movies.take(frame)
    }

    func connectionWillClose() {
        movies.connectionWillClose()
    }

    func connectionClosed() {
        movies.connectionClosed()
    }
}
