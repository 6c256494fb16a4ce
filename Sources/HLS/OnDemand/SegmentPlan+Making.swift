import ISOMedia
import LibAV
import Media
import NIOCore

extension SegmentPlan {
    /// Bytes read at once: of pictures, and of sound, between whose pieces pictures mostly lie.
    private static let readAhead = (video: 256 << 10, sound: 16 << 10)

    /// What goes in front of every segment, `nil` for a transport stream. Throws what the muxer throws.
    func initialization() throws -> ByteBuffer? {
        try muxer(for: 0).initializationSection
    }

    private func muxer(for number: Int) throws(LibAVError) -> any SegmentMuxer {
        switch form {
        case .transportStream: try TransportStreamMuxer(tracks: tracks.muxed, isPiece: true)
        case .fragments:
            try FragmentedMP4Muxer(tracks: tracks.muxed, fragment: UInt32(truncatingIfNeeded: number + 1))
        }
    }

    /// The bytes of a segment, whose number is one of those there are; whatever others are asked for, they are the same. Blocks.
    ///
    /// A sample that cannot be carried is left out. Throws where the file cannot be read, or the muxer fails.
    func make(_ number: Int, from bytes: any RandomAccessBytes) throws -> ByteBuffer {
        let muxer = try muxer(for: number)
        var lanes: [any SegmentLane] = []
        if let video = tracks.video {
            lanes.append(
                SampleLane(
                    video, pictures(of: number), origin: origin, advance: advance, readAhead: Self.readAhead.video,
                    bytes))
        }
        if let madeSound {
            lanes.append(try FrameLane(madeSound, frames(of: number), origin: origin, bytes))
        } else if let sound = tracks.sound {
            lanes.append(
                SampleLane(
                    sound, self.sound(of: number), origin: origin, advance: 0, readAhead: Self.readAhead.sound, bytes))
        }
        // In the order of decoding, pictures first.
        while let index = lanes.indices.min(by: { lanes[$0].due < lanes[$1].due }), !lanes[index].isOver {
            guard let (unit, duration) = try lanes[index].take(as: index) else { continue }
            // One that does not follow in time, say, or has no picture in it.
            try? muxer.write(unit, duration: duration)
        }
        return try muxer.cut()
    }
}
