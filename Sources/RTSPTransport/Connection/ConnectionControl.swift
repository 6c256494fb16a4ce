/// What the sessions on a connection tell it (loop-confined).
///
/// A connection without a session is cut when it idles or asks too much; one with a session lives as long as its
/// sessions do, whose time-outs are their own.
package final class ConnectionControl {
    /// Sessions that hang on the connection now.
    package private(set) var sessions = 0
    /// The connection's own end of `close()`.
    var onClose: (() -> Void)?
    /// Called when the last session went.
    var onLastSessionEnded: (() -> Void)?

    /// A control without a connection behind it; the connection attaches itself.
    package init() {}

    /// A session was set up over this connection.
    package func sessionBegan() {
        sessions += 1
    }

    /// A session ended; balances one `sessionBegan()`.
    package func sessionEnded() {
        guard sessions > 0 else { return }
        sessions -= 1
        if sessions == 0 { onLastSessionEnded?() }
    }

    /// Closes the connection; the responder hears `connectionClosed()` as for any other end.
    package func close() {
        onClose?()
    }
}
