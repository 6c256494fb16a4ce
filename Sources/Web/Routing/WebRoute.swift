import Egress
import Reflector

/// What a path leads to.
package enum WebRoute: Sendable, Hashable {
    /// A movie of the folder, by its whole path.
    case movie(String)
    /// A playlist, or a piece of a stream that a playlist names.
    case hls(StreamPath, file: String)
    case snapshot(StreamPath)
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
            self = .movie(target.path)
            return
        }
        guard !target.isFolder, target.segments.count >= 2, let file = target.segments.last,
            let stream = StreamPath(target.segments.dropLast().joined(separator: "/"))
        else { return }
        if file == "snapshot.jpg" {
            self = .snapshot(stream)
        } else if Self.endings.contains(where: { file.hasSuffix($0) && file.utf8.count > $0.utf8.count }) {
            self = .hls(stream, file: file)
        }
    }
}

extension MediaConfiguration {
    fileprivate func holds(_ segments: [String]) -> Bool {
        let own = path.split(separator: "/").map(String.init)
        return segments.count > own.count && segments.starts(with: own)
    }
}
