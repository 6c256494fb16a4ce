import ISOMedia
import NIOCore

/// A movie that somebody looks at: shared by all who look at the same file, and closed with the last of them.
///
/// It stays what was opened, whatever becomes of the file's name.
package final class OpenedMovie: Sendable {
    /// How old it may be for who asks what there is by now.
    private static let patience = (least: TimeAmount.seconds(2), most: TimeAmount.seconds(10))

    package let program: MovieProgram
    private let file: AwaitedFile
    /// When its parsing came to an end, and how long that took.
    private let parsed: NIODeadline
    private let cost: TimeAmount

    /// Parsing has taken from `begin` to `end`.
    init(_ file: AwaitedFile, program: MovieProgram, from begin: NIODeadline, to end: NIODeadline) {
        self.file = file
        self.program = program
        parsed = end
        cost = end - begin
    }

    package var identity: FileBytes.Identity { file.identity }

    /// Another one for every file, and for every file that has been written to.
    package var tag: String { identity.tag }

    /// A recorder may add to it.
    package var isGrowing: Bool { program.mayGrow }

    /// It as somebody knows it who has looked at it before: a recorder may have added to it since.
    func known(from earlier: OpenedMovie?) -> OpenedMovie {
        guard let earlier, isGrowing, earlier.hasGrown(into: identity) else { return self }
        return earlier
    }

    /// It may be that file now, as far as that can be told without reading it.
    func hasGrown(into now: FileBytes.Identity) -> Bool {
        isGrowing && identity.isSameFile(as: now) && identity.size <= now.size
    }

    /// The same, and not much later: a recorder adds all the time, and to parse all of it anew for everybody who asks would cost more
    /// than it is worth.
    func hasJustGrown(into now: FileBytes.Identity, at time: NIODeadline) -> Bool {
        hasGrown(into: now) && time - parsed < max(Self.patience.least, min(cost * 20, Self.patience.most))
    }

    /// What was read of it is as it was. Blocks.
    var isIntact: Bool { (try? file.expectIntact()) != nil }

    /// Seconds since 1970.
    var modified: Int64 { identity.modified / 1_000_000_000 }

    /// The same for as long as the file is, and another for every other file.
    var sessionDescriptionIdentifier: UInt64 { identity.node }
}

extension FileBytes.Identity {
    /// As an entity tag, without quotes.
    var tag: String {
        [device, node, UInt64(bitPattern: size), UInt64(bitPattern: modified)]
            .map { String($0, radix: 16) }.joined(separator: "-")
    }
}

extension MovieProgram {
    /// In fragments, which a recorder adds to the end, one by one.
    var mayGrow: Bool { source?.movie.isFragmented == true }
}
