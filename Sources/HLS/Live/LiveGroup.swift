import NIOCore

/// What a new viewer begins with: the opening, and the fragments since the last key frame.
struct LiveGroup: Sendable {
    /// A larger group is not kept: who comes then waits for the next.
    private static let mostBytes = 16 * 1024 * 1024
    private static let mostFragments = 4096

    private(set) var opening: LiveOpening?
    private(set) var fragments: [LiveFragment] = []
    private var bytes = 0

    var isStartable: Bool { opening != nil && !fragments.isEmpty }

    mutating func took(_ event: LiveEvent) {
        switch event {
        case .opened(let opening):
            self.opening = opening
            clear()
        case .fragment(let fragment):
            if fragment.startsGroup { clear() } else if fragments.isEmpty { return }
            bytes += fragment.bytes.readableBytes
            fragments.append(fragment)
            if bytes > Self.mostBytes || fragments.count > Self.mostFragments { clear() }
        // Nobody is to begin with a picture of long ago.
        case .lost, .ended: clear()
        case .returned: break
        }
    }

    private mutating func clear() {
        fragments = []
        bytes = 0
    }
}
