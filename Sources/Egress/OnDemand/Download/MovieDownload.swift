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
    /// Many may fetch at once, so that little is kept of each.
    private let growth: FileGrowth
    private let threads: BlockingThreads
    private let isWanted = Atomic(true)

    /// In bytes; `MovieMediaType` needs less.
    private static let printLength = 64

    /// Fails with `.unsupported` where the file does not begin as a movie does. Blocks.
    init(_ file: FileBytes, name: String, threads: BlockingThreads) throws(MediaRefusal) {
        growth = FileGrowth(of: file, prints: FilePrints(length: Self.printLength, most: 16))
        let beginning: ByteBuffer
        do {
            beginning = try file.read(at: 0, count: Int(min(file.size, Int64(Self.printLength))))
            growth.note(beginning, at: 0)
            let end = max(0, file.size - Int64(Self.printLength))
            growth.note(try file.read(at: end, count: Int(file.size - end)), at: end)
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
    /// written over or cut, for half of it would be another's; a recorder may add to it, and who fetches it gets what there was.
    package func readAtHand(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer? {
        guard let bytes = try file.readAtHand(at: offset, count: count), try growth.expectIntactAtHand() else {
            return nil
        }
        growth.note(bytes, at: offset)
        return bytes
    }

    /// The same on the threads for files, told on `eventLoop`; it waits there, and fails with `Left` where its turn comes after `leave`.
    package func read(at offset: Int64, count: Int, on eventLoop: any EventLoop) -> EventLoopFuture<ByteBuffer> {
        threads.run(on: eventLoop) { [self] in
            guard isWanted.load(ordering: .relaxed) else { throw Left() }
            let bytes = try file.read(at: offset, count: count)
            try growth.expectIntact()
            growth.note(bytes, at: offset)
            return bytes
        }
    }

    /// Nobody waits for any of it any more.
    package func leave() {
        isWanted.store(false, ordering: .relaxed)
    }
}
