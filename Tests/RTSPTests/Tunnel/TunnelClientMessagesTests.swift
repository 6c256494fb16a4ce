import NIOCore
import Testing

@testable import RTSP

@Suite("A tunnel to a camera, as text")
struct TunnelClientMessagesTests {
    private func answer(_ text: String, pieceLength: Int = .max) -> Result<(TunnelAnswer?, rest: String), TunnelError> {
        var buffer = ByteBuffer()
        var answer: TunnelAnswer?
        let bytes = Array(text.utf8)
        do throws(TunnelError) {
            for start in stride(from: 0, to: bytes.count, by: min(pieceLength, max(1, bytes.count))) {
                buffer.writeBytes(bytes[start...].prefix(pieceLength))
                if answer == nil { answer = try TunnelAnswer(readingFrom: &buffer) }
            }
            return .success((answer, String(buffer: buffer)))
        } catch {
            return .failure(error)
        }
    }

    @Test(
        "L1 the target of both requests is the stream's path and query, not /",
        arguments: [
            ("rtsp+http://u:p@cam/axis-media/media.amp?camera=1", "/axis-media/media.amp?camera=1", "cam"),
            ("rtsp+http://cam:8080?x=1", "/?x=1", "cam:8080"), ("rtsp+http://[::1]:81", "/", "[::1]:81"),
        ])
    func target(text: String, target: String, host: String) throws {
        let url = try #require(RTSPURL(text))
        let request = TunnelRequest(url: url, cookie: try #require(TunnelCookie("abc")))
        let get = String(buffer: request.get(authorization: nil))
        #expect(get.hasPrefix("GET \(target) HTTP/1.0\r\nHost: \(host)\r\n"))
        #expect(get.contains("\r\nx-sessioncookie: abc\r\n") && get.hasSuffix("\r\n\r\n"))
        let post = String(buffer: request.post(authorization: "Basic x"))
        #expect(post.hasPrefix("POST \(target) HTTP/1.0\r\nHost: \(host)\r\n"))
        #expect(post.contains("\r\nContent-Length: 32767\r\n") && post.contains("\r\nAuthorization: Basic x\r\n"))
        #expect(!get.contains("p@"))
    }

    @Test("our own two requests are a tunnel to our own server")
    func ownServer() throws {
        var generator = SeededGenerator(seed: 7)
        let cookie = TunnelCookie(using: &generator)
        let request = TunnelRequest(url: try #require(RTSPURL("rtsp+http://cam/a")), cookie: cookie)
        var (get, post) = (request.get(authorization: nil), request.post(authorization: nil))
        var (down, up) = (ConnectionOpening(), ConnectionOpening())
        #expect(down.read(&get) == .tunnelGet(cookie))
        #expect(up.read(&post) == .tunnelPost(cookie, expectsContinue: false))
        var answer = HTTPAnswer.tunnelOpened(server: "Heliograph/0.1").bytes
        #expect(try TunnelAnswer(readingFrom: &answer)?.status == .ok)
        #expect(answer.readableBytes == 0)
    }

    @Test(
        "any HTTP will do, with and without a reason, with bare line feeds; what follows is left",
        arguments: [
            "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nRTSP/", "HTTP/1.1 200\r\n\r\nRTSP/", "HTTP/1.1  200 OK\n\nRTSP/",
            "HTTP/2 200 \nConnection: close\n\nRTSP/",
        ])
    func answers(text: String) throws {
        for pieceLength in [1, 2, .max] {
            let (answer, rest) = try self.answer(text, pieceLength: pieceLength).get()
            #expect(answer?.status.code == 200)
            #expect(rest == "RTSP/")
        }
    }

    @Test(
        "what is no HTTP is noticed at its first bytes",
        arguments: ["RTSP/1.0 200 OK\r\n", "\u{0}", "HTTPS", "HTTP/1.0 OK\r\n\r\n", "HTTP/1.0 999 X\r\n\r\n"])
    func notHTTP(text: String) {
        #expect(throws: TunnelError.notHTTP) { try self.answer(text).get() }
    }

    @Test("an endless answer is given up")
    func endless() {
        #expect(throws: TunnelError.notHTTP) {
            try self.answer("HTTP/1.0 " + String(repeating: "2", count: 9000)).get()
        }
        let fields = String(repeating: "A: \(String(repeating: "a", count: 200))\r\n", count: 200)
        #expect(throws: TunnelError.notHTTP) { try self.answer("HTTP/1.0 200 OK\r\n" + fields).get() }
    }

    @Test("mutations neither trap nor differ in one piece and in small ones")
    func mutations() throws {
        let samples = [
            "HTTP/1.0 200 OK\r\nServer: x\r\nWWW-Authenticate: Digest realm=\"a\"\r\n\r\nRTSP/1.0", "HTTP/1.1 401\n\n",
        ]
        forEachMutation(of: samples, seed: 1122) { text in
            let whole = answer(text)
            let pieces = answer(text, pieceLength: 2)
            switch (whole, pieces) {
            case (.success(let one), .success(let other)): #expect(one.0 == other.0 && one.rest == other.rest)
            case (.failure, .failure): break
            default: #expect(Bool(false), "\(text.debugDescription)")
            }
        }
    }

    @Test("a redirection of a tunnelled camera is followed through a tunnel")
    func redirection() throws {
        let url = try #require(RTSPURL("rtsp+http://u:p@cam/a"))
        #expect(url.portOrDefault == 80)
        #expect(url.requestURI == "rtsp://cam/a")
        let target = try #require(url.redirected(to: "rtsp://other:8080/b"))
        #expect(target.scheme == .rtspHTTP && target.port == 8080 && target.credentials?.username == "u")
    }
}
