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
        var file: MemoryFile?
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        /// How many are kept, and how many bytes they have together.
        var kept = (files: 0, bytes: 0)

        func hasRoom(for count: Int) -> Bool {
            kept.files < PopularBodies.mostKept.files && kept.bytes + count <= PopularBodies.mostKept.bytes
        }

        mutating func keeps(_ count: Int) { kept = (kept.files + 1, kept.bytes + count) }
        mutating func letsGo(_ count: Int) { kept = (kept.files - 1, kept.bytes - count) }
    }

    /// Smaller ones are sent as quickly by a copy, in bytes.
    static let worthwhile = 64 * 1024
    /// The request at which a body is put there.
    static let popular = 3
    /// Of all bodies together: there they lie once more, each in a file of its own.
    private static let mostKept = (files: 128, bytes: 64 << 20)
    private static let mostKnown = 4096
    /// A segment of a live stream is of no interest any more after this.
    private static let life = TimeAmount.seconds(60)

    private let state = NIOLockedValueBox(State())

    /// The body of a resource that never changes.
    func body(_ bytes: ByteBuffer, path: String, tag: String, on eventLoop: any EventLoop) -> WebResponse.Body {
        let key = Key(path: path, tag: tag)
        switch asked(key, bytes.readableBytes, on: eventLoop, mayPut: true) {
        case .plain: return .bytes(bytes)
        case .kept(let file): return .kept(bytes, file, from: 0)
        case .toBePut: return put(bytes, key).map { .kept(bytes, $0, from: 0) } ?? .bytes(bytes)
        }
    }

    /// The same where nothing has to be put there first, which is too much work for an event loop; `nil` where something has.
    func bodyAtHand(_ bytes: ByteBuffer, path: String, tag: String, on eventLoop: any EventLoop) -> WebResponse.Body? {
        switch asked(Key(path: path, tag: tag), bytes.readableBytes, on: eventLoop, mayPut: false) {
        case .plain: .bytes(bytes)
        case .kept(let file): .kept(bytes, file, from: 0)
        case .toBePut: nil
        }
    }

    /// Where a body is sent from.
    private enum Place {
        case plain
        case kept(MemoryFile)
        /// This request is the one at which it is put there: counted only where it may be.
        case toBePut
    }

    private func asked(_ key: Key, _ count: Int, on eventLoop: any EventLoop, mayPut: Bool) -> Place {
        guard count >= Self.worthwhile else { return .plain }
        let (place, isFirst) = state.withLockedValue { state -> (Place, Bool) in
            var entry = state.entries[key] ?? Entry()
            let isFirst = entry.requests == 0
            guard !isFirst || state.entries.count < Self.mostKnown else { return (.plain, false) }
            if let file = entry.file { return (.kept(file), false) }
            // Once: who comes while it is being put there gets a copy.
            let isPopular = entry.requests + 1 == Self.popular && state.hasRoom(for: count)
            if isPopular, !mayPut { return (.toBePut, false) }
            entry.requests += 1
            if isPopular { state.keeps(count) }
            state.entries[key] = entry
            return (isPopular ? .toBePut : .plain, isFirst)
        }
        if isFirst {
            eventLoop.scheduleTask(in: Self.life) { [weak self] in self?.forget(key) }
        }
        return place
    }

    private func put(_ bytes: ByteBuffer, _ key: Key) -> MemoryFile? {
        let made = MemoryFile(bytes)
        state.withLockedValue { state in
            if made != nil, state.entries[key] != nil {
                state.entries[key]?.file = made
            } else {
                state.letsGo(bytes.readableBytes)
            }
        }
        return made
    }

    private func forget(_ key: Key) {
        // What goes is given back outside of the lock.
        let gone = state.withLockedValue { state in
            let gone = state.entries.removeValue(forKey: key)?.file
            if let gone { state.letsGo(gone.count) }
            return gone
        }
        _ = gone
    }
}
