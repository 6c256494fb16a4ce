import Media
import NIOCore

/// Whole JPEG files out of RFC 2435: headers are made from the few bytes before each fragment, tables from those it brings along, from its
/// number of quality, or from an earlier picture of the same number (quirk J8).
struct JPEGDepacketizer: Sendable {
    /// Two tables of 16 bits an entry.
    private static let mostTables = 256

    private struct Tables: Sendable {
        var bytes: [UInt8]
        var precision: UInt8
    }

    /// What the headers of a picture's first fragment say.
    private struct Picture: Sendable {
        var timestamp: UInt32
        var header: JPEGFileHeader
        var scan = ByteBuffer()
    }

    private let dimensions: PictureDimensions?
    /// By their numbers, 128 to 254, which stand for the same tables as long as a stream lasts (§4.2).
    private var tables: [UInt8: Tables] = [:]
    private var picture: Picture?
    private var hasLost = false

    init(dimensions: PictureDimensions?) {
        self.dimensions = dimensions
    }

    mutating func receive(_ packet: RTPPacket) -> [DepacketizedUnit] {
        var finished: [DepacketizedUnit] = []
        if let known = picture, known.timestamp != packet.timestamp, let unit = finish() { finished.append(unit) }
        add(packet)
        if packet.marker, let unit = finish() { finished.append(unit) }
        return finished
    }

    mutating func missed() {
        picture = nil
        hasLost = true
    }

    private mutating func add(_ packet: RTPPacket) {
        let payload = packet.payload
        guard let place = payload.withUnsafeReadableBytes({ JPEGPayloadHeader($0) }) else { return missed() }
        let scan = payload.suffix(from: place.bodyStart)
        if place.fragmentOffset == 0 {
            if picture != nil { hasLost = true }
            picture = begin(payload, place, timestamp: packet.timestamp)
            if picture == nil { hasLost = true }
        }
        // Taken out, so that its bytes have one owner.
        guard var known = picture.take() else { return }
        guard known.scan.readableBytes == place.fragmentOffset,
            known.scan.readableBytes + scan.readableBytes <= Depacketizer.largestUnit
        else { return missed() }
        known.scan.writeImmutableBuffer(scan)
        picture = known
    }

    private mutating func begin(_ payload: ByteBuffer, _ place: JPEGPayloadHeader, timestamp: UInt32) -> Picture? {
        let start = payload.readerIndex
        guard let (type, quality) = payload.getMultipleIntegers(at: start + 4, as: (UInt8, UInt8).self),
            let (width, height) = payload.getMultipleIntegers(at: start + 6, as: (UInt8, UInt8).self),
            type & 0x3F < 2, let tables = tables(of: quality, in: payload, place)
        else { return nil }
        let restart: UInt16? =
            place.hasRestartHeader ? payload.getInteger(at: start + JPEGPayloadHeader.mainLength) : nil
        return Picture(
            timestamp: timestamp,
            header: JPEGFileHeader(
                dimensions: size(width: width, height: height), type: type & 0x3F, restartInterval: restart ?? 0,
                quantizationTables: tables.bytes, tablePrecision: tables.precision
            )
        )
    }

    private mutating func tables(
        of quality: UInt8, in payload: ByteBuffer, _ place: JPEGPayloadHeader
    ) -> Tables? {
        guard quality >= 128 else { return Tables(bytes: JPEGQuantization.tables(quality: quality), precision: 0) }
        let head = JPEGPayloadHeader.mainLength + (place.hasRestartHeader ? 4 : 0)
        let length = place.bodyStart - head - 4
        guard length > 0 else { return tables[quality] }
        guard length <= Self.mostTables,
            let precision: UInt8 = payload.getInteger(at: payload.readerIndex + head + 1),
            let bytes = payload.getBytes(at: payload.readerIndex + head + 4, length: length)
        else { return nil }
        let told = Tables(bytes: bytes, precision: precision)
        if quality < 255 { tables[quality] = told }
        return told
    }

    /// Eight bits of blocks of eight pixels: the description tells what is beyond them, and what is no multiple (quirk J9).
    private func size(width: UInt8, height: UInt8) -> PictureDimensions {
        func blocks(_ pixels: Int) -> UInt8 { UInt8(truncatingIfNeeded: (pixels + 7) / 8) }
        if let dimensions, width == 0 || blocks(dimensions.width) == width,
            height == 0 || blocks(dimensions.height) == height
        {
            return dimensions
        }
        return PictureDimensions(width: Int(width) * 8, height: Int(height) * 8)
    }

    private mutating func finish() -> DepacketizedUnit? {
        guard let done = picture.take(), done.scan.readableBytes > 0 else { return nil }
        var file = ByteBufferAllocator().buffer(capacity: done.scan.readableBytes + 1024)
        guard done.header.write(into: &file) else {
            hasLost = true
            return nil
        }
        file.writeImmutableBuffer(done.scan)
        let end: UInt16? = done.scan.getInteger(at: done.scan.writerIndex - 2)
        if end != 0xFFD9 { file.writeInteger(0xFFD9 as UInt16) }
        defer { hasLost = false }
        return DepacketizedUnit(timestamp: done.timestamp, followsLoss: hasLost, payload: file)
    }
}
