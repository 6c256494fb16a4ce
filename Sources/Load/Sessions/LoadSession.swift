import NIOCore
import RTSP

/// One viewer: a connection, its conversation, and a count of what comes. Confined to the thread of its context.
final class LoadSession {
    enum Phase: Equatable {
        /// Not begun, or over.
        case idle
        case connecting
        /// Up to the answer to PLAY, or to PAUSE where the plan wants that.
        case conversing
        case playing
        /// TEARDOWN is under way.
        case leaving
    }

    /// For the answer to TEARDOWN.
    static let leavePatience: UInt64 = 2_000_000_000

    let context: SessionContext
    let target: Int
    let url: RTSPURL
    /// What PLAY asks for.
    private let range: RangeHeader
    var phase = Phase.idle
    var machine: PlayClientStateMachine
    var reader = InterleavedReader()
    var socket: StreamSocket?
    var tracks: [SessionTrack] = []
    /// Opened for the tracks to be set up.
    var pairs: [DatagramPair] = []
    /// Tried in turn.
    var remainingAddresses: ArraySlice<HostAddress> = []
    /// Nanoseconds of the monotonic clock, as all times here: when the connection or an answer is given up.
    var deadline: UInt64?
    var keepaliveInterval: UInt64?
    var keepaliveDue: UInt64?
    /// Left during the window and came again.
    var isComingAgain = false
    var isReturning = false

    var playSent: UInt64 = 0
    var hasPacket = false
    /// Counted among those on their way to the first packet.
    var isJoining = false
    /// Played when the window opened.
    var isWhole = false
    var packetsInWindow = 0

    init(number: Int, context: SessionContext) {
        self.context = context
        target = number % context.plan.targets.count
        url = context.plan.targets[target].url
        range = context.plan.range(ofSession: number)
        machine = Self.conversation(context.plan, url, range)
    }

    private static func conversation(
        _ plan: LoadPlan, _ url: RTSPURL, _ range: RangeHeader
    ) -> PlayClientStateMachine {
        var request = PlayClientStateMachine.Request(
            url: url, transport: plan.transport, userAgent: "Heliograph load",
            clientNonce: String(UInt64.random(in: .min ... .max), radix: 16)
        )
        request.range = range
        return PlayClientStateMachine(request)
    }

    // MARK: Beginning

    /// Connects; only an idle session begins.
    func begin(at now: UInt64) {
        guard phase == .idle else { return }
        machine = Self.conversation(context.plan, url, range)
        reader = InterleavedReader()
        tracks = []
        hasPacket = false
        isWhole = false
        packetsInWindow = 0
        isJoining = true
        context.joining += 1
        remainingAddresses = context.plan.targets[target].addresses[...]
        connect(at: now)
    }

    /// To the next address; the failure of the last one is the session's.
    private func connect(at now: UInt64, after error: SystemError? = nil) {
        var error = error
        while let address = remainingAddresses.popFirst() {
            do {
                socket = try StreamSocket.connecting(to: address, port: url.portOrDefault)
                phase = .connecting
                deadline = now &+ patience
                context.socketsChanged = true
                return
            } catch let problem {
                error = problem
            }
        }
        phase = .connecting
        let remedy = error?.remedy ?? "check that the server listens there"
        fail("no connection: \(error.map(\.description) ?? "no address"); \(remedy)")
    }

    /// The socket is writable, or has an error to tell.
    func connectEnded(at now: UInt64) {
        guard phase == .connecting, let socket else { return }
        if let error = socket.connectError {
            socket.discard()
            self.socket = nil
            return connect(at: now, after: error)
        }
        phase = .conversing
        context.socketsChanged = true
        guard let request = machine.connected() else { return fail("the conversation did not begin") }
        ask(request, at: now)
    }

    var patience: UInt64 { UInt64(context.plan.patience.nanoseconds) }

    // MARK: Time

    /// What is due by the clock; called some twenty times a second.
    func tick(at now: UInt64) {
        if let deadline, now >= deadline { return deadlinePassed(at: now) }
        guard phase == .playing else { return }
        // One that gets nothing is not waited for any longer.
        if isJoining, now > playSent &+ 1_000_000_000 { joined() }
        if let keepaliveDue, now >= keepaliveDue {
            self.keepaliveDue = keepaliveInterval.map { now &+ $0 }
            if let request = machine.keepaliveDue() { ask(request, at: now) }
        }
    }

    private func deadlinePassed(at now: UInt64) {
        deadline = nil
        switch phase {
        case .idle, .playing: break
        case .leaving: finish(at: now)
        case .connecting: fail("no connection in time; check the address and that nothing filters the port")
        case .conversing:
            switch machine.timedOut() {
            case .send(let request): ask(request, at: now)
            case .ended(let error): fail(error.description)
            case .ignored: fail(PlayClientError.noAnswer(.pause).description)
            }
        }
    }

    func joined() {
        guard isJoining else { return }
        isJoining = false
        context.joining -= 1
    }
}
