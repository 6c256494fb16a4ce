import ISOMedia
import RTSP

/// Why a movie cannot be had.
package enum MediaRefusal: Error, Sendable, Hashable {
    /// There is none of that name, or it is hidden.
    case notFound
    /// It lies outside of the folder, or the system keeps it from us.
    case forbidden
    /// It is no movie, or none that can be played.
    case unsupported(MovieError)
    /// The file cannot be read now.
    case unreadable(MovieError)

    init(_ error: MovieError) {
        switch error {
        case .unreadable: self = .unreadable(error)
        case .notAMovie, .truncated, .malformed, .tooMuch, .nothingToPlay, .notAFile: self = .unsupported(error)
        }
    }

    /// The status line that says so.
    package var status: RTSPStatus {
        switch self {
        case .notFound: .notFound
        case .forbidden: .forbidden
        case .unsupported: .unsupportedMediaType
        case .unreadable: .serviceUnavailable
        }
    }

    /// For the log.
    var reason: String {
        switch self {
        case .notFound: "there is no such movie"
        case .forbidden: "it lies outside of the folder, or may not be read"
        case .unsupported(let error), .unreadable(let error): "\(error)"
        }
    }
}
