import NIOCore
import RTSP

/// What a run is to do.
package struct LoadPlan: Sendable {
    /// The viewers are dealt over them in turn; at least one.
    package var targets: [LoadTarget]
    /// Sessions, over all targets.
    package var viewers: Int
    package var transport: TransportSpecification.LowerTransport
    /// Length of the measuring window.
    package var window: TimeAmount
    /// From the last session's answer to the window.
    package var settle: TimeAmount = .seconds(2)
    /// Sessions begun in a second.
    package var rate = 200.0
    /// Sleep between two looks at the sockets; zero waits for each packet, at the server's cost on the same machine.
    package var drain: TimeAmount = .milliseconds(5)
    /// Sessions that leave and come again in each second of the window.
    package var churn = 0.0
    /// Of a movie: the sessions begin at places spread evenly over so much of it; zero is the beginning for all.
    package var places: TimeAmount = .zero
    /// Each session pauses once it plays.
    package var isPaused = false
    /// The packets tell when they were sent.
    package var isStamped = false
    package var threads = 1
    /// The server, where it runs on this machine.
    package var serverProcess: Int32?
    /// For a connection, and for each answer.
    package var patience: TimeAmount = .seconds(10)

    /// A run with what most want.
    package init(
        targets: [LoadTarget], viewers: Int, transport: TransportSpecification.LowerTransport, window: TimeAmount
    ) {
        self.targets = targets
        self.viewers = viewers
        self.transport = transport
        self.window = window
    }

    /// The fewest files this process has open at once: each session has a connection, and over UDP a pair of ports for
    /// each track, of which there is one at least.
    var openFiles: Int { viewers * (transport == .udp ? 3 : 1) + Self.otherOpenFiles }

    /// Where session `number` begins to play.
    func range(ofSession number: Int) -> RangeHeader {
        guard places > .zero else { return .fromTheBeginning }
        let part = Double(number) / Double(max(1, viewers))
        return .npt(start: .seconds(Double(places.nanoseconds) / 1e9 * part), end: nil)
    }

    /// Standard input and output, and what is read in `/proc`.
    private static let otherOpenFiles = 8
}
