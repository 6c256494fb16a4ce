import ArgumentParser
import Foundation
import Load
import NIOCore

struct Load: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch a stream many times at once, and measure what comes and what it costs.",
        discussion: """
            Opens the sessions, lets them settle, and counts inside a window: packets, losses by RTP sequence \
            numbers, times to the first packet and the first picture since PLAY was sent, jitter (RFC 3550). Losses \
            count from the first packet of each session. Any RTSP server will do.

            The sockets are read each --drain, not packet by packet: on one machine the server pays for waking \
            whoever waits. Times and jitter are therefore told no finer than that; while sessions join, the sockets \
            are read each millisecond. --drain 0 waits for each packet.

            Ctrl-C ends the run early, with a report of what there was; a second one ends it at once.

            Examples:
              heliograph load rtsp://localhost:8554/test --viewers 500
              heliograph load rtsp://localhost:8554/test --server-pid $(pidof heliograph)
              heliograph load rtsp://localhost:8554/test --transport udp --for 1m --json
              heliograph load rtsp://10.0.0.5/gate rtsp://10.0.0.5/lobby --churn 20

            Exit codes: 0 the run was carried out, 1 no session played or the report cannot be written (--strict: or a \
            session failed, was closed or lost packets, or nothing came), 64 wrong usage, an address that is not local, \
            a process that cannot be read or too few open files allowed.
            """
    )

    @Argument(help: "The streams, rtsp://[user:password@]host[:port]/path; viewers are dealt over them in turn.")
    var urls: [String]

    @Option(help: "Sessions, over all streams.")
    var viewers = 10

    @Option(help: "How packets come: tcp or udp.")
    var transport = LoadTransport.tcp

    @Option(name: .customLong("for"), help: "Length of the window: 500ms, 30s, 2m; 24h at most.")
    var window = LoadDuration(.seconds(10))

    @Option(help: "Sessions begun a second.")
    var rate = 200.0

    @Option(help: "From the last session's answer to the window: 0, 500ms, 2s; 24h at most.")
    var settle = LoadDuration(.seconds(2))

    @Option(help: "Time between two reads of the sockets: 500us, 5ms; 0 waits for each packet, 1s is the most.")
    var drain = LoadDuration(.milliseconds(5))

    @Option(help: "Threads that read; one is enough for a thousand viewers.")
    var threads = 1

    @Option(help: "Sessions a second that leave and come again during the window.")
    var churn = 0.0

    @Option(help: "Of a movie: the sessions begin at places spread evenly over so much of it, from its beginning on.")
    var places = LoadDuration(.zero)

    @Flag(help: "Each session pauses once it plays: what do idle viewers cost?")
    var paused = false

    @Flag(
        help: "The packets carry their time of sending, as Benchmarks' camera writes it; tells the delay (--drain 0).")
    var stamped = false

    @Option(help: "The server's process on this machine: tells what the run costs it.")
    var serverPid: Int32?

    @Flag(help: "Put load on addresses that are neither loopback nor private nor link-local.")
    var allowPublic = false

    @Flag(help: "End with 1 if a session failed, was closed or lost packets, or nothing came.")
    var strict = false

    @Flag(help: "One JSON object on standard output instead of text.")
    var json = false

    mutating func validate() throws {
        guard (1...100_000).contains(viewers) else { throw ValidationError("--viewers is 1 to 100000.") }
        guard (1...64).contains(threads) else { throw ValidationError("--threads is 1 to 64.") }
        guard rate >= 0.1, rate <= 100_000 else { throw ValidationError("--rate is 0.1 to 100000.") }
        guard churn >= 0, churn <= 100_000 else { throw ValidationError("--churn is 0 to 100000.") }
        guard window.amount > .zero else { throw ValidationError("--for is longer than 0.") }
        guard drain.amount <= .seconds(1) else { throw ValidationError("--drain is at most 1s.") }
        guard !(paused && churn > 0) else { throw ValidationError("--paused and --churn do not go together.") }
    }

    mutating func run() throws {
        let run = LoadRun(try plan())
        Interruption.await()
        let report: LoadReport
        do {
            report = try run.run(
                isStopped: { _ in Interruption.isRequested }, progress: ProgressLine(viewers: viewers).show)
        } catch {
            Self.complain("\(error)")
            throw ExitCode.validationFailure
        }
        ProgressLine.clear()
        do {
            let text = json ? try Self.text(of: report) : report.description
            try FileHandle.standardOutput.write(contentsOf: Data("\(text)\n".utf8))
        } catch {
            Self.complain("the report cannot be written to standard output: \(error.localizedDescription)")
            throw ExitCode.failure
        }
        if !report.isMeaningful || strict && !report.isFlawless { throw ExitCode.failure }
    }

    private func plan() throws -> LoadPlan {
        var targets: [LoadTarget] = []
        for (index, url) in urls.enumerated() {
            do {
                targets.append(try LoadTarget(url, allowingPublic: allowPublic))
            } catch {
                Self.complain("URL \(index + 1): \(error)")
                throw ExitCode.validationFailure
            }
        }
        var plan = LoadPlan(
            targets: targets, viewers: viewers, transport: transport == .udp ? .udp : .tcp, window: window.amount)
        plan.settle = settle.amount
        plan.rate = rate
        plan.drain = drain.amount
        plan.threads = min(threads, viewers)
        plan.churn = churn
        plan.places = places.amount
        plan.isPaused = paused
        plan.isStamped = stamped
        plan.serverProcess = serverPid
        return plan
    }

    private static func text(of report: LoadReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }

    private static func complain(_ text: String) {
        // Where nobody hears it, the exit code says it alone.
        try? FileHandle.standardError.write(contentsOf: Data("Error: \(text)\n".utf8))
    }
}

/// How packets come.
enum LoadTransport: String, ExpressibleByArgument, CaseIterable {
    case tcp
    case udp
}

/// A time as it is written on the command line.
struct LoadDuration: ExpressibleByArgument {
    let amount: TimeAmount

    init(_ amount: TimeAmount) {
        self.amount = amount
    }

    init?(argument: String) {
        guard let amount = TimeAmount(duration: argument) else { return nil }
        self.amount = amount
    }

    var defaultValueDescription: String {
        let nanoseconds = amount.nanoseconds
        return nanoseconds % 1_000_000_000 == 0 ? "\(nanoseconds / 1_000_000_000)s" : "\(nanoseconds / 1_000_000)ms"
    }
}
