/// Why a stream cannot be had.
package enum StreamError: Error, Sendable, Hashable {
    /// Another stream lives on that path.
    case pathTaken(StreamPath)
    /// The source did not come within the start time-out, or is away and was never there.
    case unavailable(StreamPath)
    /// The stream has a source; it takes one at a time.
    case alreadyPublished(StreamPath)
    /// A source without tracks, or with more than `StreamTrack.limit`.
    case unusableTracks(StreamPath, count: Int)
    /// Who asks is a relay from which the stream comes.
    case loop(StreamPath)
    /// The server is stopping.
    case closed(StreamPath)
}

extension StreamError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .pathTaken(let path): "\(path): there is a stream on this path already; give one of them another name"
        case .unavailable(let path): "\(path): its source is not there; see the log lines of that camera"
        case .alreadyPublished(let path): "\(path): it has a source already; end that one first"
        case .unusableTracks(let path, let count):
            "\(path): its source has \(count) tracks; 1 to \(StreamTrack.limit) can be carried"
        case .loop(let path): "\(path): it comes from the relay that asks for it"
        case .closed(let path): "\(path): the server is stopping"
        }
    }
}
