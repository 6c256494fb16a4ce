import Egress
import ISOMedia
import Logging
import NIOPosix

/// The movies that can be played, and the threads that read them.
struct MovieService: Sendable {
    /// Most of what is read is in the system's cache already; a slow disk is not to be asked for more at once.
    private static let threadCount = 4
    /// Who fetches movies over HTTP keeps nobody waiting who plays one.
    private static let transferCount = 2
    /// To make a segment takes the processor for long, where sound becomes AAC: who fetches a movie, or only opens it, does not wait.
    private static let segmentCount = 2
    /// To parse a movie of many fragments takes seconds: who plays, and who opens another, is not to wait for it. Two of them are left
    /// for those that take no longer than a moment.
    private static let parserCount = 8
    private static let slowParsings = 6
    /// A file that is given up is not read any more, but what was read of one may hold millions of rows.
    private static let patience = Duration.milliseconds(500)

    let catalog: MediaCatalog
    /// Where movies are cut, and their segments made.
    let segments: BlockingThreads
    private let segmentPool: NIOThreadPool
    private let threads: NIOThreadPool
    private let transfers: NIOThreadPool
    private let parsers: NIOThreadPool

    /// `read` makes a program of a file that is open.
    init(
        _ configuration: MediaConfiguration, logger: Logger,
        read: @escaping @Sendable (any RandomAccessBytes) throws(MovieError) -> MovieProgram = {
            file throws(MovieError) in try MovieProgram(reading: file)
        }
    ) {
        let threads = NIOThreadPool(numberOfThreads: Self.threadCount)
        threads.start()
        self.threads = threads
        let transfers = NIOThreadPool(numberOfThreads: Self.transferCount)
        transfers.start()
        self.transfers = transfers
        segmentPool = NIOThreadPool(numberOfThreads: Self.segmentCount)
        segmentPool.start()
        segments = BlockingThreads(segmentPool)
        let parsers = NIOThreadPool(numberOfThreads: Self.parserCount)
        parsers.start()
        self.parsers = parsers
        catalog = MediaCatalog(
            configuration,
            threads: BlockingThreads(threads), transfers: BlockingThreads(transfers),
            parsers: BlockingThreads(parsers), slowParsings: Self.slowParsings, clock: .system, logger: logger,
            read: read)
    }

    /// Gives up what is being parsed; a parser that does not notice is not waited for, and tells nobody what comes of it.
    func stop() async {
        catalog.close()
        await wait(atMost: Self.patience) { [parsers] in try? await parsers.shutdownGracefully() }
        try? await segmentPool.shutdownGracefully()
        try? await transfers.shutdownGracefully()
        try? await threads.shutdownGracefully()
    }
}

extension BlockingThreads {
    init(_ pool: NIOThreadPool) {
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
