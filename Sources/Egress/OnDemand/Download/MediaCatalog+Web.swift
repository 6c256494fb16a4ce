import ISOMedia
import NIOCore

extension MediaCatalog {
    /// Opens the file of a movie to be fetched as it is; fails with `MediaRefusal`, `nil` for a path that is not the catalog's.
    ///
    /// Whether it can be played is for the one who fetches it to see: it may know more codecs than go over RTP.
    package func download(at path: String, on eventLoop: any EventLoop) async throws -> MovieDownload? {
        guard let name = configuration.name(at: path) else { return nil }
        return try await whileWanted { [transfers, configuration] asker in
            transfers.run(on: eventLoop) {
                guard asker.waits else { throw CancellationError() }
                guard !name.isEmpty else { throw MediaRefusal.notFound }
                return try MovieDownload(
                    MovieFiles.open(name, below: configuration.folder), name: name, threads: transfers)
            }
        }
    }

    /// Opens a movie to be taken apart; fails with `MediaRefusal`, `nil` for a path that is not the catalog's. `known` is what the one
    /// who asks knows of it, and needs no more than: of a file that has only grown since it is that.
    package func movie(
        at path: String, on eventLoop: any EventLoop, known: OpenedMovie? = nil
    ) async throws -> OpenedMovie? {
        guard let name = configuration.name(at: path) else { return nil }
        guard !name.isEmpty else { throw MediaRefusal.notFound }
        return try await whileWanted { asker in
            self.open(name, for: asker, on: eventLoop, by: self.transfers, known: known)
        }
    }

    /// Who has hung up waits for nothing: its task is cancelled.
    private func whileWanted<Value: Sendable>(
        _ open: (MovieAsker) -> EventLoopFuture<Value>
    ) async throws -> Value {
        let asker = MovieAsker()
        return try await withTaskCancellationHandler {
            try await open(asker).get()
        } onCancel: {
            asker.leave()
        }
    }
}
