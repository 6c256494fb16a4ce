import Media
import NIOCore
import RTP

extension SampleFormat {
    /// What headers of a picture are looked for in, in bytes.
    private static let mostHeaders = 1 << 20

    /// What viewers are told, with what the sample description leaves to the samples: parameter sets of `avc3` and `hev1`.
    ///
    /// Throws `.nothingToPlay` for pictures that RTP has no way for, others where the file cannot be read.
    func completed(with track: MovieTrack, in bytes: any RandomAccessBytes) throws(MovieError) -> TrackDescription {
        switch form {
        case .nalUnits(let form) where !description.primary.configuration.isComplete:
            let place = track.samples.isSync(0) ? 0 : track.samples.syncIndex(after: 0) ?? 0
            let sets = form.parameterSets + Self.parameterSets(in: try Self.beginning(of: place, track, bytes), form)
            var result = description
            result.primary.configuration = form.isH265 ? .h265(of: sets) : .h264(of: sets)
            return result
        case .jpeg:
            let picture = try Self.beginning(of: 0, track, bytes)
            do { _ = try JPEGPicture(parsing: picture) } catch { throw .nothingToPlay("\(error)") }
            return description
        default:
            return description
        }
    }

    private static func beginning(
        of index: Int, _ track: MovieTrack, _ bytes: any RandomAccessBytes
    ) throws(MovieError) -> ByteBuffer {
        guard let sample = track.samples.sample(at: index) else { return ByteBuffer() }
        return try bytes.read(at: sample.offset, count: min(sample.size, mostHeaders))
    }

    private static func parameterSets(in sample: ByteBuffer, _ form: NALUnitForm) -> [[UInt8]] {
        sample.withUnsafeReadableBytes { bytes in
            var units = NALUnitsInSample(bytes, form: form, limit: MediaTrackFormat.maximumPayloadSize)
            var sets: [[UInt8]] = []
            while let unit = units.next(), !unit.pieces.role.isPicture {
                if unit.pieces.role.isParameterSet { sets.append(Array(unit.bytes)) }
            }
            return sets
        }
    }
}
