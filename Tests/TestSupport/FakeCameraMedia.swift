import NIOCore

/// The encoder behind one track of a fake camera.
struct FakeEncoder {
    let track: FakeTrack
    var isMuted = false
    private(set) var synchronizationSource = UInt32.random(in: 1...UInt32.max)
    private var sequenceNumber = UInt16.random(in: 0...UInt16.max)
    private var timestamp = UInt32.random(in: 0...UInt32.max)
    private var frame = 0
    private var packets: UInt32 = 0
    private var octets: UInt32 = 0

    init(_ track: FakeTrack) {
        self.track = track
    }

    var isSending: Bool {
        if case .silent = track.content { false } else { !isMuted }
    }

    mutating func restart(keepingSSRC: Bool) {
        if !keepingSSRC { synchronizationSource &+= 0x1111 }
        sequenceNumber = UInt16.random(in: 0...UInt16.max)
        timestamp = UInt32.random(in: 0...UInt32.max)
        frame = 0
    }

    /// The packets of one tick.
    mutating func encode(interval: TimeAmount) -> [[UInt8]] {
        var made: [[UInt8]] = []
        switch track.content {
        case .silent:
            return []
        case .pcmu:
            made.append(packet([UInt8](repeating: 0xFF, count: 160), marker: frame == 0))
        case .h264(let group):
            let position = frame % max(group, 1)
            if position == 0 {
                made.append(packet(SyntheticH264.sequenceParameterSet, marker: false))
                made.append(packet(SyntheticH264.pictureParameterSet, marker: false))
                let picture = SyntheticH264.keyPicture(identifier: frame / max(group, 1), rawMacroblocks: 10)
                for piece in FakeCameraPacket.fragments(of: picture, size: 1_400) {
                    made.append(packet(piece.payload, marker: piece.isLast))
                }
            } else {
                made.append(packet(SyntheticH264.skippedPicture(frameNumber: position), marker: true))
            }
        }
        frame += 1
        timestamp &+= UInt32(truncatingIfNeeded: Int64(track.clockRate) * interval.nanoseconds / 1_000_000_000)
        return made
    }

    /// RTP-Info of the next packet.
    func information(url: String) -> String {
        "url=\(url);seq=\(sequenceNumber);rtptime=\(timestamp)"
    }

    /// A sender report for now (RFC 3550 §6.4.1).
    func senderReport() -> [UInt8] {
        let seconds = UInt32(truncatingIfNeeded: 3_900_000_000 + NIODeadline.now().uptimeNanoseconds / 1_000_000_000)
        let fraction = UInt32(truncatingIfNeeded: NIODeadline.now().uptimeNanoseconds % 1_000_000_000 * 4)
        return [0x80, 200, 0, 6]
            + [synchronizationSource, seconds, fraction, timestamp, packets, octets].flatMap(FakeCameraPacket.bytes)
    }

    private mutating func packet(_ payload: [UInt8], marker: Bool) -> [UInt8] {
        defer { sequenceNumber &+= 1 }
        packets &+= 1
        octets &+= UInt32(payload.count)
        return FakeCameraPacket.rtp(
            payloadType: track.payloadType,
            sequenceNumber: sequenceNumber,
            timestamp: timestamp,
            synchronizationSource: synchronizationSource,
            marker: marker,
            payload: payload
        )
    }
}

/// Packets spelled out byte by byte.
package enum FakeCameraPacket {
    /// An RTP packet without extension, padding and contributing sources.
    package static func rtp(
        payloadType: UInt8 = 96,
        sequenceNumber: UInt16,
        timestamp: UInt32,
        synchronizationSource: UInt32 = 0x1234_5678,
        marker: Bool = true,
        payload: [UInt8] = SyntheticH264.skippedPicture(frameNumber: 1)
    ) -> [UInt8] {
        [0x80, payloadType | (marker ? 0x80 : 0), UInt8(sequenceNumber >> 8), UInt8(sequenceNumber & 0xFF)]
            + bytes(timestamp) + bytes(synchronizationSource) + payload
    }

    /// FU-A (RFC 6184 §5.8).
    package static func fragments(of unit: [UInt8], size: Int) -> [(payload: [UInt8], isLast: Bool)] {
        guard unit.count > size else { return [(unit, true)] }
        let body = unit.dropFirst()
        return stride(from: body.startIndex, to: body.endIndex, by: size).map { start in
            let end = min(start + size, body.endIndex)
            let header = (start == body.startIndex ? 0x80 : 0) | (end == body.endIndex ? 0x40 : 0) | unit[0] & 0x1F
            return ([unit[0] & 0xE0 | 28, header] + body[start..<end], end == body.endIndex)
        }
    }

    /// `$` channel length packet.
    package static func framed(_ packet: [UInt8], channel: UInt8) -> [UInt8] {
        [0x24, channel, UInt8(truncatingIfNeeded: packet.count >> 8), UInt8(truncatingIfNeeded: packet.count)] + packet
    }

    /// In network order.
    package static func bytes(_ word: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) }
    }
}
