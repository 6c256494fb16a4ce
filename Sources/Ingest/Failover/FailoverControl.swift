import Logging
import NIOCore
import Reflector

/// Several sources of one stream at work: what they send is watched, and each is told what to do. Confined to the stream's home loop.
final class FailoverControl {
    /// Between looks at the sources.
    private static let look = TimeAmount.milliseconds(100)

    private var machine: FailoverStateMachine
    private let places: [CandidatePlace]
    private let eventLoop: any EventLoop
    private let interval: TimeAmount
    private let logger: Logger
    private var timer: RepeatedTask?

    init(_ places: [CandidatePlace], policy: FailoverPolicy, on eventLoop: any EventLoop, logger: Logger) {
        self.places = places
        self.eventLoop = eventLoop
        self.logger = logger
        machine = FailoverStateMachine(count: places.count, policy: policy)
        interval = .nanoseconds(max(1_000_000, min(Self.look.nanoseconds, policy.stall.nanoseconds / 10)))
        for (index, place) in places.enumerated() {
            place.onChange { [weak self] change in self?.changed(index, change, at: .now()) }
        }
    }

    /// Somebody wants the stream.
    func begin() {
        machine.wanted(at: .now(), holder: places.firstIndex(where: \.hasAir))
        assign(at: .now())
        timer?.cancel()
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            bound.value.look(at: .now())
        }
    }

    /// Nobody does any more.
    func stop() {
        timer?.cancel()
        timer = nil
        machine.unwanted()
        assign(at: .now())
    }

    /// The stream is over.
    func close() {
        stop()
        for place in places { place.finish() }
    }

    private func look(at now: NIODeadline) {
        for (index, place) in places.enumerated() {
            guard let arrival = place.lastArrival else { continue }
            machine.sourceSent(index, at: arrival, isStartable: place.hasShownStart)
        }
        switch machine.timePassed(at: now) {
        case .stalled(let index): logger.warning("source silent", metadata: name(index))
        case .recovered(let index): logger.notice("source sends again", metadata: name(index))
        case .tries(let index): logger.debug("source tried", metadata: name(index))
        case .nothing: break
        }
        assign(at: now)
    }

    private func changed(_ index: Int, _ change: CandidateChange, at now: NIODeadline) {
        switch change {
        case .tookAir:
            switch machine.sourceTookAir(index, at: now) {
            case .returned: logger.notice("source on the air again", metadata: name(index))
            case .tookOver: logger.notice("source on the air", metadata: name(index))
            }
        case .ended:
            switch machine.sourceEnded(index, at: now) {
            case .lost: logger.warning("source lost", metadata: name(index))
            case .nothing: break
            }
        case .failed:
            machine.sourceFailed(index, at: now)
        }
        assign(at: now)
    }

    private func assign(at now: NIODeadline) {
        for (index, place) in places.enumerated() {
            let duty = machine.duty(of: index, at: now)
            place.permission = duty.permission
            place.want(duty != .rest)
        }
    }

    /// As an operator counts.
    private func name(_ index: Int) -> Logger.Metadata { ["source": "\(index + 1)"] }
}

extension FailoverDuty {
    fileprivate var permission: CandidatePermission {
        switch self {
        case .rest, .prove: .none
        case .relieve: .relieve
        // Should its session end, the next one may go on.
        case .rescue, .onAir: .rescue
        }
    }
}
