import Media
import NIOCore
import RTP

/// The last key picture of a stream whose source is gone, as its packets stood in the ring: a copy of them and nothing else.
package final class LastPicture: Sendable {
    /// Framed bytes; a larger picture is not kept.
    static let mostBytes = 2 * 1024 * 1024

    private let tracks: [StreamTrack]
    private let start: StreamStart

    /// Out of a group of pictures; `nil` where there is no video, or the picture is too large or did not come to its end.
    init?(of group: [Burst], tracks: [StreamTrack], reports: [(track: Int, packet: ByteBuffer)]) {
        guard let lead = tracks.firstIndex(where: { $0.description.kind == .video }),
            let burst = Self.picture(of: lead, in: group)
        else { return nil }
        self.tracks = tracks
        start = StreamStart(undrawn: [burst], tracks: tracks.count, reports: reports)
    }

    /// The picture and the tracks as they are known with it. Takes as long as it does to put a picture together: not on an event loop.
    package func keyPicture() -> (unit: AccessUnit, tracks: [StreamTrack])? {
        var assembler = AccessUnitAssembler(tracks)
        for case .units(let units) in assembler.begin(start) {
            if let unit = units.first(where: \.isRandomAccess) { return (unit, assembler.description) }
        }
        return nil
    }

    /// All packets of the track with the first timestamp, and the first packet behind them, where a marker is not to be believed.
    private static func picture(of track: Int, in group: [Burst]) -> Burst? {
        var bytes = ByteBuffer()
        var entries: [Burst.Entry] = []
        var timestamp: UInt32?
        for burst in group {
            for entry in burst.entries where entry.track == track && !entry.isControl {
                let begin = entry.offset - Burst.framingLength
                guard let packet = try? RTPPacket(validating: burst.packet(entry)),
                    let framed = burst.bytes.getSlice(at: begin, length: entry.length + Burst.framingLength),
                    bytes.readableBytes + framed.readableBytes <= mostBytes
                else { return nil }
                let isNext = packet.timestamp != timestamp ?? packet.timestamp
                timestamp = packet.timestamp
                entries.append(
                    Burst.Entry(
                        offset: bytes.writerIndex + Burst.framingLength, length: entry.length, track: track,
                        isControl: false, endsAccessUnit: entry.endsAccessUnit))
                bytes.writeImmutableBuffer(framed)
                if isNext { return whole(bytes, entries, like: burst) }
            }
        }
        guard let last = group.last, entries.last?.endsAccessUnit == true else { return nil }
        return whole(bytes, entries, like: last)
    }

    private static func whole(_ bytes: ByteBuffer, _ entries: [Burst.Entry], like burst: Burst) -> Burst {
        // Its own bytes, and no more room than they take.
        Burst(
            bytes: ByteBuffer(bytes: bytes.readableBytesView), entries: entries, arrival: burst.arrival,
            startsGroup: true, reportLag: burst.reportLag)
    }
}

/// How a stream stands, for who wants a picture of it.
package struct StreamStanding: Sendable {
    /// Its source is `StreamStatus.Source.down`: nothing can be waited for.
    package let isDown: Bool
    /// Of the source that is gone; `nil` as soon as another has sent a picture.
    package let lastPicture: LastPicture?
}
