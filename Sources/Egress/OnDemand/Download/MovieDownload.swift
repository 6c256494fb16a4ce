import ISOMedia
import NIOCore

/// A movie's file as it lies on the disk, for those who fetch its bytes.
///
/// It stays the file that was opened, whatever its name comes to stand for; closed with the last reference.
package final class MovieDownload: Sendable {
    /// In bytes.
    package var size: Int64 { file.size }
    /// What it is called in `Content-Type`.
    package let mediaType: MovieMediaType
    private let file: FileBytes
    private let threads: BlockingThreads

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
    package var tag: String {
        let identity = file.identity
        return [
            identity.device, identity.node, UInt64(bitPattern: identity.size), UInt64(bitPattern: identity.modified),
        ]
        .map { String($0, radix: 16) }.joined(separator: "-")
    }

    /// When it was written, in seconds since 1970.
    package var modified: Int64 { file.identity.modified / 1_000_000_000 }

    /// Reads on the threads for files, and tells on `eventLoop`; fails once the file has been written to, for half of it would be another's.
    package func read(at offset: Int64, count: Int, on eventLoop: any EventLoop) -> EventLoopFuture<ByteBuffer> {
        threads.run(on: eventLoop) { [file] in
            let bytes = try file.read(at: offset, count: count)
            // Behind the reading: who writes changes the date before the bytes.
            guard try file.isAsOpened() else { throw MovieError.changed }
            return bytes
        }
    }
}

extension MediaCatalog {
    /// Opens the file of a movie to be fetched as it is; fails with `MediaRefusal`, `nil` for a path that is not the catalog's.
    ///
    /// Whether it can be played is for the one who fetches it to see: it may know more codecs than go over RTP.
    package func download(at path: String, on eventLoop: any EventLoop) -> EventLoopFuture<MovieDownload>? {
        guard let name = configuration.name(at: path) else { return nil }
        return threads.run(on: eventLoop) { [threads, configuration] in
            guard !name.isEmpty else { throw MediaRefusal.notFound }
            return try MovieDownload(MovieFiles.open(name, below: configuration.folder), name: name, threads: threads)
        }
    }
}
