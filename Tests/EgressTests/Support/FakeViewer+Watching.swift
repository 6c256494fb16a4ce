import NIOCore
import TestSupport

extension FakeViewer {
    /// SETUP of a track over the connection; the answer names the session.
    func setUp(
        _ url: String,
        track: Int,
        transport: String = "RTP/AVP/TCP;unicast",
        session: String? = nil
    ) async throws -> Answer {
        var headers = [("Transport", transport)]
        if let session { headers.append(("Session", session)) }
        return try await request("SETUP", "\(url)/trackID=\(track)", headers)
    }

    /// A session with both tracks on channels 0-1 and 2-3.
    func setUpBoth(_ url: String) async throws -> String {
        let first = try await setUp(url, track: 0, transport: "RTP/AVP/TCP;unicast;interleaved=0-1")
        let session = first.session ?? ""
        _ = try await setUp(url, track: 1, transport: "RTP/AVP/TCP;unicast;interleaved=2-3", session: session)
        return session
    }

    func play(_ url: String, _ session: String, _ headers: [(String, String)] = []) async throws -> Answer {
        try await request("PLAY", url, [("Session", session)] + headers)
    }

    /// The packet on channel 0 with that sequence number or a later one.
    func video(from sequenceNumber: UInt16) async throws -> SeenPacket {
        let frame = try await frames.next { frame in
            guard frame.channel == 0, let packet = SeenPacket(frame.payload) else { return false }
            return Int16(bitPattern: packet.sequenceNumber &- sequenceNumber) >= 0
        }
        guard let packet = SeenPacket(frame.payload) else { throw CancellationError() }
        return packet
    }
}

extension FakeViewer.Answer {
    /// The value of a parameter of a header, `ssrc=…` or `seq=…`.
    func parameter(_ name: String, of header: String) -> String? {
        self[header]?.split { $0 == ";" || $0 == "," }.first { $0.hasPrefix(name + "=") }.map {
            String($0.dropFirst(name.count + 1))
        }
    }
}

/// The fields of an RTP header that tests look at.
struct SeenPacket {
    let payloadType: UInt8
    let sequenceNumber: UInt16
    let timestamp: UInt32
    let ssrc: UInt32

    init?(_ bytes: [UInt8]) {
        var buffer = ByteBuffer(bytes: bytes)
        guard
            let (_, second, sequenceNumber, timestamp, ssrc) = buffer.readMultipleIntegers(
                as: (UInt8, UInt8, UInt16, UInt32, UInt32).self)
        else { return nil }
        payloadType = second & 0x7F
        (self.sequenceNumber, self.timestamp, self.ssrc) = (sequenceNumber, timestamp, ssrc)
    }
}

/// Whether a compound of RTCP holds a packet of that type.
func holds(_ type: UInt8, _ compound: [UInt8]) -> Bool {
    var rest = compound[...]
    while rest.count >= 4 {
        let start = rest.startIndex
        if rest[start + 1] == type { return true }
        rest = rest.dropFirst(4 * (1 + Int(rest[start + 2]) << 8 + Int(rest[start + 3])))
    }
    return false
}

enum RTCPType {
    static let senderReport: UInt8 = 200
    static let receiverReport: UInt8 = 201
    static let goodbye: UInt8 = 203
}

enum ReportBytes {
    /// An empty receiver report of SSRC 1.
    static let alive: [UInt8] = [0x80, 201, 0, 1, 0, 0, 0, 1]
    /// The same with a BYE behind it.
    static let goodbye: [UInt8] = alive + [0x81, 203, 0, 1, 0, 0, 0, 1]
}
