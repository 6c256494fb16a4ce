import ISOMedia
import RTSPTransport

/// Why a movie is not broadcast, or no longer.
package enum BroadcastError: Error, Sendable {
    /// What is wrong with it, in words.
    case wrongTarget(String)
    /// The address, the interface, the server, or what it says.
    case push(PushError)
    /// So many tracks need ports that there are not.
    case tooManyTracks
    /// The session description cannot be written.
    case description(reason: String)
    /// The movie cannot be read any further.
    case movie(MovieError)
    /// The server has taken nothing for a while.
    case stalled
}

extension BroadcastError: CustomStringConvertible {
    /// The cause and what to look at; never a URL or a password.
    package var description: String {
        switch self {
        case .wrongTarget(let reason): reason
        case .push(let error): error.description
        case .tooManyTracks: "there are no ports for all tracks; begin with a lower one, or choose tracks"
        case .description(let reason): "the session description cannot be written: \(reason)"
        case .movie(let error): "the movie cannot be read any further: \(error)"
        case .stalled: "the server takes nothing any more; check it and the network"
        }
    }
}
