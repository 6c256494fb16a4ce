import NIOCore
import TestSupport

/// A fake viewer that plays every track of a stream.
struct Watcher: Sendable {
    let viewer: FakeViewer
    let url: String
    let session: String
    /// When the answer to PLAY came.
    let playAnswered: NIODeadline

    /// RTP packets of a track received so far.
    func packets(of track: Int) -> [ReceivedPacket] {
        viewer.frames.elements.filter { $0.channel == 2 * track }.compactMap(ReceivedPacket.init)
    }

    func tearDown() async throws {
        try await viewer.request("TEARDOWN", url, [("Session", session)])
        await viewer.close()
    }
}

extension FakeViewer {
    /// DESCRIBE, SETUP of each track on the canonical channels, or to `ports` for the first of them, and PLAY.
    func watch(_ url: String, ports: FakeViewerPorts? = nil) async throws -> Watcher {
        let description = try await request("DESCRIBE", url)
        guard description.status == 200 else { throw Refused(answer: "DESCRIBE: \(description.status)") }
        let tracks = ports == nil ? description.body.split(separator: "\r\n").count { $0.hasPrefix("m=") } : 1
        var session = ""
        for track in 0..<tracks {
            let transport =
                ports.map { "RTP/AVP;unicast;client_port=\($0.clientPort)" }
                ?? "RTP/AVP/TCP;unicast;interleaved=\(2 * track)-\(2 * track + 1)"
            var headers = [("Transport", transport)]
            if !session.isEmpty { headers.append(("Session", session)) }
            let answer = try await request("SETUP", "\(url)/trackID=\(track)", headers)
            guard answer.status == 200 else { throw Refused(answer: "SETUP: \(answer.status)") }
            session = answer.session ?? ""
        }
        let answer = try await request("PLAY", url, [("Session", session)])
        guard answer.status == 200 else { throw Refused(answer: "PLAY: \(answer.status)") }
        return Watcher(viewer: self, url: url, session: session, playAnswered: answer.arrival)
    }

    struct Refused: Error {
        let answer: String
    }
}

/// An RTP packet as it came (RFC 3550 §5.1), read without the relay's own parser.
struct ReceivedPacket: Sendable {
    let marker: Bool
    let sequenceNumber: UInt16
    let timestamp: UInt32
    let payload: [UInt8]
    let arrival: NIODeadline

    init?(_ frame: FakeViewer.Frame) {
        self.init(bytes: frame.payload, arrival: frame.arrival)
    }

    init?(bytes: [UInt8], arrival: NIODeadline = .now()) {
        var buffer = ByteBuffer(bytes: bytes)
        guard
            let (_, second, sequenceNumber, timestamp, _) = buffer.readMultipleIntegers(
                as: (UInt8, UInt8, UInt16, UInt32, UInt32).self)
        else { return nil }
        marker = second & 0x80 != 0
        (self.sequenceNumber, self.timestamp) = (sequenceNumber, timestamp)
        payload = Array(buffer.readableBytesView)
        self.arrival = arrival
    }

    /// Types of the H.264 NAL units that end in this packet (RFC 6184 §5.2): single units, STAP-A and FU-A.
    var completedUnits: [UInt8] {
        guard let first = payload.first else { return [] }
        switch first & 0x1F {
        case 24:
            var types: [UInt8] = []
            var rest = payload.dropFirst()
            while rest.count > 2 {
                let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
                types.append(rest[rest.startIndex + 2] & 0x1F)
                rest = rest.dropFirst(2 + length)
            }
            return types
        case 28: return payload.count > 1 && payload[1] & 0x40 != 0 ? [payload[1] & 0x1F] : []
        case let type: return [type]
        }
    }
}

extension [ReceivedPacket] {
    /// Indices of the packets before which others are missing.
    var gaps: [Int] {
        indices.dropFirst().filter { self[$0].sequenceNumber != self[$0 - 1].sequenceNumber &+ 1 }
    }

    /// The packet with which the first picture is whole that a decoder can begin with, parameter sets and all.
    var firstKeyPicture: ReceivedPacket? {
        var seen: Set<UInt8> = []
        return first { packet in
            seen.formUnion(packet.completedUnits)
            return packet.marker && seen.isSuperset(of: [5, 7, 8])
        }
    }

    /// The H.264 stream they carry, as a file has it (ITU-T H.264 annex B): single units and FU-A.
    var annexB: [UInt8] {
        var bytes: [UInt8] = []
        for packet in self where packet.payload.count > 2 {
            let payload = packet.payload
            if payload[0] & 0x1F != 28 {
                bytes += [0, 0, 0, 1] + payload
            } else {
                if payload[1] & 0x80 != 0 { bytes += [0, 0, 0, 1, payload[0] & 0xE0 | payload[1] & 0x1F] }
                bytes += payload[2...]
            }
        }
        return bytes
    }
}

/// Whether a compound of RTCP says BYE (RFC 3550 §6.6).
func saysGoodbye(_ compound: [UInt8]) -> Bool {
    var rest = compound[...]
    while rest.count >= 4 {
        let start = rest.startIndex
        if rest[start + 1] == 203 { return true }
        rest = rest.dropFirst(4 * (1 + Int(rest[start + 2]) << 8 + Int(rest[start + 3])))
    }
    return false
}
