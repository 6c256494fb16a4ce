import Logging
import NIOCore
import RTSPTransport
import Reflector

/// Keeps one stream pushed to one server for as long as the stream lives.
package struct PushSupervisor: Sendable {
    private let stream: Stream
    private let target: RTSPPushTarget
    private let limiter: ConnectLimiter
    private let monitor: PushMonitor
    private let logger: Logger

    /// `name` is what the configuration calls it; `limiter` is shared by all pushes.
    package init(name: String, stream: Stream, target: RTSPPushTarget, limiter: ConnectLimiter, logger: Logger) {
        self.stream = stream
        self.target = target
        self.limiter = limiter
        monitor = PushMonitor(eventLoop: stream.homeLoop)
        var logger = logger
        logger[metadataKey: "push"] = "\(name)"
        logger[metadataKey: "stream"] = "\(stream.path)"
        self.logger = logger
    }

    /// How the push is doing; throws when the event loops are gone.
    package func status() async throws -> PushStatus {
        try await monitor.status()
    }

    /// Returns when the stream is closed, or the task is cancelled; the server has been told then.
    package func run() async {
        let homeLoop = stream.homeLoop
        let made = homeLoop.submit { [stream] in NIOLoopBound(PushInterest(stream), eventLoop: homeLoop) }
        guard let interest = try? await made.get() else { return }
        var schedule = PushSchedule()
        while !Task.isCancelled, let snapshot = await nextAnnouncement(of: interest) {
            monitor.entered(.connecting)
            let push = PushRelay(
                stream: stream, snapshot: snapshot, target: target, limiter: limiter, monitor: monitor, logger: logger)
            let outcome = await push.run()
            guard !Task.isCancelled else { break }
            await rest(after: outcome, by: &schedule)
        }
        monitor.entered(.ended)
        homeLoop.execute { interest.value.end() }
    }

    /// Waits until the stream sends something: who announces and then sends nothing is thrown out by most servers, again and again.
    /// `nil` when the stream is closed, or the task is cancelled.
    private func nextAnnouncement(of interest: NIOLoopBound<PushInterest>) async -> StreamSnapshot? {
        let homeLoop = stream.homeLoop
        monitor.entered(.awaitingStream)
        while !Task.isCancelled {
            let flows = await withTaskCancellationHandler {
                try? await homeLoop.flatSubmit { interest.value.flows() }.get()
            } onCancel: {
                homeLoop.execute { interest.value.end() }
            }
            do {
                let snapshot = try await stream.describe(on: homeLoop).get()
                if flows == true { return snapshot }
            } catch StreamError.unavailable {
                continue
            } catch {
                return nil
            }
        }
        return nil
    }

    private func rest(after outcome: PushOutcome, by schedule: inout PushSchedule) async {
        // The stream's own doing is no loss: it is announced anew as soon as it flows.
        if outcome.error == .streamChanged { return schedule.ended(livedFor: outcome.livedFor) }
        let pause = schedule.pause(
            after: outcome.error, livedFor: outcome.livedFor, random: Double.random(in: 0...1))
        monitor.entered(schedule.isLocked ? .locked : .waiting, because: outcome.error)
        logger.warning(
            schedule.isLocked ? "push auth locked" : "push lost",
            metadata: [
                "reason": "\(outcome.error)", "retry_seconds": "\(Double(pause.nanoseconds / 1_000_000) / 1000)",
            ])
        if pause > .zero { try? await Task.sleep(for: .nanoseconds(pause.nanoseconds)) }
    }
}
