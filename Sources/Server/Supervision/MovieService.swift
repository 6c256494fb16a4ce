import Egress
import ISOMedia
import Logging
import NIOPosix

/// The movies that can be played, and the threads that read them.
struct MovieService: Sendable {
    /// Most of what is read is in the system's cache already; a slow disk is not to be asked for more at once.
    private static let threadCount = 4

    let catalog: MediaCatalog
    private let threads: NIOThreadPool

    init(_ configuration: MediaConfiguration, logger: Logger) {
        let threads = NIOThreadPool(numberOfThreads: Self.threadCount)
        threads.start()
        self.threads = threads
        catalog = MediaCatalog(
            configuration,
            threads: BlockingThreads { work in
                threads.submit { state in
                    switch state {
                    case .active: work(true)
                    case .cancelled: work(false)
                    }
                }
            },
            clock: .system, logger: logger
        ) { file throws(MovieError) in try MovieProgram(reading: file) }
    }

    /// No viewer is left.
    func stop() async {
        try? await threads.shutdownGracefully()
    }
}
