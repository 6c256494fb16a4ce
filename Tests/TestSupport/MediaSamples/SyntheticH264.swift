/// H.264 made by hand: a grey baseline picture that any decoder takes (ITU-T H.264 §7.3).
///
/// An IDR codes each macroblock as Intra_16x16 DC without residual, one byte each; some are I_PCM, which makes it
/// large enough for fragmentation. Every other picture is one run of skipped macroblocks.
package enum SyntheticH264 {
    /// Pixels.
    package static let width = 320
    /// Pixels.
    package static let height = 240
    private static let macroblocks = (width / 16) * (height / 16)

    /// Constrained baseline, level 2.0.
    package static let sequenceParameterSet: [UInt8] = {
        var bits = BitWriter()
        bits.byte(0x67)
        bits.byte(66)  // baseline
        bits.byte(0xC0)
        bits.byte(20)  // level 2.0
        bits.unsigned(0)  // seq_parameter_set_id
        bits.unsigned(4)  // log2_max_frame_num_minus4: 8 bits
        bits.unsigned(2)  // pic_order_cnt_type
        bits.unsigned(1)  // max_num_ref_frames
        bits.bits(0, 1)
        bits.unsigned(width / 16 - 1)
        bits.unsigned(height / 16 - 1)
        bits.bits(1, 1)  // frame_mbs_only_flag
        bits.bits(1, 1)  // direct_8x8_inference_flag
        bits.bits(0, 1)  // frame_cropping_flag
        bits.bits(0, 1)  // vui_parameters_present_flag
        return bits.nalUnit()
    }()

    /// CAVLC, one slice group.
    package static let pictureParameterSet: [UInt8] = {
        var bits = BitWriter()
        bits.byte(0x68)
        bits.unsigned(0)
        bits.unsigned(0)
        bits.bits(0, 2)  // CAVLC, no bottom field order
        bits.unsigned(0)  // one slice group
        bits.unsigned(0)
        bits.unsigned(0)
        bits.bits(0, 3)  // no weighted prediction
        bits.signed(0)
        bits.signed(0)
        bits.signed(0)
        bits.bits(0, 3)
        return bits.nalUnit()
    }()

    /// An IDR picture; `rawMacroblocks` of them cost 385 bytes each.
    package static func keyPicture(identifier: Int, rawMacroblocks: Int = 0) -> [UInt8] {
        var bits = BitWriter()
        bits.byte(0x65)
        bits.unsigned(0)  // first_mb_in_slice
        bits.unsigned(7)  // I, all slices
        bits.unsigned(0)
        bits.bits(0, 8)  // frame_num
        bits.unsigned(identifier & 0xFF)
        bits.bits(0, 2)  // no_output_of_prior_pics, long_term_reference
        bits.signed(0)  // slice_qp_delta
        let columns = width / 16
        let isRaw = { (macroblock: Int) in macroblock >= 0 && macroblock < rawMacroblocks }
        for macroblock in 0..<macroblocks {
            if isRaw(macroblock) {
                bits.unsigned(25)  // I_PCM
                bits.align()
                for sample in 0..<384 { bits.byte(UInt8(64 + (sample + macroblock) % 127)) }
            } else {
                bits.unsigned(3)  // I_16x16_2_0_0
                bits.unsigned(0)  // DC chroma
                bits.signed(0)  // mb_qp_delta
                // No coefficients; the table depends on the blocks to the left and above (§9.2.1).
                let besideRaw = macroblock % columns > 0 && isRaw(macroblock - 1) || isRaw(macroblock - columns)
                if besideRaw { bits.bits(0b000011, 6) } else { bits.bits(1, 1) }
            }
        }
        return bits.nalUnit()
    }

    /// A picture equal to the one before; `frameNumber` counts from 1 behind an IDR.
    package static func skippedPicture(frameNumber: Int) -> [UInt8] {
        var bits = BitWriter()
        bits.byte(0x41)
        bits.unsigned(0)
        bits.unsigned(5)  // P, all slices
        bits.unsigned(0)
        bits.bits(frameNumber & 0xFF, 8)
        bits.bits(0, 3)  // no override, no reordering, sliding window
        bits.signed(0)
        bits.unsigned(macroblocks)  // mb_skip_run
        return bits.nalUnit()
    }

    /// The value of `sprop-parameter-sets` (RFC 6184 §8.1).
    package static var spropParameterSets: String {
        base64(sequenceParameterSet) + "," + base64(pictureParameterSet)
    }

    /// RFC 4648 §4.
    package static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for index in 0..<4 {
                text.append(index <= group.count ? alphabet[word >> (18 - 6 * index) & 63] : "=")
            }
        }
        return text
    }
}

private struct BitWriter {
    private var bytes: [UInt8] = []
    private var used = 8

    mutating func bits(_ value: Int, _ count: Int) {
        for shift in stride(from: count - 1, through: 0, by: -1) {
            if used == 8 {
                bytes.append(0)
                used = 0
            }
            bytes[bytes.count - 1] |= UInt8(value >> shift & 1) << (7 - used)
            used += 1
        }
    }

    mutating func byte(_ value: UInt8) { bits(Int(value), 8) }

    /// ue(v)
    mutating func unsigned(_ value: Int) {
        let length = Int.bitWidth - (value + 1).leadingZeroBitCount
        bits(0, length - 1)
        bits(value + 1, length)
    }

    /// se(v)
    mutating func signed(_ value: Int) { unsigned(value > 0 ? 2 * value - 1 : -2 * value) }

    mutating func align() { used = 8 }

    /// With the stop bit and emulation prevention.
    mutating func nalUnit() -> [UInt8] {
        bits(1, 1)
        var unit: [UInt8] = []
        var zeros = 0
        for byte in bytes {
            if zeros >= 2, byte <= 3 {
                unit.append(3)
                zeros = 0
            }
            unit.append(byte)
            zeros = byte == 0 ? zeros + 1 : 0
        }
        return unit
    }
}
