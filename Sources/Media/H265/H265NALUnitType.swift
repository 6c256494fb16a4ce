/// The names of H.265: ITU-T H.265 and its RTP payload format, RFC 7798.
package enum H265 {
    /// `nal_unit_type`, six bits of a NAL unit's first byte.
    ///
    /// ```
    /// +---------------+---------------+
    /// |0|1|2|3|4|5|6|7|0|1|2|3|4|5|6|7|
    /// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    /// |F|   Type    |  LayerId  | TID |
    /// +-------------+-----------------+
    /// ```
    package struct NALUnitType: RawRepresentable, Sendable, Hashable {
        package let rawValue: UInt8

        /// Any number; only the low six bits count.
        package init(rawValue: UInt8) {
            self.rawValue = rawValue & 0x3F
        }

        /// The type of the NAL unit whose first byte is `header`.
        package init(header: UInt8) {
            self.init(rawValue: header >> 1)
        }

        /// First of the broken link access pictures (16–18).
        package static let blaWithLeading = NALUnitType(rawValue: 16)
        /// IDR picture that may have decodable leading pictures.
        package static let idrWithLeading = NALUnitType(rawValue: 19)
        /// IDR picture without leading pictures.
        package static let idrWithoutLeading = NALUnitType(rawValue: 20)
        /// Clean random access picture.
        package static let cra = NALUnitType(rawValue: 21)
        /// VPS.
        package static let videoParameterSet = NALUnitType(rawValue: 32)
        /// SPS.
        package static let sequenceParameterSet = NALUnitType(rawValue: 33)
        /// PPS.
        package static let pictureParameterSet = NALUnitType(rawValue: 34)
        /// AUD.
        package static let accessUnitDelimiter = NALUnitType(rawValue: 35)
        /// End of sequence.
        package static let endOfSequence = NALUnitType(rawValue: 36)
        /// End of bitstream.
        package static let endOfBitstream = NALUnitType(rawValue: 37)
        /// Filler data.
        package static let fillerData = NALUnitType(rawValue: 38)
        /// Supplemental enhancement information before the slices.
        package static let prefixSupplementalEnhancement = NALUnitType(rawValue: 39)
        /// Supplemental enhancement information after the slices.
        package static let suffixSupplementalEnhancement = NALUnitType(rawValue: 40)

        /// Aggregation packet (RFC 7798 §4.4.2).
        package static let aggregation = NALUnitType(rawValue: 48)
        /// Fragmentation unit (RFC 7798 §4.4.3).
        package static let fragmentation = NALUnitType(rawValue: 49)
        /// Payload content information packet (RFC 7798 §4.4.4).
        package static let paci = NALUnitType(rawValue: 50)

        /// VPS, SPS or PPS.
        package var isParameterSet: Bool { (32...34).contains(rawValue) }
        /// A slice segment of a picture: the part of the access unit a decoder shows.
        package var isSlice: Bool { rawValue < 32 }
        /// IDR, CRA or BLA: a decoder can start here (quirk I21: cameras that send no IDR at all).
        package var isRandomAccess: Bool { (16...21).contains(rawValue) }
    }
}
