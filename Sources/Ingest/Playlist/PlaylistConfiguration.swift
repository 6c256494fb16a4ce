import NIOCore

/// What a playlist consists of, as it is configured.
package enum PlaylistItem: Sendable, Equatable {
    /// All that a playlist's file names, or all movies of a folder.
    case contents(of: String)
    /// A movie; or a folder, or a playlist's file, of whose movies each is meant.
    case entry(PlaylistEntry)

    /// Absolute, or relative to the working directory.
    package var path: String {
        switch self {
        case .contents(let path): path
        case .entry(let entry): entry.path
        }
    }
}

/// Movie files that are played one after the other, as a camera would send them.
package struct PlaylistConfiguration: Sendable, Equatable {
    package var items: [PlaylistItem]
    package var order: PlaylistOrder
    /// `true` plays only while somebody watches, and goes on where it stopped.
    package var onDemand: Bool
    /// How long an on-demand playlist is played after its last viewer.
    package var linger: TimeAmount
    /// How long a viewer waits for the first movie.
    package var timeout: TimeAmount

    /// A list with the built-in defaults.
    package init(
        items: [PlaylistItem], order: PlaylistOrder = .looped, onDemand: Bool = false,
        linger: TimeAmount = .seconds(30), timeout: TimeAmount = .seconds(10)
    ) {
        self.items = items
        self.order = order
        self.onDemand = onDemand
        self.linger = linger
        self.timeout = timeout
    }
}

extension PlaylistConfiguration: CustomStringConvertible {
    /// What is played and how, in one line.
    package var description: String {
        let what = items.count == 1 ? items[0].path : "\(items.count) movies and folders"
        return switch order {
        case .once: "\(what) once"
        case .looped: "\(what) looped"
        case .random: "\(what) in random order"
        }
    }
}
