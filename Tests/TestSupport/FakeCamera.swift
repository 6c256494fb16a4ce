import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A camera made of raw text and bytes, on ephemeral loopback ports: the other side of every pull test.
///
/// It shares no code with the relay, so that the two cannot agree on the same mistake. It records what it is asked,
/// plays a synthetic stream to whoever says PLAY, and is as odd as its behaviour tells it to be.
package final class FakeCamera: Sendable {
    /// Of the RTSP socket.
    package let port: Int
    let loop: any EventLoop
    let core: NIOLoopBound<FakeCameraCore>
    private let isSecure: Bool
    private let record: NIOLockedValueBox<FakeCameraRecord>

    private init(
        port: Int, core: NIOLoopBound<FakeCameraCore>, record: NIOLockedValueBox<FakeCameraRecord>, isSecure: Bool
    ) {
        self.port = port
        self.isSecure = isSecure
        self.loop = core.eventLoop
        self.core = core
        self.record = record
    }

    /// Listens on 127.0.0.1; a port other than 0 lets a camera come back where it was. `inFront` puts TLS before each connection.
    package static func start(
        _ behaviour: FakeCameraBehaviour = FakeCameraBehaviour(),
        port: Int = 0,
        inFront: (@Sendable (any Channel) throws -> Void)? = nil
    ) async throws -> FakeCamera {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let record = NIOLockedValueBox(FakeCameraRecord())
        return try await loop.flatSubmit { () -> EventLoopFuture<FakeCamera> in
            let core = FakeCameraCore(behaviour, loop: loop, record: record)
            let bound = NIOLoopBound(core, eventLoop: loop)
            return core.listen(on: port, inFront: inFront).map {
                FakeCamera(port: $0, core: bound, record: record, isSecure: inFront != nil)
            }
        }.get()
    }

    /// Without credentials.
    package var url: String { "\(isSecure ? "rtsps" : "rtsp")://127.0.0.1:\(port)\(path)" }

    /// Of its one stream.
    package var path: String { record.withLockedValue(\.path) }

    /// Everything asked so far, on all connections.
    package var requests: [FakeRequest] { record.withLockedValue(\.requests) }

    /// Everything asked so far by one method.
    package func requests(_ method: String) -> [FakeRequest] { requests.filter { $0.method == method } }

    /// RTCP and hole punches received over UDP: RTP socket and RTCP socket.
    package var datagrams: [FakeDatagram] { record.withLockedValue(\.datagrams) }

    /// Interleaved frames received from the client: channel and payload.
    package var frames: [(channel: UInt8, bytes: [UInt8])] { record.withLockedValue(\.frames) }

    /// Response status lines the client sent to requests of the camera.
    package var responses: [String] { record.withLockedValue(\.responses) }

    /// Since it was started.
    package var connectionsAccepted: Int { record.withLockedValue(\.connectionsAccepted) }

    /// At the moment.
    package var connectionsOpen: Int { record.withLockedValue(\.connectionsOpen) }

    /// The most sessions there ever were at a time.
    package var mostSessions: Int { record.withLockedValue(\.mostSessions) }

    /// Makes it odd in another way from now on.
    package func change(_ body: @escaping @Sendable (inout FakeCameraBehaviour) -> Void) async throws {
        try await onLoop { body(&$0.behaviour) }
    }

    /// A muted track sends no RTP.
    package func mute(track: Int, _ isMuted: Bool = true) async throws {
        try await onLoop { $0.streams[track].isMuted = isMuted }
    }

    /// The encoder starts anew: other SSRC, sequence number and timestamp, an IDR next (quirk H3).
    package func restartEncoder(keepingSSRC: Bool = false) async throws {
        try await onLoop { core in
            for index in core.streams.indices { core.streams[index].restart(keepingSSRC: keepingSSRC) }
        }
    }

    /// One packet as the test made it, to everyone who plays that track.
    package func send(_ packet: [UInt8], track: Int, control: Bool = false) async throws {
        try await onLoop { $0.send([packet], track: track, control: control) }
    }

    /// Packets of one track, in one write.
    package func send(_ packets: [[UInt8]], track: Int) async throws {
        try await onLoop { $0.send(packets, track: track, control: false) }
    }

    /// Bytes as they are, on every RTSP connection.
    package func sendRaw(_ bytes: [UInt8]) async throws {
        try await onLoop { $0.sendRaw(bytes) }
    }

    /// Text as it is, on every RTSP connection.
    package func sendRaw(_ text: String) async throws {
        try await sendRaw(Array(text.utf8))
    }

    /// Closes every RTSP connection without a word.
    package func dropConnections() async throws {
        try await onLoop { $0.dropConnections() }
    }

    /// Every nonce given so far is stale from now on.
    package func changeNonce() async throws {
        try await onLoop { $0.changeNonce() }
    }

    /// Closes all sockets: the camera is switched off.
    package func stop() async throws {
        try await loop.flatSubmit { [core] in core.value.stop() }.get()
    }

    private func onLoop(_ body: @escaping @Sendable (FakeCameraCore) -> Void) async throws {
        try await loop.submit { [core] in body(core.value) }.get()
    }
}

/// What came to one of a camera's UDP sockets.
package struct FakeDatagram: Sendable {
    /// The datagram.
    package let bytes: [UInt8]
    /// Came to the RTCP socket.
    package let isControl: Bool
    /// When it was read.
    package let arrival: NIODeadline

    /// A receiver report with at least one block.
    package var isReport: Bool { isControl && bytes.count >= 32 && bytes[1] == 201 && bytes[0] & 0x1F > 0 }
}

/// What was seen of the client, readable from any thread.
struct FakeCameraRecord: Sendable {
    var path = "/stream"
    var requests: [FakeRequest] = []
    var datagrams: [FakeDatagram] = []
    var frames: [(channel: UInt8, bytes: [UInt8])] = []
    var responses: [String] = []
    var connectionsAccepted = 0
    var connectionsOpen = 0
    var sessions = 0
    var mostSessions = 0
}

/// The condition did not come true in time.
package struct TookTooLong: Error, CustomStringConvertible {
    /// What was waited for.
    package let description: String
}

/// Returns as soon as `condition` holds, throws `TookTooLong` when it does not within the bound.
package func eventually(
    _ claim: String,
    within bound: TimeAmount = .seconds(30),
    _ condition: () async throws -> Bool
) async throws {
    let deadline = NIODeadline.now() + bound
    while try await !condition() {
        guard NIODeadline.now() < deadline else { throw TookTooLong(description: "not within \(bound): \(claim)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}
