import ISOMedia
import RTSP

/// Why a movie cannot be had.
package enum MediaRefusal: Error, Sendable, Hashable {
    /// There is none of that name, or it is hidden.
    case notFound
    /// Its name leads out of the folder, or the system keeps it from us.
    case forbidden
    /// A link leads out of the folder: nobody is told what there is.
    case outside
    /// Too many others are being opened.
    case busy
    /// It is no movie, or none that can be played.
    case unsupported(MovieError)
    /// The file cannot be read now.
    case unreadable(MovieError)

    init(_ error: MovieError) {
        switch error {
        case .unreadable, .changed, .notAtHand: self = .unreadable(error)
        case .notAMovie, .truncated, .malformed, .tooMuch, .nothingToPlay, .notAFile: self = .unsupported(error)
        }
    }

    /// The status line that says so.
    package var status: RTSPStatus {
        switch self {
        case .notFound, .outside: .notFound
        case .forbidden: .forbidden
        case .unsupported: .unsupportedMediaType
        case .unreadable, .busy: .serviceUnavailable
        }
    }

    /// For the log: it may say what the one who asked is not to know.
    package var reason: String {
        switch self {
        case .notFound: "there is no such movie"
        case .forbidden: "its name leads out of the folder, or it may not be read"
        case .outside: "a link leads out of the folder; have the folder hold the file itself, or all of the folders"
        case .busy: "too many others are being opened"
        case .unsupported(let error), .unreadable(let error): "\(error)"
        }
    }
}
