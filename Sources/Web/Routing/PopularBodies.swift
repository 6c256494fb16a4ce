import NIOConcurrencyHelpers
import NIOCore

/// Puts what many fetch where the kernel can send it without a copy for each of them.
///
/// To put it there is a copy, too: only what is asked for again and again is worth it.
final class PopularBodies: Sendable {
    /// What a body is known by.
    private struct Key: Hashable {
        let path: String
        let tag: String
    }

    private struct Entry {
        var requests = 0
        var pages: MemoryFile.Pages?
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        /// Of all pages, in bytes.
        var kept = 0
    }

    /// Smaller ones are sent as quickly by a copy, in bytes.
    static let worthwhile = 64 * 1024
    /// The request at which a body is put there.
    static let popular = 3
    /// Of all bodies together, in bytes: there they lie once more.
    private static let mostKept = 64 << 20
    private static let mostKnown = 4096
    /// A segment of a live stream is of no interest any more after this.
    private static let life = TimeAmount.seconds(60)

    private let file = MemoryFile()
    private let state = NIOLockedValueBox(State())

    /// The body of a resource that never changes.
    func body(_ bytes: ByteBuffer, path: String, tag: String, on eventLoop: any EventLoop) -> WebResponse.Body {
        let count = bytes.readableBytes
        guard let file, count >= Self.worthwhile else { return .bytes(bytes) }
        let key = Key(path: path, tag: tag)
        let (pages, isFirst, isPopular) = state.withLockedValue { state in
            var entry = state.entries[key] ?? Entry()
            let isFirst = entry.requests == 0
            guard !isFirst || state.entries.count < Self.mostKnown else {
                return (MemoryFile.Pages?.none, false, false)
            }
            entry.requests += 1
            // Once: who comes while it is being put there gets a copy.
            let isPopular = entry.requests == Self.popular && state.kept + count <= Self.mostKept
            if isPopular { state.kept += count }
            state.entries[key] = entry
            return (entry.pages, isFirst, isPopular)
        }
        if isFirst {
            eventLoop.scheduleTask(in: Self.life) { [weak self] in self?.forget(key) }
        }
        if let pages { return .pages(bytes, pages, from: 0) }
        guard isPopular else { return .bytes(bytes) }
        let made = file.keep(bytes)
        state.withLockedValue { state in
            if made != nil, state.entries[key] != nil {
                state.entries[key]?.pages = made
            } else {
                state.kept -= count
            }
        }
        return made.map { .pages(bytes, $0, from: 0) } ?? .bytes(bytes)
    }

    private func forget(_ key: Key) {
        // What goes is given back outside of the lock.
        let gone = state.withLockedValue { state in
            let gone = state.entries.removeValue(forKey: key)?.pages
            state.kept -= gone?.count ?? 0
            return gone
        }
        _ = gone
    }
}
