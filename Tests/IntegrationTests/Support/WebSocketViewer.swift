import Foundation
import NIOCore
import TestSupport

/// A viewer over a WebSocket, written with Python's own sockets: no code of ours has a part in it.
struct WebSocketViewer {
    private static let program = """
        import base64, hashlib, os, socket, struct, sys
        port, path, wanted = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
        line = socket.create_connection(("127.0.0.1", port), 10)
        line.settimeout(10)
        key = base64.b64encode(os.urandom(16)).decode()
        line.sendall((f"GET /{path} HTTP/1.1\\r\\nHost: localhost:{port}\\r\\nUpgrade: websocket\\r\\n"
            f"Connection: keep-alive, Upgrade\\r\\nSec-WebSocket-Key: {key}\\r\\nSec-WebSocket-Version: 13\\r\\n"
            "Origin: http://localhost\\r\\nSec-WebSocket-Protocol: rtsp.onvif.org\\r\\n\\r\\n").encode())
        unread = b""
        def take(count):
            global unread
            while len(unread) < count:
                more = line.recv(65536)
                assert more, "closed"
                unread += more
            taken, unread = unread[:count], unread[count:]
            return taken
        head = b""
        while not head.endswith(b"\\r\\n\\r\\n"): head += take(1)
        assert head.startswith(b"HTTP/1.1 101 "), head
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        assert b"Sec-WebSocket-Accept: " + accept in head, head
        assert b"Sec-WebSocket-Protocol: rtsp.onvif.org" in head, head
        def send(opcode, payload):
            mask = os.urandom(4)
            size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\\xfe" + struct.pack(">H", len(payload))
            line.sendall(bytes([0x80 | opcode]) + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))
        def frame():
            first, size = take(2)
            if size == 126: size = struct.unpack(">H", take(2))[0]
            elif size == 127: size = struct.unpack(">Q", take(8))[0]
            return first, take(size)
        # Of the frames only what they carry matters: answers and packets, in one stream.
        stream, pongs, ended = b"", 0, None
        def more():
            global stream, pongs, ended
            first, payload = frame()
            if first == 0x82: stream += payload
            elif first == 0x8a: pongs += 1
            elif first == 0x88: ended = struct.unpack(">H", payload[:2])[0]
            else: raise Exception("frame of type %x" % first)
        packets = {}
        def packet():
            global stream
            while len(stream) < 4 or len(stream) < 4 + struct.unpack(">H", stream[2:4])[0]: more()
            size = struct.unpack(">H", stream[2:4])[0]
            channel, body, stream = stream[1], stream[4:4 + size], stream[4 + size:]
            if channel % 2 == 0: packets.setdefault(channel, []).append(struct.unpack(">H", body[2:4])[0])
        number, session = 0, ""
        def request(method, url, *fields):
            global number, session, stream
            number += 1
            lines = [f"{method} {url} RTSP/1.0", f"CSeq: {number}", *fields] + ([f"Session: {session}"] if session else [])
            send(2, ("\\r\\n".join(lines) + "\\r\\n\\r\\n").encode())
            while True:
                while not stream: more()
                if stream[:1] == b"$": packet(); continue
                if b"\\r\\n\\r\\n" not in stream: more(); continue
                head, _, rest = stream.partition(b"\\r\\n\\r\\n")
                fields = dict(l.split(": ", 1) for l in head.decode().split("\\r\\n")[1:])
                length = int(fields.get("Content-Length", 0))
                if len(rest) < length: more(); continue
                stream = rest[length:]
                assert fields["CSeq"] == str(number), head
                session = fields.get("Session", session).split(";")[0]
                return head.decode().split(" ")[1], rest[:length].decode()
        url = f"rtsp://127.0.0.1:{port}/{path}"
        status, sdp = request("DESCRIBE", url)
        assert status == "200", status
        status, _ = request("SETUP", url + "/trackID=0", "Transport: RTP/AVP;unicast;client_port=40000-40001")
        assert status == "461", "UDP: " + status
        for track in range(sdp.count("\\nm=")):
            status, _ = request("SETUP", f"{url}/trackID={track}",
                f"Transport: RTP/AVP/TCP;unicast;interleaved={2 * track}-{2 * track + 1}")
            assert status == "200", status
        status, _ = request("PLAY", url)
        assert status == "200", status
        send(9, b"there?")
        while len(packets.get(0, [])) < wanted or not packets.get(2): packet()
        status, _ = request("TEARDOWN", url)
        assert status == "200", status
        send(8, struct.pack(">H", 1000))
        while ended is None: more()
        gaps = sum((b - a) % 65536 != 1 for track in packets.values() for a, b in zip(track, track[1:]))
        print("gaps", gaps, "tracks", len(packets), "pongs", pongs, "ended", ended)
        """

    /// Plays both tracks until `packets` of the picture have come, and says goodbye; tells what it saw in one line.
    static func watch(_ path: String, port: Int, packets: Int) async throws -> (lines: [String], complaints: [String]) {
        try await withTemporaryDirectory { directory in
            let ended = try await OutsideTool("/usr/bin/python3")
                .start(["-c", program, "\(port)", path, "\(packets)"], in: directory).ended(within: .seconds(30))
            return (ended.lines, ended.complaints)
        }
    }
}
