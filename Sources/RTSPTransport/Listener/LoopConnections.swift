import Logging
import NIOCore

/// What every connection of one loop shares (loop-confined).
struct ConnectionEnvironment {
    let limits: ConnectionLimits
    let serverName: String
    let middleware: RTSPMiddlewareChain
    let makeResponder: (RTSPRequestContext) -> any RTSPResponder
    /// The media sockets; `nil` where there are none, or media have to stay within the connection.
    private(set) var datagrams: DatagramSocketPool?
    let tally: ListenerTally
    let siblings: LoopConnections
    var tunnels = TunnelBook(limits: ConnectionLimits())
    /// Media go by the connection, or not at all.
    var keepsMedia = false {
        didSet { if keepsMedia { datagrams = nil } }
    }
    /// The pipeline where TLS stands before the connection.
    var entrance = InterleavedWriter.Entrance.socket
    var logger = Logger(label: "heliograph.rtsp")
}

/// A connection as the loop's timer and the listener's end see it (loop-confined).
package protocol OpenConnection: AnyObject {
    /// Is it waiting for something too long?
    func sweep(at now: NIODeadline)
    /// Says goodbye, then ends.
    func stop()
    /// Ends without another word.
    func abort()
}

/// The open connections of one event loop, looked over together: one timer for all of them (loop-confined).
package final class LoopConnections {
    private var connections: [ObjectIdentifier: any OpenConnection] = [:]
    private var sweeping: RepeatedTask?
    private var emptied: [EventLoopPromise<Void>] = []
    private var isStopping = false

    private let eventLoop: any EventLoop
    private let sweepInterval: TimeAmount

    /// Looks at each connection every `sweepInterval`, as long as there are any.
    package init(eventLoop: any EventLoop, sweepInterval: TimeAmount) {
        self.eventLoop = eventLoop
        self.sweepInterval = sweepInterval
    }

    var count: Int { connections.count }

    /// From now on it is looked at; it is aborted where all are being stopped.
    package func opened(_ connection: some OpenConnection) {
        connections[ObjectIdentifier(connection)] = connection
        if isStopping { return connection.abort() }
        guard sweeping == nil else { return }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        sweeping = eventLoop.scheduleRepeatedTask(initialDelay: sweepInterval, delay: sweepInterval) { _ in
            bound.value.sweep(at: .now())
        }
    }

    /// It is gone.
    package func closed(_ connection: some OpenConnection) {
        connections[ObjectIdentifier(connection)] = nil
        guard connections.isEmpty else { return }
        sweeping?.cancel()
        sweeping = nil
        let waiting = emptied
        emptied = []
        for promise in waiting { promise.succeed() }
    }

    func sweep(at now: NIODeadline) {
        for connection in connections.values { connection.sweep(at: now) }
    }

    /// Says goodbye to all; complete when the last is gone.
    package func stop() -> EventLoopFuture<Void> {
        isStopping = true
        let promise = eventLoop.makePromise(of: Void.self)
        emptied.append(promise)
        for connection in connections.values { connection.stop() }
        if connections.isEmpty, let last = emptied.popLast() { last.succeed() }
        return promise.futureResult
    }

    /// Closes what is left.
    package func abort() {
        for connection in connections.values { connection.abort() }
    }
}
