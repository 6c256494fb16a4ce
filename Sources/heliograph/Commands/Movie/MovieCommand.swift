import ArgumentParser

/// `heliograph movie`: what the tools of Apple's streaming server did for movie files, one for one (docs/movies.md).
struct MovieCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "movie",
        abstract: "Look into QuickTime, MP4 and 3GP files, with and without hint tracks.",
        discussion: """
            Examples:
              heliograph movie info lecture.mov          how long, which tracks, what hinters counted
              heliograph movie boxes lecture.mov         the boxes of the file
              heliograph movie samples lecture.mov 1     where each sample is, and when it is shown
              heliograph movie table lecture.mov 1 stts  a table as it stands in the file
              heliograph movie packets lecture.mov       the RTP packets it is sent as
              heliograph movie sdp lecture.mov           its session description
              heliograph movie hint lecture.mp4 new.mp4  a copy with hint tracks
              heliograph movie broadcast lecture.mov rtp://239.1.1.1:5004 --sdp lecture.sdp
                                                         sends it, to an address or a server

            Exit codes: 0 done, 1 the file cannot be read or is no movie, 64 wrong usage, or no such track or table.
            """,
        subcommands: [
            MovieSummary.self, MovieBoxes.self, MovieTracks.self, MovieSamples.self, MovieTable.self, MoviePackets.self,
            MovieSDP.self, MovieHint.self, MovieBroadcastCommand.self,
        ]
    )
}
