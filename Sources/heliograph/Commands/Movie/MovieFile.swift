import ArgumentParser
import Foundation
import ISOMedia

/// The movie a command is given.
struct MovieFile: ParsableArguments {
    @Argument(help: "The movie file.")
    var file: String

    /// The file, open; says to standard error why not and ends with 1 otherwise.
    func open() throws -> FileBytes {
        try reading { () throws(MovieError) in try FileBytes(path: file) }
    }

    /// The movie in `bytes`; says to standard error why there is none and ends with 1 otherwise.
    func movie(in bytes: FileBytes) throws -> Movie {
        try reading { () throws(MovieError) in try Movie(reading: bytes) }
    }

    /// A track of `movie`; says to standard error which there are and ends with 64 otherwise.
    func track(_ id: UInt32, of movie: Movie) throws -> MovieTrack {
        if let track = movie.track(id) { return track }
        let present = movie.tracks.map { "\($0.id) (\($0.handler))" }.joined(separator: ", ")
        complain("no track \(id); it has \(present.isEmpty ? "none" : present)")
        throw ExitCode.validationFailure
    }

    /// What `body` returns; what it throws is said to standard error, and ends with 1.
    func reading<Value>(_ body: () throws(MovieError) -> Value) throws -> Value {
        do {
            return try body()
        } catch .unreadable(let code) {
            complain(String(cString: strerror(code)))
        } catch {
            complain("\(error)")
        }
        throw ExitCode.failure
    }

    func complain(_ text: String) {
        // Where nobody hears it, the exit code says it alone.
        try? FileHandle.standardError.write(contentsOf: Data("Error: \(file): \(text)\n".utf8))
    }
}
