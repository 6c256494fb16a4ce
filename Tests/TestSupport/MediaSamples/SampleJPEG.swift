/// A picture in JFIF made by hand: headers that are right, and a scan that no decoder would like.
package struct SampleJPEG {
    package var width = 64
    package var height = 48
    /// Of luminance, and of both colours.
    package var sampling: UInt8 = 0x22
    package var colourSampling: UInt8 = 0x11
    /// `SOF0`, baseline.
    package var frameMarker: UInt8 = 0xC0
    package var restartInterval: UInt16?
    /// A `DHT` segment's content.
    package var huffman: [UInt8]?
    /// Further segments, with marker, without length.
    package var segments: [(marker: UInt8, content: [UInt8])] = []
    package var scan: [UInt8] = (0..<4000).map { UInt8($0 % 251) }
    package var end: [UInt8] = [0xFF, 0xD9]

    package init() {}

    /// Of luminance and of chrominance.
    package static let tables: [[UInt8]] = [(1...64).map { UInt8($0) }, (101...164).map { UInt8($0) }]

    package var bytes: [UInt8] {
        var bytes: [UInt8] = [0xFF, 0xD8]
        func add(_ marker: UInt8, _ content: [UInt8]) {
            let length = content.count + 2
            bytes += [0xFF, marker, UInt8(length >> 8), UInt8(length & 0xFF)] + content
        }
        add(0xE0, Array("JFIF".utf8) + [0, 1, 1, 0, 0, 1, 0, 1, 0, 0])
        for segment in segments { add(segment.marker, segment.content) }
        add(0xDB, [0] + Self.tables[0] + [1] + Self.tables[1])
        if let huffman { add(0xC4, huffman) }
        if let restartInterval { add(0xDD, [UInt8(restartInterval >> 8), UInt8(restartInterval & 0xFF)]) }
        let size = [UInt8(height >> 8), UInt8(height & 0xFF), UInt8(width >> 8), UInt8(width & 0xFF)]
        add(frameMarker, [8] + size + [3, 1, sampling, 0, 2, colourSampling, 1, 3, colourSampling, 1])
        add(0xDA, [3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0])
        return bytes + scan + end
    }
}
