import ISOMedia

/// A movie that somebody looks at: shared by all who look at the same file, and closed with the last of them.
///
/// It stays what was opened, whatever becomes of the file's name.
package final class OpenedMovie: Sendable {
    package let identity: FileBytes.Identity
    package let program: MovieProgram

    init(identity: FileBytes.Identity, program: MovieProgram) {
        self.identity = identity
        self.program = program
    }

    /// Another one for every file, and for every file that has been written to.
    package var tag: String { identity.tag }

    /// The same for a file that a recorder adds to; `nil` where nobody does.
    package var growing: String? {
        program.mayGrow ? "\(identity.device)-\(identity.node)" : nil
    }

    /// It as somebody knows it who has looked at it before: a recorder may have added to it since.
    func known(from earlier: OpenedMovie?) -> OpenedMovie {
        guard let earlier, let growing, earlier.growing == growing, earlier.identity.size <= identity.size else {
            return self
        }
        return earlier
    }

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
