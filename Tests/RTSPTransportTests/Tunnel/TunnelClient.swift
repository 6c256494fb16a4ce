import NIOCore
import RTSP
import Testing

@testable import RTSPTransport

/// A client of an HTTP tunnel: one connection down, and one up after the other.
struct TunnelClient {
    let server: TestServer
    let cookie: String
    let down: TestPeer

    static func open(_ server: TestServer, cookie: String = "tD9hKgAAfB8ABCftAAAAAw") async throws -> TunnelClient {
        let client = TunnelClient(server: server, cookie: cookie, down: try await server.connect())
        client.get()
        try await client.down.expect("Content-Type: application/x-rtsp-tunnelled\r\n")
        return client
    }

    func get() {
        down.write("GET /gate HTTP/1.0\r\nx-sessioncookie: \(cookie)\r\n\r\n")
    }

    /// A new connection with the head of a POST.
    func post(_ fields: String = "Content-Length: 32767\r\n") async throws -> TestPeer {
        let up = try await server.connect()
        up.write("POST /gate HTTP/1.0\r\nX-SessionCookie: \(cookie)\r\n\(fields)\r\n")
        return up
    }

    /// What the tunnel brought down behind the answer to the GET.
    var received: String {
        let parts = down.received.components(separatedBy: "\r\n\r\n")
        return parts.dropFirst().joined(separator: "\r\n\r\n")
    }

    func close(_ ups: TestPeer...) async {
        await down.close()
        for up in ups { await up.close() }
    }
}

/// A request as the body of a POST has it.
func tunnelled(_ method: String, _ number: Int) -> ByteBuffer {
    TunnelBase64.encode(ByteBuffer(string: "\(method) rtsp://h/gate RTSP/1.0\r\nCSeq: \(number)\r\n\r\n"))
}
