import Media
import NIOCore

/// Says what a payload of one format is, by a look at its first bytes; audio and unknown formats say nothing.
package struct PayloadClassifier: Sendable {
    let format: VideoPayloadFormat?

    package init(format: TrackFormat, kind: MediaKind) {
        self.format = VideoPayloadFormat(format, kind: kind)
    }

    /// The traits of one RTP payload: single units, aggregates and fragments alike.
    package func traits(of payload: ByteBuffer) -> PayloadTraits {
        switch format {
        case .nalUnits(let syntax): payload.withUnsafeReadableBytes { syntax.traits(of: $0) }
        case .jpeg: payload.withUnsafeReadableBytes { JPEGPayloadHeader($0)?.traits ?? [] }
        case nil: []
        }
    }
}

/// The payload formats whose bytes the relay looks into.
enum VideoPayloadFormat: Sendable, Hashable {
    /// RFC 6184, RFC 7798.
    case nalUnits(NALUnitSyntax)
    /// RFC 2435.
    case jpeg

    init?(_ format: TrackFormat, kind: MediaKind) {
        guard kind != .audio else { return nil }
        switch format.codec {
        case .h264: self = .nalUnits(.h264)
        case .h265:
            let difference = format.parameters["sprop-max-don-diff"].flatMap { Int($0) } ?? 0
            self = .nalUnits(.h265(hasDecodingOrder: difference > 0))
        case .mjpeg: self = .jpeg
        case .aac, .pcmu, .pcma, .opus, .other: return nil
        }
    }
}

extension NALUnitSyntax {
    func traits(of payload: UnsafeRawBufferPointer) -> PayloadTraits {
        guard let header = header(of: payload) else { return [] }
        switch structure(of: header) {
        case .single:
            let start = min(headerLength + (hasDecodingOrder ? 2 : 0), payload.count)
            return traits(of: header, body: UnsafeRawBufferPointer(rebasing: payload[start...]))
        case .aggregate:
            return aggregateTraits(of: payload)
        case .fragment:
            guard let fragment = FragmentHeader(payload, syntax: self) else { return [] }
            guard fragment.begins else { return continuationTraits(of: fragment.unitHeader) }
            return traits(
                of: fragment.unitHeader, body: UnsafeRawBufferPointer(rebasing: payload[fragment.bodyStart...])
            )
        case .unsupported, .reserved:
            return []
        }
    }

    private func aggregateTraits(of payload: UnsafeRawBufferPointer) -> PayloadTraits {
        var units = AggregateUnits(payload, syntax: self)
        var union: PayloadTraits = []
        var isPrefix = true
        while let unit = units.next() {
            guard let header = header(of: payload, at: unit.range.lowerBound) else { continue }
            let body = unit.range.lowerBound + headerLength..<unit.range.upperBound
            let traits = traits(of: header, body: UnsafeRawBufferPointer(rebasing: payload[body]))
            isPrefix = isPrefix && traits.contains(.prefix)
            union.formUnion(traits)
        }
        if !isPrefix { union.remove(.prefix) }
        return union
    }
}
