import NIOCore

/// What RTP wants to know of a picture in JFIF (ITU-T T.81, RFC 2435): its headers taken apart, its scan as it stands.
///
/// ```
/// FFD8 | { FF marker | length: 16 | segment } … | FFDA length scan header | scan … | FFD9
/// ```
package struct JPEGPicture: Sendable {
    /// Why a payload of RFC 2435 cannot carry a picture.
    package enum Unsuitable: Error, Sendable, Hashable {
        /// Not a picture, or cut short.
        case unreadable
        /// Progressive, lossless or arithmetically coded: any frame header but the baseline one.
        case notBaseline
        /// Above 2040 pixels a side.
        case tooLarge(PictureDimensions)
        /// Other colours, or coarser or finer ones, than 4:2:0 and 4:2:2.
        case sampling
        /// 4:2:2 or 4:2:0, but in macroblocks of another shape than the two that RFC 2435 has.
        case order
        /// Huffman tables of the picture's own: what receivers use is fixed.
        case ownHuffmanTables
        /// Two pictures of half the lines in one sample.
        case interlaced
    }

    package private(set) var dimensions = PictureDimensions(width: 0, height: 0)
    /// RFC 2435 §4.1: 0 has colours of half the width (4:2:2), 1 of half the height as well (4:2:0).
    package private(set) var type: UInt8 = 0
    /// Macroblocks between restart markers; 0 where there are none.
    package private(set) var restartInterval: UInt16 = 0
    /// Of luminance, then of chrominance, in zigzag order, 64 entries each.
    package private(set) var quantizationTables: [UInt8] = []
    /// Bit 0 is set where the first table has entries of 16 bits, bit 1 for the second.
    package private(set) var tablePrecision: UInt8 = 0
    /// What stands between the scan header and the end of the picture.
    package private(set) var scan = ByteBuffer()

    /// More segments before the scan are no picture's.
    private static let mostSegments = 256

    /// Takes a picture apart; `Unsuitable` where RTP cannot carry it.
    package init(parsing picture: ByteBuffer) throws(Unsuitable) {
        var rest = picture
        var tables = Tables()
        var frame: Frame?
        guard rest.readInteger(as: UInt16.self) == 0xFFD8 else { throw .unreadable }
        for _ in 0..<Self.mostSegments {
            let (marker, segment) = try Self.readSegment(from: &rest)
            switch marker {
            case 0xC0: frame = try Frame(parsing: segment)
            // SOF1 is baseline where it has 8 bits and two tables a class, but its receivers need not be.
            case 0xC1...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF: throw .notBaseline
            case 0xC4: try tables.readHuffman(segment)
            case 0xDB: try tables.readQuantization(segment)
            case 0xDD: restartInterval = segment.getInteger(at: segment.readerIndex) ?? 0
            case 0xE1 where Self.announcesSecondField(segment): throw .interlaced
            case 0xDA:
                guard let frame else { throw .unreadable }
                try finish(frame: frame, tables: tables, scanHeader: segment, scan: rest)
                return
            default: continue
            }
        }
        throw .unreadable
    }

    private mutating func finish(
        frame: Frame, tables: Tables, scanHeader: ByteBuffer, scan rest: ByteBuffer
    ) throws(Unsuitable) {
        dimensions = frame.dimensions
        guard dimensions.width <= 2040, dimensions.height <= 2040 else { throw .tooLarge(dimensions) }
        type = try frame.payloadType()
        guard tables.haveStandardHuffman(for: try frame.huffmanSelectors(in: scanHeader)) else {
            throw .ownHuffmanTables
        }
        for (place, component) in frame.components.prefix(2).enumerated() {
            guard let table = tables.quantization[component.quantization] else { throw .unreadable }
            quantizationTables += table
            if table.count > 64 { tablePrecision |= 1 << UInt8(place) }
        }
        scan = Self.withoutEnd(rest)
        guard scan.readableBytes > 0 else { throw .unreadable }
    }

    /// The next marker and what belongs to it; bytes of filling before a marker are passed over (§B.1.1.2).
    private static func readSegment(from rest: inout ByteBuffer) throws(Unsuitable) -> (UInt8, ByteBuffer) {
        guard rest.readInteger(as: UInt8.self) == 0xFF else { throw .unreadable }
        var marker: UInt8 = 0xFF
        while marker == 0xFF {
            guard let next = rest.readInteger(as: UInt8.self) else { throw .unreadable }
            marker = next
        }
        guard let length = rest.readInteger(as: UInt16.self), length >= 2,
            let segment = rest.readSlice(length: Int(length) - 2)
        else { throw .unreadable }
        return (marker, segment)
    }

    /// QuickTime's Motion JPEG format A: `mjpg` in APP1, and how far the second field is.
    private static func announcesSecondField(_ segment: ByteBuffer) -> Bool {
        let start = segment.readerIndex
        guard segment.getInteger(at: start + 4, as: UInt32.self) == 0x6D6A_7067,
            let next = segment.getInteger(at: start + 16, as: UInt32.self)
        else { return false }
        return next != 0
    }

    /// Up to the last end marker; all of it where there is none (quirk J10).
    private static func withoutEnd(_ scan: ByteBuffer) -> ByteBuffer {
        let length = scan.withUnsafeReadableBytes { bytes in
            var end = bytes.count
            while end >= 2 {
                if bytes[end - 2] == 0xFF, bytes[end - 1] == 0xD9 { return end - 2 }
                end -= 1
            }
            return bytes.count
        }
        return scan.getSlice(at: scan.readerIndex, length: length) ?? scan
    }
}

