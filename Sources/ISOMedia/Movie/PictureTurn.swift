import NIOCore

/// How pictures are turned or mirrored before they are shown, as telephones have it that were held upright (ISO/IEC 14496-12 §8.3.2).
///
/// ```
/// │ a b u │        (x, y) is shown at (a x + c y + tx, b x + d y + ty); a, b, c, d, tx, ty are of 16 bits and 16 of fraction
/// │ c d v │
/// │ tx ty w │
/// ```
package struct PictureTurn: Sendable, Hashable {
    /// The nine numbers in the order of the file: a, b, u, c, d, v, tx, ty, w.
    package let matrix: [Int32]

    private static let count = 9

    /// The matrix at `place` of `tkhd`; `nil` for one that neither turns nor mirrors, and where there is none.
    init?(_ header: ByteBuffer, at place: Int) {
        let numbers = (0..<Self.count).compactMap { header.getInteger(at: place + 4 * $0, as: Int32.self) }
        guard numbers.count == Self.count, numbers[1] != 0 || numbers[3] != 0 || numbers[0] < 0 || numbers[4] < 0 else {
            return nil
        }
        matrix = numbers
    }
}
