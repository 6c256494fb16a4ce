/// Why a file cannot be played, as an operator is told.
package enum MovieError: Error, Sendable, Hashable {
    /// No `moov` box: something else, or a recording that was never closed.
    case notAMovie
    /// The file ends before what is wanted at this offset, in bytes.
    case truncated(at: Int64)
    /// What stands in a box contradicts itself; `offset` is where the box begins in the file, in bytes.
    case malformed(box: FourCC, at: Int64, reason: String)
    /// More than anybody needs of something, and more than one viewer may make us keep.
    case tooMuch(String)
    /// Nothing in it can be sent.
    case nothingToPlay(String)
    /// The system will not let us read; `code` is the `errno`.
    case unreadable(code: Int32)
    /// Somebody has written over it, or added to it, since it was opened.
    case changed
    /// What is wanted is not in memory, and whoever asks must not wait for it: to be asked again where waiting does no harm.
    case notAtHand
    /// Not a plain file: a folder, a pipe, a device.
    case notAFile
}

extension MovieError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notAMovie: "no movie: it has no moov box; an unfinished recording has to be repaired first"
        case .truncated(let offset): "the file ends before byte \(offset), which it says it has; copy it again"
        case .malformed(let box, let offset, let reason): "box \(box) at byte \(offset): \(reason)"
        case .tooMuch(let what): "too much to be a movie: \(what)"
        case .nothingToPlay(let why): "nothing in it can be sent: \(why)"
        case .unreadable(let code): "it cannot be read (error \(code)); look at its permissions"
        case .changed: "it was changed while it was open; put a new file in its place instead (rename)"
        case .notAtHand: "it is not in memory yet"
        case .notAFile: "it is not a plain file"
        }
    }
}
