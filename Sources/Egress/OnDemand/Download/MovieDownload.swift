import ISOMedia
import NIOCore
import Synchronization

/// A movie's file as it lies on the disk, for one who fetches its bytes.
///
/// It stays the file that was opened, whatever its name comes to stand for; closed with the last reference.
package final class MovieDownload: Sendable {
    /// Who fetched it has left.
    package struct Left: Error {}

    /// In bytes.
    package var size: Int64 { file.size }
    /// What it is called in `Content-Type`.
    package let mediaType: MovieMediaType
    private let file: FileBytes
    private let threads: BlockingThreads
    private let isWanted = Atomic(true)

    /// Fails with `.unsupported` where the file does not begin as a movie does. Blocks.
    init(_ file: FileBytes, name: String, threads: BlockingThreads) throws(MediaRefusal) {
        let beginning: ByteBuffer
        do {
            beginning = try file.read(at: 0, count: Int(min(file.size, Int64(MovieMediaType.beginning))))
        } catch {
            throw MediaRefusal(error)
        }
        guard let mediaType = MovieMediaType(name: name, beginning: beginning) else {
            throw .unsupported(.notAMovie)
        }
        self.file = file
        self.mediaType = mediaType
        self.threads = threads
    }

    /// Another one for every file, and for every file that has been written to: an entity tag, without quotes.
    package var tag: String { file.identity.tag }

    /// When it was written, in seconds since 1970.
    package var modified: Int64 { file.identity.modified / 1_000_000_000 }

    /// What can be had without waiting, all of it or nothing: for an event loop, a few bytes at a time. Throws once the file has been
    /// written to, for half of it would be another's.
    package func readAtHand(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer? {
        guard let bytes = try file.readAtHand(at: offset, count: count) else { return nil }
        return try unchanged(bytes)
    }

    /// The same on the threads for files, told on `eventLoop`; it waits there, and fails with `Left` where its turn comes after `leave`.
    package func read(at offset: Int64, count: Int, on eventLoop: any EventLoop) -> EventLoopFuture<ByteBuffer> {
        threads.run(on: eventLoop) { [self] in
            guard isWanted.load(ordering: .relaxed) else { throw Left() }
            return try unchanged(file.read(at: offset, count: count))
        }
    }

    /// Nobody waits for any of it any more.
    package func leave() {
        isWanted.store(false, ordering: .relaxed)
    }

    /// Behind the reading: who writes changes the date before the bytes.
    private func unchanged(_ bytes: ByteBuffer) throws(MovieError) -> ByteBuffer {
        guard try file.isAsOpened() else { throw .changed }
        return bytes
    }
}
