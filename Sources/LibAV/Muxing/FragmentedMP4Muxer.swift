import CLibAV
import Media
import NIOCore

/// Makes a live stream into fragments of MP4 (ISO/IEC 14496-12 §8.8, 23000-19): one initialization, then a `moof` and `mdat` at each cut.
///
/// Times are those of the units, without an edit list: `tfdt` is the decode time of a track's first unit in a fragment,
/// so fragments keep their place, wherever in the stream the muxer was opened. Belongs to one thread at a time.
package final class FragmentedMP4Muxer {
    private static let attempt = "write fragments of MP4"
    /// Seconds after which libavformat's muxer is taken anew: it cannot tell gaps of more than 31 bits, which is hours.
    private static let longestRun: Int64 = 3600

    /// `ftyp` and `moov`.
    package let initialization: ByteBuffer
    private var context: MuxerContext
    private let tracks: [MuxedTrack]
    private let pictures: [PictureUnits?]
    /// The number of the fragment to come.
    private var fragment: UInt32

    /// Tracks of H.264 (`avc1`), H.265 (`hvc1`), AAC and MPEG audio, complete with their configuration; throws for others.
    ///
    /// `fragment` is the number of the first one, where others made those before it.
    package init(tracks: [MuxedTrack], fragment: UInt32 = 1) throws(LibAVError) {
        self.fragment = fragment
        context = try Self.makeContext(tracks, fragment: fragment)
        self.tracks = tracks
        pictures = tracks.map(PictureUnits.init)
        initialization = Self.branded(context.takeBytes())
    }

    /// Adds a unit to the fragment; `track` in it is the index in `tracks` given at the start, `duration` in its clock.
    ///
    /// A unit is shown when it is decoded where it says that it is shown before. Throws for one that is no such unit or
    /// does not follow the one before in time; what was written before stays.
    package func write(_ unit: AccessUnit, duration: Int64) throws(LibAVError) {
        guard unit.decodeTime >= 0 else {
            throw LibAVError(Self.attempt, because: "a unit of track \(unit.track) lies before the beginning of time")
        }
        var payload = unit.payload
        if pictures.indices.contains(unit.track) {
            if let units = pictures[unit.track] {
                payload = try units.sample(of: payload)
            } else {
                try payload.expectSound(of: tracks[unit.track].codec, Self.attempt)
            }
        }
        if context.isEmpty, context.age(of: unit) >= Self.longestRun {
            let next = try Self.makeContext(tracks, fragment: fragment)
            next.follow(context)
            _ = next.takeBytes()
            context = next
        }
        try context.write(payload, unit, duration: duration)
    }

    /// `moof` and `mdat` of what was written since the last cut; empty where nothing was.
    package func cut() throws(LibAVError) -> ByteBuffer {
        guard !context.isEmpty else { return ByteBuffer() }
        // From 1 on again after years.
        fragment = fragment < Int32.max ? fragment + 1 : 1
        // libavformat would draw the next fragment to the end of this one, whatever its times are.
        return try context.flush(then: (name: "movflags", value: "+frag_discont"))
    }

    private static func makeContext(_ tracks: [MuxedTrack], fragment: UInt32) throws(LibAVError) -> MuxerContext {
        try MuxerContext(
            "mp4", attempt, tracks: tracks,
            options: [
                "movflags": "+frag_custom+empty_moov+default_base_moof+skip_trailer+frag_discont", "use_editlist": "0",
                "write_tmcd": "0", "fragment_index": "\(fragment)",
            ], longestGap: Int64(Int32.max)
        ) { (track, stream) throws(LibAVError) in
            try track.describe(stream, extradata: try record(of: track))
            if track.codec == .h265 {
                // Without it libavformat writes hev1, which Apple's players refuse.
                stream.pointee.codecpar.pointee.codec_tag = "hvc1".utf8.reversed().reduce(0) { $0 << 8 | UInt32($1) }
            }
        }
    }

    private static func record(of track: MuxedTrack) throws(LibAVError) -> [UInt8] {
        let record: [UInt8]? =
            switch track.configuration {
            case .none: []
            case .h264(let sequence, let picture):
                AVCDecoderConfiguration.serialized(sequenceParameterSets: sequence, pictureParameterSets: picture)
            case .h265(let video, let sequence, let picture):
                HEVCDecoderConfiguration.serialized(
                    videoParameterSets: video, sequenceParameterSets: sequence, pictureParameterSets: picture)
            case .aac(let config): config
            }
        guard let record else {
            throw LibAVError(attempt, because: "the parameter sets of \(track.codec) cannot be read")
        }
        return record
    }

    /// Adds CMAF's brand to the `ftyp` box, which libavformat sets only together with shifted decode times.
    private static func branded(_ bytes: ByteBuffer) -> ByteBuffer {
        var rest = bytes
        guard let size = rest.readInteger(as: UInt32.self), size >= 16,
            let brands = rest.readSlice(length: Int(size) - 4)
        else { return bytes }
        var branded = ByteBuffer()
        branded.reserveCapacity(bytes.readableBytes + 4)
        branded.writeInteger(size + 4)
        branded.writeImmutableBuffer(brands)
        branded.writeStaticString("cmfc")
        branded.writeImmutableBuffer(rest)
        return branded
    }
}
