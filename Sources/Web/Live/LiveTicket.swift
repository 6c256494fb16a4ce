import HLS
import NIOCore
import Reflector

/// What a viewer is let in to watch.
package struct LiveTicket: Sendable {
    let service: LiveService
    let path: StreamPath
    let wish: LiveWish

    /// Finds its viewer a place, in a task that ends when it has one, or is told why not.
    func admit(_ viewer: any LiveViewer, on eventLoop: any EventLoop) -> Task<Void, Never> {
        let bound = NIOLoopBound(viewer, eventLoop: eventLoop)
        return Task { await service.join(path, wish, bound, on: eventLoop) }
    }
}
