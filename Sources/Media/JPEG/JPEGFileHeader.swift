import NIOCore

/// What stands before the scan of a picture in JFIF, for a picture that came in a payload without it (RFC 2435 appendix B).
///
/// ```
/// FFD8 | APP0 JFIF | DQT … | DRI, where there are restarts | SOF0 | DHT × 4 | SOS
/// ```
package struct JPEGFileHeader: Sendable, Hashable {
    package var dimensions: PictureDimensions
    /// RFC 2435 §4.1: 0 has colours of half the width (4:2:2), 1 of half the height as well (4:2:0).
    package var type: UInt8
    /// Macroblocks between restart markers; 0 where there are none.
    package var restartInterval: UInt16
    /// Of luminance, then of chrominance, in zigzag order.
    package var quantizationTables: [UInt8]
    /// Bit 0 is set where the first table has entries of 16 bits, bit 1 for the second.
    package var tablePrecision: UInt8

    package init(
        dimensions: PictureDimensions, type: UInt8, restartInterval: UInt16, quantizationTables: [UInt8],
        tablePrecision: UInt8
    ) {
        self.dimensions = dimensions
        self.type = type
        self.restartInterval = restartInterval
        self.quantizationTables = quantizationTables
        self.tablePrecision = tablePrecision
    }

    /// Writes it; `false`, and nothing is written, where the tables are cut short, or the size is none.
    @discardableResult
    package func write(into buffer: inout ByteBuffer) -> Bool {
        guard let tables = splitTables(), (1...65_535).contains(dimensions.width),
            (1...65_535).contains(dimensions.height)
        else { return false }
        buffer.writeInteger(0xFFD8 as UInt16)
        write(0xE0, Array("JFIF".utf8) + [0, 1, 1, 0, 0, 1, 0, 1, 0, 0], into: &buffer)
        for (place, table) in tables.enumerated() {
            write(0xDB, [UInt8(table.count > 64 ? 0x10 : 0) | UInt8(place)] + table, into: &buffer)
        }
        if restartInterval > 0 {
            write(0xDD, [UInt8(restartInterval >> 8), UInt8(restartInterval & 0xFF)], into: &buffer)
        }
        let (width, height) = (dimensions.width, dimensions.height)
        let chrominance = UInt8(tables.count - 1)
        write(
            0xC0,
            [8, UInt8(height >> 8), UInt8(height & 0xFF), UInt8(width >> 8), UInt8(width & 0xFF), 3]
                + [1, type & 1 == 0 ? 0x21 : 0x22, 0, 2, 0x11, chrominance, 3, 0x11, chrominance],
            into: &buffer
        )
        write(0xC4, [0x00] + JPEGHuffmanTables.luminanceDC, into: &buffer)
        write(0xC4, [0x10] + JPEGHuffmanTables.luminanceAC, into: &buffer)
        write(0xC4, [0x01] + JPEGHuffmanTables.chrominanceDC, into: &buffer)
        write(0xC4, [0x11] + JPEGHuffmanTables.chrominanceAC, into: &buffer)
        write(0xDA, [3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0], into: &buffer)
        return true
    }

    /// One or two: some devices send one for all components. `nil` where a table is cut short.
    private func splitTables() -> [[UInt8]]? {
        var rest = quantizationTables[...]
        var tables: [[UInt8]] = []
        for place in 0..<2 {
            let length = tablePrecision >> UInt8(place) & 1 == 1 ? 128 : 64
            guard rest.count >= length else { break }
            tables.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return tables.isEmpty ? nil : tables
    }

    private func write(_ marker: UInt8, _ segment: [UInt8], into buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(0xFF as UInt8, marker, UInt16(segment.count + 2))
        buffer.writeBytes(segment)
    }
}
