/// The names of H.264: ITU-T H.264 and its RTP payload format, RFC 6184.
package enum H264 {
    /// `nal_unit_type`, the low five bits of a NAL unit's first byte.
    ///
    /// ```
    /// +---------------+
    /// |0|1|2|3|4|5|6|7|
    /// +-+-+-+-+-+-+-+-+
    /// |F|NRI|  Type   |
    /// +---------------+
    /// ```
    package struct NALUnitType: RawRepresentable, Sendable, Hashable {
        package let rawValue: UInt8

        /// Any number; only the low five bits count.
        package init(rawValue: UInt8) {
            self.rawValue = rawValue & 0x1F
        }

        /// The type of the NAL unit that begins with `header`.
        package init(header: UInt8) {
            self.init(rawValue: header)
        }

        /// Coded slice of a picture that is no IDR.
        package static let slice = NALUnitType(rawValue: 1)
        /// Coded slice data partition A; B and C follow as 3 and 4.
        package static let partitionA = NALUnitType(rawValue: 2)
        /// Coded slice of an IDR picture.
        package static let idrSlice = NALUnitType(rawValue: 5)
        /// Supplemental enhancement information.
        package static let supplementalEnhancement = NALUnitType(rawValue: 6)
        /// SPS.
        package static let sequenceParameterSet = NALUnitType(rawValue: 7)
        /// PPS.
        package static let pictureParameterSet = NALUnitType(rawValue: 8)
        /// AUD.
        package static let accessUnitDelimiter = NALUnitType(rawValue: 9)
        /// End of sequence.
        package static let endOfSequence = NALUnitType(rawValue: 10)
        /// End of stream.
        package static let endOfStream = NALUnitType(rawValue: 11)
        /// Filler data.
        package static let fillerData = NALUnitType(rawValue: 12)

        /// Single-time aggregation packet (RFC 6184 §5.7.1).
        package static let stapA = NALUnitType(rawValue: 24)
        /// Single-time aggregation packet with decoding order number (RFC 6184 §5.7.1).
        package static let stapB = NALUnitType(rawValue: 25)
        /// Multi-time aggregation packet, 16 bit offsets (RFC 6184 §5.7.2).
        package static let mtap16 = NALUnitType(rawValue: 26)
        /// Multi-time aggregation packet, 24 bit offsets (RFC 6184 §5.7.2).
        package static let mtap24 = NALUnitType(rawValue: 27)
        /// Fragmentation unit (RFC 6184 §5.8).
        package static let fuA = NALUnitType(rawValue: 28)
        /// Fragmentation unit with decoding order number (RFC 6184 §5.8).
        package static let fuB = NALUnitType(rawValue: 29)

        /// SPS or PPS.
        package var isParameterSet: Bool { rawValue == 7 || rawValue == 8 }
        /// A slice of a picture: the part of the access unit a decoder shows.
        package var isSlice: Bool { (1...5).contains(rawValue) }
    }
}
