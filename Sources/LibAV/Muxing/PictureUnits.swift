import Media
import NIOCore

/// Takes access units of H.264 or H.265 apart, and puts them together as a container or a decoder wants them.
///
/// Access unit delimiters go, and so do parameter sets in band that the configuration has too; others stay.
struct PictureUnits {
    private let isH264: Bool
    private let parameterSets: [ByteBuffer]

    /// `nil` for a track of anything else.
    init?(_ track: MuxedTrack) {
        switch (track.codec, track.configuration) {
        case (.h264, .h264(let sequence, let picture)):
            isH264 = true
            parameterSets = (sequence + picture).map { ByteBuffer(bytes: $0) }
        case (.h265, .h265(let video, let sequence, let picture)):
            isH264 = false
            parameterSets = (video + sequence + picture).map { ByteBuffer(bytes: $0) }
        default: return nil
        }
    }

    /// The NAL units of a payload behind four bytes of length each: at least one slice, and none that the configuration has.
    /// Throws where the lengths are nonsense, or nothing is in it to be shown.
    func split(_ payload: ByteBuffer) throws(LibAVError) -> [ByteBuffer] {
        guard let all = LengthPrefix.nalUnits(in: payload, lengthSize: 4) else {
            throw LibAVError("take a picture apart", because: "the lengths of its NAL units do not fit its size")
        }
        let kept = all.filter { !isDelimiter($0) && !(isParameterSet($0) && parameterSets.contains($0)) }
        guard kept.contains(where: isSlice) else {
            throw LibAVError("take a picture apart", because: "there is no slice of a picture in it")
        }
        return kept
    }

    /// A sample of MP4: the payload itself where nothing has to go.
    func sample(of payload: ByteBuffer) throws(LibAVError) -> ByteBuffer {
        let units = try split(payload)
        let length = units.reduce(0) { $0 + 4 + $1.readableBytes }
        guard length != payload.readableBytes else { return payload }
        var sample = ByteBuffer()
        sample.reserveCapacity(length)
        for unit in units {
            sample.writeInteger(UInt32(truncatingIfNeeded: unit.readableBytes))
            sample.writeImmutableBuffer(unit)
        }
        return sample
    }

    /// A byte stream (Annex B) behind an access unit delimiter, and where that is wished behind all parameter sets.
    func byteStream(of payload: ByteBuffer, withParameterSets: Bool) throws(LibAVError) -> ByteBuffer {
        let units = try split(payload)
        return byteStream(of: [delimiter] + (withParameterSets ? parameterSets : []) + units)
    }

    /// A byte stream of these alone, behind all parameter sets.
    func byteStream(decodable units: [ByteBuffer]) -> ByteBuffer {
        byteStream(of: parameterSets + units)
    }

    private func byteStream(of units: [ByteBuffer]) -> ByteBuffer {
        var stream = ByteBuffer()
        stream.reserveCapacity(units.reduce(0) { $0 + 4 + $1.readableBytes })
        for unit in units {
            stream.writeInteger(UInt32(1))
            stream.writeImmutableBuffer(unit)
        }
        return stream
    }

    /// Of a picture with any slices: ITU-T H.264 §7.3.2.4, H.265 §7.3.2.5.
    private var delimiter: ByteBuffer { ByteBuffer(bytes: isH264 ? [0x09, 0xF0] : [0x46, 0x01, 0x50]) }

    private func isDelimiter(_ unit: ByteBuffer) -> Bool {
        guard let header = unit.firstByte else { return true }
        return isH264
            ? H264.NALUnitType(header: header) == .accessUnitDelimiter
            : H265.NALUnitType(header: header) == .accessUnitDelimiter
    }

    private func isParameterSet(_ unit: ByteBuffer) -> Bool {
        guard let header = unit.firstByte else { return false }
        return isH264
            ? H264.NALUnitType(header: header).isParameterSet : H265.NALUnitType(header: header).isParameterSet
    }

    private func isSlice(_ unit: ByteBuffer) -> Bool {
        guard let header = unit.firstByte else { return false }
        return isH264 ? H264.NALUnitType(header: header).isSlice : H265.NALUnitType(header: header).isSlice
    }

    /// Whether a coded picture, or a field of one, begins with this NAL unit: the first flag of a slice's header tells.
    func beginsPicture(_ unit: ByteBuffer) -> Bool {
        // H.264: `first_mb_in_slice` is 0. H.265: `first_slice_segment_in_pic_flag`.
        guard isSlice(unit), let byte = unit.getInteger(at: unit.readerIndex + (isH264 ? 1 : 2), as: UInt8.self)
        else { return false }
        return byte & 0x80 != 0
    }
}

extension ByteBuffer {
    fileprivate var firstByte: UInt8? { getInteger(at: readerIndex) }
}
