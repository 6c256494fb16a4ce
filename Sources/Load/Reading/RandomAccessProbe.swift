import Media

/// Says whether a decoder can begin with a packet, by the first bytes of its payload.
enum RandomAccessProbe: Sendable {
    /// RFC 6184.
    case h264
    /// RFC 7798.
    case h265
    /// Formats in which every packet will do.
    case any

    init(_ codec: Codec) {
        switch codec {
        case .h264: self = .h264
        case .h265: self = .h265
        case .mjpeg, .aac, .pcmu, .pcma, .opus, .other: self = .any
        }
    }

    /// Whether a key picture begins, or goes on, in this payload; aggregates are looked through as far as it reaches.
    func isRandomAccess(_ payload: UnsafeRawBufferPointer) -> Bool {
        guard let first = payload.first else { return false }
        switch self {
        case .any:
            return true
        case .h264:
            let type = H264.NALUnitType(header: first)
            if type == .stapA { return anyUnit(of: payload, from: 1) { H264.NALUnitType(header: $0) == .idrSlice } }
            guard type == .fuA else { return type == .idrSlice }
            return payload.count > 1 && payload[1] & 0x9F == 0x80 | H264.NALUnitType.idrSlice.rawValue
        case .h265:
            let type = H265.NALUnitType(header: first)
            if type == .aggregation {
                return anyUnit(of: payload, from: 2) { H265.NALUnitType(header: $0).isRandomAccess }
            }
            guard type == .fragmentation else { return type.isRandomAccess }
            guard payload.count > 2, payload[2] & 0x80 != 0 else { return false }
            return H265.NALUnitType(rawValue: payload[2] & 0x3F).isRandomAccess
        }
    }

    /// Units of an aggregate, each behind 16 bits of its size (RFC 6184 §5.7.1, RFC 7798 §4.4.2).
    private func anyUnit(
        of payload: UnsafeRawBufferPointer,
        from start: Int,
        _ matches: (_ header: UInt8) -> Bool
    ) -> Bool {
        var index = start
        while index + 2 < payload.count {
            if matches(payload[index + 2]) { return true }
            index += 2 + (Int(payload[index]) << 8 | Int(payload[index + 1]))
        }
        return false
    }
}
