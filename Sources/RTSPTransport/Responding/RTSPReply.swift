import RTSP

/// What a responder answers, and what is to happen once the answer is on its way.
package struct RTSPReply {
    /// `CSeq` and `Server` are added by the connection.
    package var response: RTSPResponse
    /// Called on the loop right after the bytes of the response went into the channel: what is sent from here on
    /// stands behind the response (the packets behind the answer to PLAY).
    package var written: (() -> Void)?
    /// The connection is closed once the response is with the kernel.
    package var closesConnection: Bool

    /// A reply of that response; it ends the connection only if told so.
    package init(_ response: RTSPResponse, closesConnection: Bool = false, written: (() -> Void)? = nil) {
        self.response = response
        self.closesConnection = closesConnection
        self.written = written
    }

    /// A reply of a status alone.
    package init(_ status: RTSPStatus) {
        self.init(RTSPResponse(status))
    }
}
