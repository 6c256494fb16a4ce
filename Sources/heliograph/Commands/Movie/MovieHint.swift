import ArgumentParser
import Foundation
import ISOMedia

struct MovieHint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hint",
        abstract: "Write a copy of a movie with hint tracks, which tell a server how to send it.",
        discussion: """
            One hint track for each track of pictures or sound that can be sent; hint tracks that were there are left \
            out. The copy gets its name when it is whole. It may be read by who may read the movie, or the file that it \
            takes the place of.

            Examples:
              heliograph movie hint lecture.mp4 hinted.mp4
              heliograph movie hint lecture.mp4 hinted.mp4 --optimize size --mtu 1200
            """
    )

    @OptionGroup var source: MovieFile

    @Argument(help: "The hinted copy.", completion: .file())
    var copy: String

    @Option(help: "The longest RTP packet, with its header, in bytes.")
    var mtu = 1452

    @Option(
        help: "copy: the packets' payload stands in the hint track, fast to read; size: it stays in the media, small.")
    var optimize = Optimization.copy

    @Flag(help: "Write over COPY where it is there.")
    var force = false

    enum Optimization: String, ExpressibleByArgument, CaseIterable {
        case copy
        case size
    }

    mutating func validate() throws {
        guard (128...65_000).contains(mtu) else { throw ValidationError("--mtu is 128 to 65000.") }
    }

    mutating func run() throws {
        let bytes = try source.open()
        try checkOutput(against: bytes)
        let movie = try source.movie(in: bytes)
        let tracks = hintedTracks(of: movie, in: bytes)
        let size: Int64
        do {
            let writer = try HintWriter(movie, in: bytes, tracks: tracks, form: optimize == .copy ? .fast : .small)
            let file = try NewFile(at: copy, identifier: UUID().uuidString, permissions: bytes.permissions)
            for (track, lost) in zip(tracks, try writer.write(to: file)) where lost > 0 {
                source.complain("track \(track.media.id): \(LeftOutSamples(count: lost))")
            }
            try file.finish()
            size = file.size
        } catch let failure as NewFile.Failure {
            complain("\(failure)")
            throw ExitCode.failure
        } catch {
            source.complain("\(error)")
            throw ExitCode.failure
        }
        var output = TextOutput()
        try output.line("\(copy): \(tracks.count) hint tracks, \(size) bytes")
        try output.flush()
    }

    private func checkOutput(against bytes: FileBytes) throws {
        let there: FileBytes.Identity
        do {
            there = try FileBytes.Identity(ofFileAt: copy)
        } catch .unreadable(ENOENT) {
            return
        } catch .unreadable(let code) {
            complain("\(copy): \(String(cString: strerror(code)))")
            throw ExitCode.validationFailure
        } catch {
            complain("\(copy) is no plain file; name another one")
            throw ExitCode.validationFailure
        }
        guard there.device != bytes.identity.device || there.node != bytes.identity.node else {
            complain("\(copy) is the movie itself; name another one")
            throw ExitCode.validationFailure
        }
        guard force else {
            complain("\(copy) is there already; --force writes over it")
            throw ExitCode.validationFailure
        }
    }

    /// Of the copy, which has a name of its own.
    private func complain(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data("Error: \(text)\n".utf8))
    }

    /// Of those that cannot be carried, standard error tells why.
    private func hintedTracks(of movie: Movie, in bytes: FileBytes) -> [HintedTrack] {
        var tracks: [HintedTrack] = []
        for track in movie.tracks where ["vide", "soun"].contains(track.handler) {
            do throws(MovieError) {
                tracks.append(try HintedTrack(track, in: bytes, limit: mtu - 12))
            } catch {
                source.complain("track \(track.id) is left out: \(error)")
            }
        }
        return tracks
    }
}
