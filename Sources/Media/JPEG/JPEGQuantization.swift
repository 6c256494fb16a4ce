/// The quantization tables that a JPEG payload means by a number of quality, 1 to 99 (RFC 2435 §4.2, appendix A).
package enum JPEGQuantization {
    /// Of luminance, then of chrominance, in zigzag order, 64 entries of 8 bits each.
    package static func tables(quality: UInt8) -> [UInt8] {
        let factor = Int(min(max(quality, 1), 99))
        let scale = factor < 50 ? 5000 / factor : 200 - factor * 2
        return (luminance + chrominance).map { UInt8(min(max((Int($0) * scale + 50) / 100, 1), 255)) }
    }

    private static let luminance: [UInt8] = [
        16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51,
        61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77,
        113, 121, 112, 100, 120, 92, 101, 103, 99,
    ]

    private static let chrominance: [UInt8] =
        [17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66] + [UInt8](repeating: 99, count: 50)
}
