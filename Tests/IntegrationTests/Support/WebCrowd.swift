import Foundation
import NIOCore
import TestSupport

/// Many connections over HTTP at once, made with Python's own sockets in a process of its own: what they cost there is not measured here.
struct WebCrowd {
    private static let library = """
        import base64, os, resource, selectors, socket, ssl, struct, sys, time
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        port, path, count, secure = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "secure"
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        def bare(small):
            line = socket.socket()
            if small: line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.connect(("127.0.0.1", port))
            return line
        def connect(small):
            line = bare(small)
            return trusting.wrap_socket(line) if secure else line
        def get(file, *fields):
            return "\\r\\n".join([f"GET /{path}/{file} HTTP/1.1", "Host: localhost", *fields, "", ""]).encode()
        def upgrade():
            key = base64.b64encode(os.urandom(16)).decode()
            return get("live", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}",
                "Sec-WebSocket-Version: 13")

        """

    /// Each of them a burden in its own way, again and again.
    private static let burden =
        library + """
            segments = sys.argv[5].split(",")
            def movie(line): line.sendall(get("live.mp4"))
            def watch(line): line.sendall(upgrade())
            def many(line): line.sendall(b"".join(get(name) for name in segments) * 4)
            def one(line): line.sendall(get(segments[0]))
            def half(line): line.sendall(get("live.mp4")[:30])
            # One way, without a word in TLS.
            def shut(line): socket.socket.shutdown(line, socket.SHUT_WR)
            def over(line):
                movie(line)
                shut(line)
            def overWatch(line):
                watch(line)
                shut(line)
            def overMany(line):
                many(line)
                shut(line)
            # The same with a word, which is not waited for to be answered.
            def farewell(line):
                many(line)
                line.setblocking(False)
                try: line.unwrap()
                except OSError: pass
            def hello():
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                try: trusting.wrap_bio(incoming, outgoing).do_handshake()
                except ssl.SSLWantReadError: pass
                return outgoing.read()
            def silent(line): pass
            def halfHello(line): line.sendall(hello()[:100])
            def helloAlone(line): line.sendall(hello())
            # What each does, and whether it reads a kilobyte a second, or nothing.
            kinds = [(movie, True), (movie, False), (watch, True), (watch, False), (many, True), (many, False),
                (one, True), (half, False), (over, False), (over, True), (overWatch, False), (overMany, False)]
            unfinished = [silent, halfHello, helloAlone]
            if secure: kinds += [(farewell, False)] + [(begin, False) for begin in unfinished]
            lines = []
            for number in range(count):
                begin, reads = kinds[number % len(kinds)]
                line = bare(True) if begin in unfinished else connect(True)
                begin(line)
                line.setblocking(False)
                lines.append((line, reads))
            print("begun", flush=True)
            while True:
                for line, reads in lines:
                    if not reads: continue
                    try: line.recv(1024)
                    except OSError: pass
                time.sleep(1)
            """

    /// All watch, and look at the number of each fragment (`moof`, `mfhd`): one that is missing, or out of its order, is a gap.
    private static let watchers =
        library + """
            seconds = float(sys.argv[5])
            class Watcher:
                def __init__(self):
                    self.line = connect(False)
                    self.line.sendall(upgrade())
                    self.unread, self.last, self.fragments, self.gaps, self.isOpen, self.told = bytearray(), None, 0, 0, False, []
                def read(self):
                    while True:
                        try: more = self.line.recv(262144)
                        except (BlockingIOError, ssl.SSLWantReadError): break
                        assert more, "the server hung up"
                        self.unread += more
                        # What TLS has taken off the socket already is not told of by the selector.
                        if not secure: break
                    if not self.isOpen:
                        head, mark, rest = self.unread.partition(b"\\r\\n\\r\\n")
                        if not mark: return
                        assert head.startswith(b"HTTP/1.1 101 "), head
                        self.isOpen, self.unread = True, bytearray(rest)
                    at = 0
                    while len(self.unread) - at >= 2:
                        first, size = self.unread[at], self.unread[at + 1]
                        start = at + {126: 4, 127: 10}.get(size, 2)
                        if len(self.unread) < start: break
                        if size == 126: size = struct.unpack_from(">H", self.unread, at + 2)[0]
                        elif size == 127: size = struct.unpack_from(">Q", self.unread, at + 2)[0]
                        if len(self.unread) < start + size: break
                        assert first in (0x81, 0x82, 0x89), hex(first)
                        if first == 0x89: self.line.sendall(b"\\x8a\\x80\\0\\0\\0\\0")
                        if first == 0x82 and self.unread[start + 4:start + 8] == b"moof": self.fragment(start)
                        if first == 0x81: self.told.append(self.unread[start:start + size].decode())
                        at = start + size
                    del self.unread[:at]
                def fragment(self, start):
                    assert self.unread[start + 12:start + 16] == b"mfhd"
                    number = struct.unpack_from(">I", self.unread, start + 20)[0]
                    if self.last is not None and number != self.last + 1: self.gaps += 1
                    self.last = number
                    self.fragments += 1
            selector = selectors.DefaultSelector()
            watchers = [Watcher() for _ in range(count)]
            for watcher in watchers:
                watcher.line.setblocking(False)
                selector.register(watcher.line, selectors.EVENT_READ, watcher)
            end = None
            while end is None or time.monotonic() < end:
                for key, _ in selector.select(0.1): key.data.read()
                if end is None and all(watcher.last is not None for watcher in watchers):
                    end = time.monotonic() + seconds
                    for watcher in watchers: watcher.fragments = 0
            fragments = [watcher.fragments for watcher in watchers]
            print("gaps", sum(watcher.gaps for watcher in watchers), "fewest", min(fragments), "most", max(fragments))
            print(*watchers[0].told, sep="\\n")
            """

    /// So many connections that read next to nothing, or never finish asking; they stay until the tool is stopped.
    static func burden(
        _ count: Int, _ path: String, segments: [String], port: Int, isSecure: Bool, in folder: URL
    ) throws -> RunningTool {
        try OutsideTool(GStreamerPlayer.python).start(
            [
                "-c", burden, "\(port)", path, "\(count)", isSecure ? "secure" : "plain",
                segments.joined(separator: ","),
            ],
            in: folder)
    }

    /// So many viewers over WebSockets for some seconds: a line of gaps, and the fewest and most fragments that one of them got; then what
    /// the first one was told in words.
    static func watch(
        _ path: String, viewers: Int, seconds: Int, port: Int, isSecure: Bool = false
    ) async throws -> (lines: [String], complaints: [String]) {
        try await withTemporaryDirectory { folder in
            let ended = try await OutsideTool(GStreamerPlayer.python)
                .start(
                    [
                        "-c", watchers, "\(port)", path, "\(viewers)", isSecure ? "secure" : "plain", "\(seconds)",
                    ], in: folder
                )
                .ended(within: .seconds(Int64(seconds) + 30))
            return (ended.lines, ended.complaints)
        }
    }
}
