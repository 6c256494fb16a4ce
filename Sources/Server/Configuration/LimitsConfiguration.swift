import NIOCore

/// What one peer may take of the relay, and what the relay may ask of the network at once.
package struct LimitsConfiguration: Sendable, Equatable {
    /// Open connections from one address, of RTSP and of HTTP each.
    package var connectionsPerAddress: Int
    /// Requests on a connection before its first SETUP succeeds.
    package var requestsBeforeSession: Int
    /// How long a request may take to arrive whole.
    package var requestTimeout: TimeAmount
    /// How long a connection without a session may be silent.
    package var idleTimeout: TimeAmount
    /// How long a session lives without a sign of its viewer; announced in the Session header. Over HTTP a viewer may take as long to
    /// read what it was sent in one piece.
    package var sessionTimeout: TimeAmount
    /// Cameras being connected to at the same moment.
    package var simultaneousConnects: Int
    /// The pictures since a stream's last key frame that are kept for viewers to come, in bytes; a larger group is not kept.
    package var groupMemory: Int
    /// The largest RTP packet sent to viewers, in bytes; larger ones of a camera are cut.
    package var packetSize: Int

    package init(
        connectionsPerAddress: Int = 1024,
        requestsBeforeSession: Int = 32,
        requestTimeout: TimeAmount = .seconds(10),
        idleTimeout: TimeAmount = .seconds(30),
        sessionTimeout: TimeAmount = .seconds(60),
        simultaneousConnects: Int = 128,
        groupMemory: Int = 16_000_000,
        packetSize: Int = 1452
    ) {
        self.connectionsPerAddress = connectionsPerAddress
        self.requestsBeforeSession = requestsBeforeSession
        self.requestTimeout = requestTimeout
        self.idleTimeout = idleTimeout
        self.sessionTimeout = sessionTimeout
        self.simultaneousConnects = simultaneousConnects
        self.groupMemory = groupMemory
        self.packetSize = packetSize
    }
}
