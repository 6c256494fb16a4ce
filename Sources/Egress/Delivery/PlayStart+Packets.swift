import NIOCore
import Reflector

extension PlayStart {
    /// What a stream's start begins with.
    init(_ firstPackets: [StreamStart.FirstPacket?], of tracks: [StreamTrack]) {
        self.init()
        for track in tracks where track.index < firstPackets.count {
            guard let first = firstPackets[track.index] else { continue }
            self.tracks[track.index] = FirstPacket(sequenceNumber: first.sequenceNumber, timestamp: first.timestamp)
        }
    }

    /// What a burst begins with, of each of these tracks.
    init(_ burst: Burst, of tracks: [StreamTrack]) {
        self.init()
        for entry in burst.entries
        where !entry.isControl && self.tracks[entry.track] == nil && tracks.contains(where: { $0.index == entry.track })
        {
            guard let sequenceNumber: UInt16 = burst.bytes.getInteger(at: entry.offset + 2),
                let timestamp: UInt32 = burst.bytes.getInteger(at: entry.offset + 4)
            else { continue }
            self.tracks[entry.track] = FirstPacket(sequenceNumber: sequenceNumber, timestamp: timestamp)
        }
    }
}
