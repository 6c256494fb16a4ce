import ISOMedia
import NIOCore
import Synchronization

/// Whether what there was of a file when it was opened is still there: a recorder may add to its end, and whoever writes over it makes
/// rubbish of what is read from then on.
///
/// Asked behind every reading, for who writes changes the date before the bytes; it costs nothing where nobody writes to the file.
final class FileGrowth: Sendable {
    /// Reads a piece; `nil` where it cannot be had now.
    typealias Reading = (_ offset: Int64, _ count: Int) throws(MovieError) -> ByteBuffer?

    private struct State {
        var isAllowed = true
        /// The file as it was when all was found to be there.
        var known: FileBytes.Identity
        var read: FilePrints
        /// Of all of it, media as well.
        var spread = FilePrints()
    }

    private let file: FileBytes
    private let state: Mutex<State>

    /// `prints` are of what has been read of it, none as yet.
    init(of file: FileBytes, prints: FilePrints = FilePrints()) {
        self.file = file
        state = Mutex(State(known: file.identity, read: prints))
    }

    /// Something was read of the file, and is to be as it was.
    func note(_ bytes: ByteBuffer, at offset: Int64) {
        state.withLock { $0.read.add(bytes, at: offset) }
    }

    /// The same of pieces from all over the file: whoever rewrites the media under tables that stay as they are is found out. Blocks.
    func noteSpread() throws(MovieError) {
        var prints = FilePrints(length: 64)
        try prints.spread(over: file)
        state.withLock { $0.spread = prints }
    }

    /// From now on nobody may add to it.
    func forbid() {
        state.withLock { $0.isAllowed = false }
    }

    /// `nil` where `read` cannot tell now.
    func isIntact(_ read: Reading) throws(MovieError) -> Bool? {
        let now = try file.currentIdentity()
        if now == file.identity { return true }
        let state = state.withLock { $0 }
        if now == state.known { return true }
        guard state.isAllowed, now.size >= file.size else { return false }
        for prints in [state.read, state.spread] {
            guard let areAll = try prints.areAll(in: read) else { return nil }
            guard areAll else { return false }
        }
        self.state.withLock { $0.known = now }
        return true
    }

    /// Throws `.changed` where it is not. Blocks.
    func expectIntact() throws(MovieError) {
        let isIntact = try isIntact { offset, count throws(MovieError) in try file.read(at: offset, count: count) }
        guard isIntact == true else { throw .changed }
    }

    /// The same with what is at hand; false where that does not tell.
    func expectIntactAtHand() throws(MovieError) -> Bool {
        let isIntact = try isIntact { offset, count throws(MovieError) in
            try file.readAtHand(at: offset, count: count)
        }
        guard let isIntact else { return false }
        guard isIntact else { throw .changed }
        return true
    }
}