extension JPEGPicture {
    /// The frame header (§B.2.2).
    private struct Frame {
        struct Component {
            var identifier: UInt8
            var sampling: UInt8
            var quantization: UInt8
        }

        let dimensions: PictureDimensions
        let components: [Component]

        init(parsing segment: ByteBuffer) throws(Unsuitable) {
            var segment = segment
            guard
                let (precision, height, width, count) = segment.readMultipleIntegers(
                    as: (UInt8, UInt16, UInt16, UInt8).self),
                precision == 8, height > 0, width > 0
            else { throw .unreadable }
            dimensions = PictureDimensions(width: Int(width), height: Int(height))
            guard count == 3 else { throw .sampling }
            var components: [Component] = []
            for _ in 0..<count {
                guard
                    let (identifier, sampling, table) = segment.readMultipleIntegers(
                        as: (UInt8, UInt8, UInt8).self)
                else { throw .unreadable }
                components.append(Component(identifier: identifier, sampling: sampling, quantization: table))
            }
            self.components = components
        }

        func payloadType() throws(Unsuitable) -> UInt8 {
            let (luminance, first, second) = (components[0], components[1], components[2])
            guard first.sampling == second.sampling, first.quantization == second.quantization else { throw .sampling }
            switch (luminance.sampling, first.sampling) {
            case (0x21, 0x11): return 0
            case (0x22, 0x11): return 1
            default: break
            }
            let (across, down) = (first.sampling >> 4, first.sampling & 15)
            let isHalved = luminance.sampling >> 4 == 2 * across
            let isKnown = isHalved && [down, 2 * down].contains(luminance.sampling & 15)
            throw isKnown ? .order : .sampling
        }

        /// Which tables the scan takes for luminance and for both colours; `Unsuitable` for a scan of some components only.
        func huffmanSelectors(in header: ByteBuffer) throws(Unsuitable) -> [UInt8] {
            var header = header
            guard header.readInteger(as: UInt8.self) == 3 else { throw .notBaseline }
            var selectors: [UInt8] = []
            for component in components {
                guard let (identifier, selector) = header.readMultipleIntegers(as: (UInt8, UInt8).self),
                    identifier == component.identifier
                else { throw .unreadable }
                selectors.append(selector)
            }
            return selectors
        }
    }

    /// The tables of a picture, by their numbers.
    private struct Tables {
        private(set) var quantization: [UInt8: [UInt8]] = [:]
        /// By class (0 is DC, 1 is AC) in the high four bits, and number in the low.
        private var huffman: [UInt8: [UInt8]] = [:]

        mutating func readQuantization(_ segment: ByteBuffer) throws(Unsuitable) {
            var segment = segment
            while let place = segment.readInteger(as: UInt8.self) {
                guard place & 15 < 4, place >> 4 < 2, let table = segment.readBytes(length: place >> 4 == 1 ? 128 : 64)
                else { throw .unreadable }
                quantization[place & 15] = table
            }
        }

        mutating func readHuffman(_ segment: ByteBuffer) throws(Unsuitable) {
            var segment = segment
            while let place = segment.readInteger(as: UInt8.self) {
                guard place & 15 < 4, place >> 4 < 2, let counts = segment.readBytes(length: 16),
                    let values = segment.readBytes(length: counts.reduce(0) { $0 + Int($1) })
                else { throw .unreadable }
                huffman[place] = counts + values
            }
        }

        /// A picture without tables (Motion JPEG) means the standard ones.
        func haveStandardHuffman(for selectors: [UInt8]) -> Bool {
            selectors.enumerated().allSatisfy { component, selector in
                let isLuminance = component == 0
                let dc = huffman[selector >> 4]
                let ac = huffman[0x10 | selector & 15]
                return dc ?? JPEGHuffmanTables.dc(isLuminance) == JPEGHuffmanTables.dc(isLuminance)
                    && ac ?? JPEGHuffmanTables.ac(isLuminance) == JPEGHuffmanTables.ac(isLuminance)
            }
        }
    }
}

extension JPEGHuffmanTables {
    fileprivate static func dc(_ isLuminance: Bool) -> [UInt8] { isLuminance ? luminanceDC : chrominanceDC }
    fileprivate static func ac(_ isLuminance: Bool) -> [UInt8] { isLuminance ? luminanceAC : chrominanceAC }
}

extension JPEGPicture.Unsuitable: CustomStringConvertible {
    /// What an operator is told.
    package var description: String {
        switch self {
        case .unreadable: "its pictures are no JPEG, or cut short"
        case .notBaseline: "its pictures are not baseline JPEG"
        case .tooLarge(let size):
            "\(size.width) x \(size.height) are more than the 2040 pixels a side that RTP has room for"
        case .sampling: "its colours are sampled neither 4:2:0 nor 4:2:2"
        case .order: "its colours are sampled 4:2:0 or 4:2:2, but in an order that RTP cannot carry"
        case .ownHuffmanTables: "its pictures have Huffman tables of their own, which RTP cannot carry"
        case .interlaced: "its pictures are two fields each"
        }
    }
}
