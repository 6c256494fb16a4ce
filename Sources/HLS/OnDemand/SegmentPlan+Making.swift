import ISOMedia
import LibAV
import Media
import NIOCore

extension SegmentPlan {
    /// A track on its way into a segment.
    private struct Lane {
        let track: MovieTracks.Track
        /// In units of the track: what is added to times of decoding, and to those of presentation.
        let decodeShift, shift: Int64
        /// When `next` is decoded, in microseconds of the presentation.
        private(set) var due: Int64 = .max
        private(set) var next: MovieSample?
        private var cursor: TrackUnits.Cursor
        private var window: FileWindow

        init(
            _ track: MovieTracks.Track, _ range: Range<Int>, origin: Int64, advance: Int64, readAhead: Int,
            _ bytes: any RandomAccessBytes
        ) {
            self.track = track
            shift = origin &* Int64(track.units.timescale)
            decodeShift = shift &- advance
            cursor = track.units.cursor(over: range)
            window = FileWindow(bytes, readAhead: readAhead)
            step()
        }

        private mutating func step() {
            next = cursor.next()
            due = next.map { track.units.microseconds($0.decodeTime) } ?? .max
        }

        /// The next one, as a muxer takes it; `nil` in it for one that cannot be carried.
        mutating func take(as index: Int) throws(MovieError) -> (unit: AccessUnit, duration: Int64)? {
            guard let sample = next else { return nil }
            defer { step() }
            guard let payload = try track.units.payload(of: sample, from: &window) else { return nil }
            let unit = AccessUnit(
                track: index, decodeTime: time(sample.decodeTime &+ decodeShift),
                presentationTime: time(sample.compositionTime &+ shift), wallClock: 0, isRandomAccess: sample.isSync,
                payload: payload)
            return (unit, time(sample.duration))
        }

        private func time(_ time: Int64) -> Int64 {
            MovieTime.convert(
                time, from: track.units.timescale, to: UInt32(clamping: track.muxed.clockRate))
        }
    }

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
        var lanes: [Lane] = []
        if let video = tracks.video {
            lanes.append(
                Lane(
                    video, pictures(of: number), origin: origin, advance: advance, readAhead: Self.readAhead.video,
                    bytes))
        }
        if let sound = tracks.sound {
            lanes.append(
                Lane(
                    sound, self.sound(of: number), origin: origin, advance: 0, readAhead: Self.readAhead.sound, bytes))
        }
        // In the order of decoding, pictures first.
        while let index = lanes.indices.min(by: { lanes[$0].due < lanes[$1].due }), lanes[index].next != nil {
            guard let (unit, duration) = try lanes[index].take(as: index) else { continue }
            // One that does not follow in time, say, or has no picture in it.
            try? muxer.write(unit, duration: duration)
        }
        return try muxer.cut()
    }
}
