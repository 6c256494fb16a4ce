import ArgumentParser
import Egress
import Foundation
import ISOMedia
import Media
import NIOCore
import NIOPosix
import Server

struct MovieBroadcastCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broadcast",
        abstract: "Send a movie to an address or a group, or announce it to a server.",
        discussion: """
            By its hint tracks where it has them, each packet when it is due. To rtp:// the tracks go to the port and \
            those two, four … above, with RTCP one above each; players open the file that --sdp writes. To rtsp:// it \
            is announced (ANNOUNCE, RECORD), which a server has to allow. Ctrl-C ends it, and tells whoever listens; a \
            second one ends it at once.

            Examples:
              heliograph movie broadcast lecture.mov "rtp://239.1.1.1:5004?ttl=8" --sdp lecture.sdp
              heliograph movie broadcast lecture.mov rtp://10.0.0.7:5004 --tracks 1,2 --loop
              heliograph movie broadcast lecture.mov rtsp://user:password@relay/studio --transport udp

            Exit codes: 0 the movie has ended, or Ctrl-C; 1 it cannot be read, or sent; 64 wrong usage, or no such track.
            """
    )

    @OptionGroup var source: MovieFile

    @Argument(help: "rtp://ADDRESS:PORT[?ttl=N] or rtsp://[user:password@]HOST[:PORT]/PATH.")
    var target: String

    @Option(help: "Of rtp://: writes the session description that players open into this file.", completion: .file())
    var sdp: String?

    @Option(help: "Of rtp:// to a group: routers that may pass it on, and one; 0 stays on this machine. (default: 1)")
    var ttl: UInt8?

    @Option(help: "Of rtp:// to a group: the name or the address of the interface to send on.")
    var interface: String?

    @Option(help: "Of rtsp://: how packets go, tcp or udp. (default: tcp)")
    var transport: PushTransport?

    @Option(help: "Only these tracks, by their numbers: 1,2. A hint track, or the one that is sent by it.")
    var tracks: TrackNumbers?

    @Flag(help: "Over and over, as one stream: numbers and times run on.")
    var loop = false

    mutating func validate() throws {
        switch try parsed() {
        case .address(let target):
            if transport != nil { throw ValidationError("--transport is for rtsp://.") }
            if target.isOneReceiver, ttl != nil || interface != nil {
                throw ValidationError("--ttl and --interface are for groups, and \(target.host) is none.")
            }
        case .server:
            if sdp != nil || ttl != nil || interface != nil {
                throw ValidationError("--sdp, --ttl and --interface are for rtp://.")
            }
        }
    }

    mutating func run() async throws {
        let destination = try parsed()
        let bytes = try source.open()
        let program = try program(in: bytes)
        for track in program.leftOut { source.complain("track \(track.track) is not sent: \(track.reason)") }
        Interruption.await()
        let engine = BroadcastEngine()
        let progress = LatestProgress(duration: program.duration)
        let broadcaster = MovieBroadcaster(
            program, title: URL(filePath: source.file).deletingPathExtension().lastPathComponent, isLooping: loop,
            eventLoop: engine.eventLoop, threads: engine.threads, clock: .system, watch: progress.show)
        let file = sdp
        let transport = transport ?? .tcp
        let result = await Interruption.cancelling {
            switch destination {
            case .address(let target):
                try await broadcaster.send(to: target) { text throws(BroadcastError) in
                    if let file { try Self.write(text, to: file) }
                }
            case .server(let url): try await broadcaster.announce(to: url, over: transport)
            }
        }
        await engine.stop()
        ProgressLine.clear()
        for track in progress.latest.skipped { source.complain("the server takes no \(track)") }
        if case .failure(let error) = result {
            source.complain("\(error)")
            throw ExitCode.failure
        }
        var output = TextOutput()
        try output.line("\(progress.latest.packets) packets, \(progress.latest.bytes) bytes")
        try output.flush()
    }

    private static func write(_ text: String, to file: String) throws(BroadcastError) {
        do {
            try Data(text.utf8).write(to: URL(filePath: file), options: .atomic)
        } catch {
            throw .description(reason: error.localizedDescription)
        }
    }

    /// Where it goes, with what the options say of it.
    private func parsed() throws -> BroadcastTarget {
        let parsed: BroadcastTarget
        do {
            parsed = try BroadcastTarget(parsing: target)
        } catch {
            throw ValidationError("The target: \(error).")
        }
        guard case .address(var address) = parsed else { return parsed }
        if let ttl { address.sending.ttl = ttl }
        if let interface { address.sending.interface = interface }
        if let sdp { address.descriptionFile = sdp }
        return .address(address)
    }

    /// What is sent: as on demand, or the tracks that are named.
    private func program(in bytes: FileBytes) throws -> MovieProgram {
        guard let tracks else {
            return try source.reading { () throws(MovieError) in try MovieProgram(reading: bytes) }
        }
        let movie = try source.movie(in: bytes)
        let sent = SentTracks(of: movie, in: bytes)
        var chosen: [MovieProgram.Track] = []
        for number in tracks.numbers {
            _ = try source.track(number, of: movie)
            guard let track = sent.tracks.first(where: { $0.id == number || $0.media == number }),
                let usable = MovieProgram.Track(lines: track.lines, packets: track.packets)
            else {
                let reason = sent.leftOut.first { $0.id == number }?.reason ?? "nothing in it can be sent"
                source.complain("track \(number) is not sent: \(reason)")
                throw ExitCode.failure
            }
            chosen.append(usable)
        }
        return try source.reading { () throws(MovieError) in
            try MovieProgram(
                tracks: chosen,
                duration: MovieTime.convert(movie.duration, from: movie.timescale, to: MovieTime.microseconds),
                name: movie.name, sessionDescription: movie.sessionDescription)
        }
    }
}

extension PushTransport: ExpressibleByArgument {}

/// Numbers of tracks with commas between, each once.
struct TrackNumbers: ExpressibleByArgument {
    let numbers: [UInt32]

    init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { UInt32($0) }
        let known = numbers.compactMap { $0 }
        guard !known.isEmpty, known.count == numbers.count, Set(known).count == known.count else { return nil }
        self.numbers = known
    }
}
