import Egress
import NIOPosix

extension BlockingThreads {
    /// Where still pictures are decoded: 10 ms of a processor each, which nobody else is to wait for. Two, however many relays a process
    /// has; they stay.
    static let pictures: BlockingThreads = {
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        return BlockingThreads(pool)
    }()
}
