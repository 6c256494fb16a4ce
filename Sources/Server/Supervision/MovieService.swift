import Egress
import ISOMedia
import Logging
import NIOPosix

/// The movies that can be played, and the threads that read them.
struct MovieService: Sendable {
    /// Most of what is read is in the system's cache already; a slow disk is not to be asked for more at once.
    private static let threadCount = 4
    /// To parse a movie of many fragments takes seconds: who plays, and who opens another, is not to wait for it.
    private static let parserCount = 2

    let catalog: MediaCatalog
    private let threads: NIOThreadPool
    private let parsers: NIOThreadPool

    init(_ configuration: MediaConfiguration, logger: Logger) {
        let threads = NIOThreadPool(numberOfThreads: Self.threadCount)
        threads.start()
        self.threads = threads
        let parsers = NIOThreadPool(numberOfThreads: Self.parserCount)
        parsers.start()
        self.parsers = parsers
        catalog = MediaCatalog(
            configuration,
            threads: BlockingThreads(threads), parsers: BlockingThreads(parsers), clock: .system, logger: logger
        ) { file throws(MovieError) in try MovieProgram(reading: file) }
    }

    /// No viewer is left, so what is being parsed is given up.
    func stop() async {
        try? await parsers.shutdownGracefully()
        try? await threads.shutdownGracefully()
    }
}

extension BlockingThreads {
    fileprivate init(_ pool: NIOThreadPool) {
        self.init { work in
            pool.submit { state in
                switch state {
                case .active: work(true)
                case .cancelled: work(false)
                }
            }
        }
    }
}
