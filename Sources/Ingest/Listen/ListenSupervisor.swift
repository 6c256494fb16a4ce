import Logging
import NIOCore
import RTSPTransport
import Reflector

/// Listens for one stream for as long as it is wanted: opens its ports, tries again where they are taken, takes a changed
/// description up, and joins its groups again where an interface has come back.
package struct ListenSupervisor: Sendable {
    typealias Interfaces = @Sendable (_ points: [ListeningPoint]) -> Set<Int>?

    private let stream: any PublishingPlace
    private let configuration: ListenSourceConfiguration
    private let patience: ListenPatience
    private let wallClock: @Sendable () -> Double
    private let interfaces: Interfaces
    private let logger: Logger

    /// `wallClock` tells seconds since 1970.
    package init(
        stream: any PublishingPlace, configuration: ListenSourceConfiguration,
        patience: ListenPatience = ListenPatience(),
        wallClock: @escaping @Sendable () -> Double, logger: Logger
    ) {
        self.init(
            stream: stream, configuration: configuration, patience: patience, wallClock: wallClock,
            interfaces: { $0.interfaces }, logger: logger)
    }

    init(
        stream: any PublishingPlace, configuration: ListenSourceConfiguration, patience: ListenPatience,
        wallClock: @escaping @Sendable () -> Double, interfaces: @escaping Interfaces, logger: Logger
    ) {
        self.interfaces = interfaces
        self.stream = stream
        self.configuration = configuration
        self.patience = patience
        self.wallClock = wallClock
        var logger = logger
        logger[metadataKey: "stream"] = "\(stream.path)"
        self.logger = logger
    }

    private var file: DescriptionFile? {
        if case .description(let path) = configuration.origin { DescriptionFile(path: path) } else { nil }
    }

    /// Returns when the stream is closed, or the task is cancelled; the ports are closed then.
    package func run() async {
        await stream.whileWanted { await listen() }
    }

    private func listen() async {
        var told: ListenError?
        var known = file?.stamp
        while !Task.isCancelled {
            do throws(ListenError) {
                let plan = try makePlan()
                let joined = interfaces(plan.points)
                let session = try await open(plan)
                told = nil
                let addresses = plan.points.map(\.description).joined(separator: ", ")
                logger.info("listening", metadata: ["address": "\(addresses)"])
                known = await untilChanged(from: plan, known: known) {
                    guard joined != nil, interfaces(plan.points) != joined else { return false }
                    return (try? await stream.homeLoop.submit { session.value.isSilent(at: .now()) }.get()) ?? false
                }
                await close(session)
            } catch {
                // Once, for it may be wrong for hours.
                if told != error { logger.error("cannot listen", metadata: ["reason": "\(error)"]) }
                told = error
                let reason = "\(error)"
                try? await stream.homeLoop.submit { [stream] in
                    stream.isDown(because: reason)
                    stream.tryFailed()
                }.get()
                let pause = if case .listening = error { patience.retry } else { patience.look }
                try? await Task.sleep(for: .nanoseconds(pause.nanoseconds))
                known = file?.stamp
            }
        }
        logger.info("camera released")
    }

    private func makePlan() throws(ListenError) -> ListenPlan {
        try ListenPlan(configuration) { path throws(ListenError) in try DescriptionFile(path: path).read() }
    }

    /// Returns when the file says something else and has come to rest, when `isCutOff` says so, or the task is cancelled. A file that is gone or
    /// wrong is told of once, what was known goes on, and it is read again until it is right: not all that hinders reading shows in
    /// its times.
    private func untilChanged(
        from plan: ListenPlan, known: DescriptionFile.Stamp?, or isCutOff: () async -> Bool
    ) async -> DescriptionFile.Stamp? {
        var known = known
        var last = known
        var told: ListenError?
        while !Task.isCancelled {
            try? await Task.sleep(for: .nanoseconds(patience.look.nanoseconds))
            if await isCutOff() {
                logger.notice("interface changed")
                return known
            }
            guard let stamp = file?.stamp, !Task.isCancelled else { continue }
            // One that is just being written is looked at again.
            defer { last = stamp }
            guard stamp == last, stamp != known else { continue }
            do throws(ListenError) {
                let isChanged = try makePlan() != plan
                known = stamp
                told = nil
                guard isChanged else { continue }
                logger.notice("description changed")
                return known
            } catch {
                if told != error { logger.error("description not taken up", metadata: ["reason": "\(error)"]) }
                told = error
            }
        }
        return known
    }

    private func open(_ plan: ListenPlan) async throws(ListenError) -> NIOLoopBound<ListenSession> {
        var patience = patience
        patience.stall = min(patience.stall, configuration.timeout)
        do {
            return try await stream.homeLoop.flatSubmit { [stream, patience, wallClock, logger] in
                ListenSession.open(plan, stream: stream, patience: patience, wallClock: wallClock, logger: logger)
            }.get()
        } catch let error as ListeningError {
            throw .listening(error)
        } catch {
            throw .unreadable(reason: "\(error)")
        }
    }

    private func close(_ session: NIOLoopBound<ListenSession>) async {
        try? await stream.homeLoop.submit { session.value.stop() }.get()
    }
}
