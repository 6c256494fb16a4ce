import Media
import NIOConcurrencyHelpers

/// Every stream of the server by its path; any thread may ask.
package final class StreamDirectory: Sendable {
    private let byPath = NIOLockedValueBox<[StreamPath: Stream]>([:])

    /// The relay that all of them live in.
    package let relay: RelayIdentity

    package init(relay: RelayIdentity = RelayIdentity(.random(in: .min ... .max))) {
        self.relay = relay
    }

    package func stream(at path: StreamPath) -> Stream? {
        byPath.withLockedValue { $0[path] }
    }

    /// Throws `.pathTaken`.
    package func add(_ stream: Stream) throws(StreamError) {
        let isNew = byPath.withLockedValue { streams in
            guard streams[stream.path] == nil else { return false }
            streams[stream.path] = stream
            return true
        }
        guard isNew else { throw StreamError.pathTaken(stream.path) }
    }

    /// Takes the stream out, if it is the one on its path; who holds it keeps it.
    package func remove(_ stream: Stream) {
        byPath.withLockedValue { streams in
            if streams[stream.path] === stream { streams[stream.path] = nil }
        }
    }

    /// In the order of their paths.
    package var streams: [Stream] {
        byPath.withLockedValue { Array($0.values) }.sorted { $0.path.rawValue < $1.path.rawValue }
    }
}
