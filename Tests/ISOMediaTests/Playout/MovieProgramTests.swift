import Media
import NIOCore
import TestSupport
import Testing

@testable import ISOMedia

/// What is said of a movie.
@Suite struct MovieProgramTests {
    @Test("S9 the description has the range of the movie, a control for all of it and one for each track")
    func description() throws {
        let program = try MovieProgram.fake(
            video: .video(seconds: 10), audio: .audio(seconds: 10), duration: 10_041_667)
        let text = program.sessionDescription(title: "media/a.mov", identifier: 7, version: 8, from: "192.0.2.1")
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        #expect(
            lines == [
                "v=0", "o=- 7 8 IN IP4 192.0.2.1", "s=media/a.mov", "c=IN IP4 0.0.0.0", "t=0 0", "a=control:*",
                "a=range:npt=0-10.041667", "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:trackID=0",
                "m=audio 0 RTP/AVP 0", "a=control:trackID=1", "",
            ])
        let read = try SessionDescription(parsing: ByteBuffer(string: text))
        #expect(read.tracks.map(\.control) == ["trackID=0", "trackID=1"])
        #expect(read.range == "npt=0-10.041667")
    }

    @Test("A movie's own lines are taken over where they say something of it, and none can smuggle in another")
    func ownLines() throws {
        let own = """
            v=0\r\no=evil 1 1 IN IP4 198.51.100.1\r\ns=x\r\ni=A film\u{7}\r\nc=IN IP4 198.51.100.1\r\nb=AS:5\r\n\
            a=control:rtsp://evil/\r\na=range:npt=0-1\r\na=isma-compliance:1,1.0,1\r\ngarbage\r\n\
            m=video 0 RTP/AVP 96\r\na=late:1\r\n
            """
        let track = try #require(
            MovieProgram.Track(lines: "m=audio 0 RTP/AVP 0\r\n", packets: FakePackets.audio(seconds: 1)))
        let program = try MovieProgram(tracks: [track], duration: 0, name: "A\r\nm=evil", sessionDescription: own)
        let text = program.sessionDescription(title: "t", identifier: 1, version: 2, from: "2001:db8::1")
        #expect(text.contains("s=Am=evil\r\ni=A film\r\nc=IN IP6 ::\r\nt=0 0\r\na=isma-compliance:1,1.0,1\r\n"))
        #expect(text.contains("a=range:npt=0-\r\n"))
        #expect(!text.contains("198.51.100.1") && !text.contains("late") && !text.contains("rtsp:"))
    }

    @Test(
        "There is always a name of the session: the movie's, else the one that is given, else a dash (RFC 4566 §5.3)",
        arguments: [
            ("A film", "t", "A film"), ("", "t", "t"), ("\u{1}\r\n", "t", "t"), (" ", "\t ", "-"), ("\u{7F}", "", "-"),
        ])
    func sessionName(name: String, title: String, told: String) throws {
        let track = try #require(
            MovieProgram.Track(lines: "m=audio 0 RTP/AVP 0\r\n", packets: FakePackets.audio(seconds: 1)))
        let program = try MovieProgram(tracks: [track], duration: 0, name: name)
        let text = program.sessionDescription(title: title, identifier: 1, version: 2, from: "192.0.2.1")
        #expect(text.contains("\r\ns=\(told)\r\nc="))
    }

    @Test("A movie without a track that can be sent says why")
    func nothing() {
        #expect(throws: MovieError.nothingToPlay("track 3: no codec of ours")) {
            try MovieProgram(tracks: [], leftOut: [.init(track: 3, reason: "no codec of ours")], duration: 5)
        }
        #expect(MovieProgram.Track(lines: "nothing", packets: FakePackets.audio(seconds: 1)) == nil)
    }

    @Test("Times have a point and three places at the least")
    func seconds() {
        #expect(
            [0, 1, 500_000, 1_234_500, 61_000_000, -5].map(MovieProgram.seconds) == [
                "0.000", "0.000001", "0.500", "1.2345", "61.000", "0.000",
            ])
    }

    @Test("The pace ties the movie to the clock, forward, faster and backwards")
    func pace() {
        let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        let twice = PlayoutPace(from: 5_000_000, at: now, rate: 2)
        #expect(twice.movieTime(at: now + .seconds(3)) == 11_000_000)
        #expect(twice.deadline(of: 6_000_000) == now + .milliseconds(500))
        let back = PlayoutPace(from: 5_000_000, at: now, rate: -0.5)
        #expect(back.movieTime(at: now + .seconds(2)) == 4_000_000 && !back.isForward)
        #expect(back.deadline(of: 4_000_000) == now + .seconds(2))
        _ = twice.deadline(of: .max)
        _ = back.deadline(of: .min)
    }
}
