import Egress
import HLS
import Reflector

/// What a path leads to.
package enum WebRoute: Sendable, Hashable {
    /// A movie of the folder, by its whole path.
    case movie(String)
    /// A playlist of a movie of the folder, or a piece of one, by the movie's whole path.
    case movieHLS(String, OnDemandFile)
    /// A playlist, or a piece of a stream that a playlist names.
    case hls(StreamPath, file: String)
    case snapshot(StreamPath)
    /// A stream as it is now, by WebSocket.
    case liveSocket(StreamPath)
    /// The same as one endless file.
    case liveMovie(StreamPath)
    /// A page, or nothing.
    case page

    /// What HLS has: names of files behind the path of a stream.
    private static let endings = [".m3u8", ".m4s", ".mp4", ".ts"]

    /// `movies` is the path below which movies lie; `nil` where there are none.
    ///
    /// Movies go first: no stream may lie below their path.
    package init(_ target: WebTarget, movies: MediaConfiguration?) {
        self = .page
        if let movies, movies.holds(target.segments), !target.isFolder {
            self = Self.movie(target, movies)
            return
        }
        guard !target.isFolder, target.segments.count >= 2, let file = target.segments.last,
            let stream = StreamPath(target.segments.dropLast().joined(separator: "/"))
        else { return }
        if file == "snapshot.jpg" {
            self = .snapshot(stream)
        } else if file == "live" {
            self = .liveSocket(stream)
        } else if file == "live.mp4" {
            self = .liveMovie(stream)
        } else if Self.endings.contains(where: { file.hasSuffix($0) && file.utf8.count > $0.utf8.count }) {
            self = .hls(stream, file: file)
        }
    }
}

extension WebRoute {
    private static func movie(_ target: WebTarget, _ movies: MediaConfiguration) -> WebRoute {
        let above = target.segments.dropLast()
        // No movie has such a name.
        guard let file = target.segments.last.flatMap(OnDemandFile.init), movies.holds(Array(above)) else {
            return .movie(target.path)
        }
        return .movieHLS(above.joined(separator: "/"), file)
    }
}

extension MediaConfiguration {
    fileprivate func holds(_ segments: [String]) -> Bool {
        let own = path.split(separator: "/").map(String.init)
        return segments.count > own.count && segments.starts(with: own)
    }
}
