import Media
import NIOCore

/// Makes RTP payloads out of JPEG pictures (RFC 2435), with their quantization tables in the first (Q is 255).
///
/// `JPEGPayloadHeader` has the drawing.
package struct JPEGPacketizer: Sendable {
    /// The fragment offset has 24 bits, and no picture of 2040 pixels a side comes near that.
    package static let maximumScanSize = 1 << 24 - 1

    /// The tables have to fit into the first one, in bytes: up to 272 with the headers, and something of the picture.
    package static let leastPayloadSize = 320

    private let limit: Int

    /// `maximumPayloadSize` in bytes, without RTP header.
    package init(maximumPayloadSize: Int = 1440) {
        limit = max(Self.leastPayloadSize, min(maximumPayloadSize, 65_000))
    }

    /// Takes one picture as a file has it; the last payload has the marker. `Unsuitable` where RTP cannot carry it.
    package func packetize(
        _ picture: ByteBuffer, emit: (NormalizedPayload) -> Void
    ) throws(JPEGPicture.Unsuitable) {
        let parsed = try JPEGPicture(parsing: picture)
        guard parsed.scan.readableBytes <= Self.maximumScanSize else { throw .tooLarge(parsed.dimensions) }
        packetize(parsed, emit: emit)
    }

    private func packetize(_ picture: JPEGPicture, emit: (NormalizedPayload) -> Void) {
        var rest = picture.scan
        var offset: UInt32 = 0
        while rest.readableBytes > 0 {
            let isFirst = offset == 0
            var payload = ByteBufferAllocator().buffer(capacity: limit)
            write(headersOf: picture, offset: offset, into: &payload)
            guard let piece = rest.readSlice(length: min(limit - payload.readableBytes, rest.readableBytes)) else {
                return
            }
            payload.writeImmutableBuffer(piece)
            offset += UInt32(piece.readableBytes)
            let traits: PayloadTraits = isFirst ? [.startsRandomAccess, .startsPicture, .picture] : .picture
            emit(NormalizedPayload(payload: payload, marker: rest.readableBytes == 0, traits: traits))
        }
    }

    private func write(headersOf picture: JPEGPicture, offset: UInt32, into payload: inout ByteBuffer) {
        let hasRestarts = picture.restartInterval > 0
        payload.writeMultipleIntegers(
            offset, picture.type + (hasRestarts ? 64 : 0), 255 as UInt8,
            Self.blocks(picture.dimensions.width), Self.blocks(picture.dimensions.height)
        )
        if hasRestarts {
            // Payloads are cut anywhere: the receiver has to put the picture together before it decodes (§3.1.7).
            payload.writeMultipleIntegers(picture.restartInterval, 0xFFFF as UInt16)
        }
        guard offset == 0 else { return }
        payload.writeMultipleIntegers(
            0 as UInt8, picture.tablePrecision, UInt16(picture.quantizationTables.count)
        )
        payload.writeBytes(picture.quantizationTables)
    }

    /// Of 8 pixels; what is left over is one more.
    private static func blocks(_ pixels: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: (pixels + 7) / 8)
    }
}
