import Egress
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
    private let threads: BlockingThreads
    private let whenDown: SnapshotWhenDown
    private let albums = NIOLockedValueBox<[StreamPath: SnapshotAlbum]>([:])

    /// Pictures of the streams of `directory`; `clock` is theirs. `threads` are what pictures are decoded on.
    package init(
        directory: StreamDirectory, clock: StreamClock, threads: BlockingThreads, whenDown: SnapshotWhenDown = .last
    ) {
        self.directory = directory
        self.clock = clock
        self.threads = threads
        self.whenDown = whenDown
    }

    /// The stream's picture, `width` pixels wide, or as wide as it is: not older than a second where it is live. Of one that is down, at
    /// once, the last there was, which tells when it was taken, or none, as is configured.
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
            let album = SnapshotAlbum(of: stream, clock: clock, threads: threads, whenDown: whenDown)
            albums[stream.path] = album
            return album
        }
    }
}
