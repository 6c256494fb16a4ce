import Egress
import Foundation
import HLS
import ISOMedia
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import RTSP
import RTSPTransport
import Reflector
import TestSupport
import Testing

@testable import Web

/// A web server on loopback with a folder of movies and streams made up.
struct ServedWeb {
    let server: WebServer
    let folder: URL
    let log: LogRecord

    var port: Int { server.addresses.first?.port ?? 0 }

    static let clock = StreamClock(
        now: { .now() }, wallClock: { 1_700_000_000_000_000_000 }, random: { .random(in: .min ... .max) })

    /// A segment of the stream `gate`.
    static let segment = ByteBuffer(bytes: (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    /// Its playlist.
    static let playlist = "#EXTM3U\n" + String(repeating: "#EXTINF:2.0,\n1712345-0.m4s\n", count: 60)

    func client(isReading: Bool = true) async throws -> RawClient {
        try await RawClient.connect(port: port, isReading: isReading)
    }

    /// The answer to one request on a connection of its own.
    func get(_ target: String, _ headers: [String] = [], method: String = "GET") async throws -> RawAnswer {
        let client = try await client()
        try await client.send(Self.request(target, headers, method: method))
        let answers = try await client.answers(1, toHEAD: method == "HEAD")
        await client.close()
        return try #require(answers.first)
    }

    static func request(_ target: String, _ headers: [String] = [], method: String = "GET") -> String {
        (["\(method) \(target) HTTP/1.1", "Host: relay"] + headers).joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// A file that begins as a movie does, and then counts.
    @discardableResult
    func movie(_ name: String, bytes count: Int) throws -> [UInt8] {
        // Of no round length, so that no two pieces of it are alike.
        let run = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 / 251 &+ $0) }
        var bytes = Array("\0\0\0\u{18}ftypisom".utf8)
        while bytes.count < count { bytes += run.prefix(count - bytes.count) }
        try Data(bytes).write(to: folder.appending(path: name))
        return bytes
    }

    private static func hls(_ stream: StreamPath, _ file: String, _ query: HLSQuery) async -> HLSResource {
        guard stream.rawValue == "gate" || stream.rawValue == "gate/sub" else { return .notFound }
        switch file {
        case "index.m3u8":
            if let number = query.mediaSequence {
                return .playlist(
                    ByteBuffer(string: "\(number) \(query.part ?? -1) \(query.skip)"), tag: "q",
                    reloadAfter: .seconds(1))
            }
            return .playlist(ByteBuffer(string: playlist), tag: "p1", reloadAfter: .seconds(2))
        case "1712345-0.m4s": return .media(segment, contentType: "video/iso.segment", tag: "s1")
        case "1.ts": return .media(segment, contentType: "video/mp2t", tag: "t1")
        case "bad.m3u8": return .badRequest("too far ahead")
        case "late.m3u8": return .unavailable("the camera did not come in time")
        case "odd.m3u8": return .unsupported("no video that HLS has")
        default: return .notFound
        }
    }

    /// Of "near", which `hls` does not have, so that it is seen where the answer comes from.
    private static func hlsAtHand(_ stream: StreamPath, _ file: String, _ query: HLSQuery) -> HLSResource? {
        guard stream.rawValue == "near" else { return nil }
        switch file {
        case "video.m3u8" where query.mediaSequence == nil:
            return .playlist(ByteBuffer(string: playlist), tag: "n1", reloadAfter: .seconds(2))
        case "1.ts": return .media(segment, contentType: "video/mp2t", tag: "n2")
        default: return nil
        }
    }

    private static func snapshot(_ stream: StreamPath, _ width: Int?) async -> SnapshotResult {
        switch stream.rawValue {
        case "gate":
            .picture(
                ByteBuffer(string: "picture \(width ?? 0)"), tag: "w\(width ?? 0)",
                taken: HTTPDate(unixSeconds: 1_700_000_000), age: 3)
        case "dark": .unavailable("there was no picture yet")
        default: .notFound
        }
    }

    /// Runs `body` with a server, and stops it whatever happens. `responder` takes the place of the router.
    static func run<Result>(
        _ limits: WebLimits = WebLimits(), origin: AllowedOrigin = .any, certificate: CurrentCertificate? = nil,
        live: LiveService? = nil, accessLog: AccessLog? = nil, responder: WebResponder? = nil,
        _ body: (ServedWeb) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryDirectory { folder in
            let threads = BlockingThreads { work in
                NIOThreadPool.singleton.submit { state in
                    switch state {
                    case .active: work(true)
                    case .cancelled: work(false)
                    }
                }
            }
            let log = LogRecord()
            let catalog = MediaCatalog(
                MediaConfiguration(folder: folder.path), threads: threads, transfers: threads, parsers: threads,
                clock: clock, logger: log.logger
            ) { file throws(MovieError) in try MovieProgram(reading: file) }
            let router = WebRouter(
                origin: origin, movies: catalog,
                onDemand: OnDemandService(configuration: HLSConfiguration(), submit: threads.submit),
                hls: WebRouter.HLS(atHand: hlsAtHand, resource: hls),
                snapshots: snapshot, live: live,
                pages: PageResponder(board: FleetBoard(now: clock.now) { [.gate] }, rtspPort: 8554) {
                    ["gate", "gate/sub", "Süd-hof", "assets"].contains($0.rawValue)
                })
            let server = WebServer(
                ports: [ListeningPort(host: "127.0.0.1", port: 0, certificate: certificate)], limits: limits,
                group: MultiThreadedEventLoopGroup.singleton, clock: clock, accessLog: accessLog,
                logger: log.logger,
                responder: responder
                    ?? WebResponder(atHand: router.answerAtHand, respond: router.respond))
            try await server.start()
            do {
                let result = try await body(ServedWeb(server: server, folder: folder, log: log))
                await server.shutdown(within: .milliseconds(200))
                return result
            } catch {
                await server.shutdown(within: .milliseconds(200))
                throw error
            }
        }
    }
}
