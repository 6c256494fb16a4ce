import LibAV
import Logging
import Media
import NIOConcurrencyHelpers
import NIOCore
import RTSP
import Reflector

/// Still pictures of the streams: the last key frame, as a JPEG; any thread may ask.
///
/// A stream is looked at for as long as it takes to get its key frame, which is at once where it is live. Who asks while a picture is being
/// made waits for that one.
package final class SnapshotService: Sendable {
    private let directory: StreamDirectory
    private let clock: StreamClock
    private let albums = NIOLockedValueBox<[StreamPath: SnapshotAlbum]>([:])

    /// Pictures of the streams of `directory`; `clock` is theirs.
    package init(directory: StreamDirectory, clock: StreamClock) {
        self.directory = directory
        self.clock = clock
    }

    /// The stream's picture, `width` pixels wide, or as wide as it is: not older than a second where it is live. Of one that is down the
    /// last there was, which tells when it was taken.
    package func snapshot(of path: StreamPath, width: Int?) async -> SnapshotResult {
        guard let stream = directory.stream(at: path) else { return .notFound }
        return await album(of: stream).picture(width: width)
    }

    /// Each stream that comes to a path has an album of its own.
    private func album(of stream: Stream) -> SnapshotAlbum {
        albums.withLockedValue { albums in
            if let known = albums[stream.path], known.stream === stream { return known }
            // Whoever publishes chooses names: of streams that are gone nothing is kept.
            albums = albums.filter { directory.stream(at: $0.key) === $0.value.stream }
            let album = SnapshotAlbum(of: stream, clock: clock)
            albums[stream.path] = album
            return album
        }
    }
}
