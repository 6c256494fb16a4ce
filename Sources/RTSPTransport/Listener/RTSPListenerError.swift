/// Why an `RTSPListener` does not listen, or does not take a connection.
package enum RTSPListenerError: Error, Sendable, Equatable, CustomStringConvertible {
    case cannotBind(host: String, port: Int, reason: String)
    case portOutOfRange(Int)
    case alreadyStarted
    /// A limit of `ConnectionLimits` is reached.
    case tooManyConnections
    /// A connection landed on a loop that is not of the listener's group.
    case foreignLoop

    package var description: String {
        switch self {
        case .cannotBind(let host, let port, let reason):
            "cannot listen on \(host), TCP port \(port): \(reason); stop the program that uses the port, choose another "
                + "port, or give this one the right to ports below 1024"
        case .portOutOfRange(let port):
            "\(port) is no TCP port; choose one from 1 to 65535, or 0 for any"
        case .alreadyStarted:
            "the listener was started before; make a new one"
        case .tooManyConnections:
            "too many connections; raise the limits if these are honest viewers"
        case .foreignLoop:
            "the connection is on a foreign event loop; give listener and connections the same group"
        }
    }
}
