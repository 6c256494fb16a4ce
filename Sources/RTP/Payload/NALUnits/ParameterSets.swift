import Media
import NIOCore

/// The parameter sets of one stream, newest of each id: out of the SDP, then in-band (quirks I10, I11).
///
/// At most 32 of a kind and 64 KB in total; the oldest go first. A single one may have 16 KB (quirk I20).
struct ParameterSets: Sendable {
    private struct Stored: Sendable {
        var kind: ParameterSetKinds
        var id: UInt32
        var bytes: [UInt8]
    }

    static let maximumLength = 16 * 1024
    private static let maximumTotal = 64 * 1024
    private static let maximumCount = 32

    let syntax: NALUnitSyntax
    /// The payloads that carry all sets, none longer than the limit; made once per change.
    private(set) var payloads: [ByteBuffer] = []
    private(set) var kinds: ParameterSetKinds = []
    private let limit: Int
    private var sets: [Stored] = []

    /// Takes the sets of an SDP, start codes and all (quirk C18); what cannot be read is left out (quirk C19).
    init(syntax: NALUnitSyntax, configuration: CodecConfiguration, limit: Int) {
        self.syntax = syntax
        self.limit = limit
        let given: [[UInt8]] =
            switch (syntax, configuration) {
            case (.h264, .h264(let sequence, let picture)): sequence + picture
            case (.h265, .h265(let video, let sequence, let picture)): video + sequence + picture
            case (.h264, _), (.h265, _): []
            }
        for set in given {
            set.withUnsafeBytes { bytes in
                let code = StartCode.first(in: bytes)
                let start = code?.start == 0 ? code?.end ?? 0 : 0
                guard let header = syntax.header(of: bytes, at: start) else { return }
                let body = bytes[(start + syntax.headerLength)...]
                _ = store(header: header, body: UnsafeRawBufferPointer(rebasing: body))
            }
        }
        rebuildPayloads()
    }

    /// Takes a unit seen in-band; `true` where it is new or other than the one of its id before.
    mutating func learn(header: UInt16, body: UnsafeRawBufferPointer) -> Bool {
        guard store(header: header, body: body) else { return false }
        rebuildPayloads()
        return true
    }

    /// All sets, in the order they came.
    var configuration: CodecConfiguration {
        guard !sets.isEmpty else { return .none }
        return switch syntax {
        case .h264: .h264(sequenceParameterSets: all(.sequence), pictureParameterSets: all(.picture))
        case .h265:
            .h265(
                videoParameterSets: all(.video), sequenceParameterSets: all(.sequence),
                pictureParameterSets: all(.picture)
            )
        }
    }

    private func all(_ kind: ParameterSetKinds) -> [[UInt8]] {
        sets.filter { $0.kind == kind }.map(\.bytes)
    }

    private mutating func store(header: UInt16, body: UnsafeRawBufferPointer) -> Bool {
        let kind = syntax.parameterSetKind(syntax.type(of: header))
        let end = StartCode.trimmingZeros(body, from: 0, to: body.count)
        let body = UnsafeRawBufferPointer(rebasing: body[..<end])
        guard !kind.isEmpty, syntax.isVideo(header), body.count <= Self.maximumLength,
            let id = syntax.parameterSetID(kind, body: body)
        else { return false }
        let known = sets.firstIndex { $0.kind == kind && $0.id == id }
        if let known, isSame(sets[known].bytes, header: header, body: body) { return false }

        var bytes: [UInt8] = []
        bytes.reserveCapacity(syntax.headerLength + body.count)
        if syntax.headerLength == 2 { bytes.append(UInt8(header >> 8)) }
        bytes.append(UInt8(truncatingIfNeeded: header))
        bytes.append(contentsOf: body)
        if let known {
            sets[known].bytes = bytes
        } else {
            sets.append(Stored(kind: kind, id: id, bytes: bytes))
        }
        evict(sparing: kind, id)
        return true
    }

    private func isSame(_ bytes: [UInt8], header: UInt16, body: UnsafeRawBufferPointer) -> Bool {
        bytes.withUnsafeBytes { known in
            known.count == syntax.headerLength + body.count && syntax.header(of: known) == header
                && known.dropFirst(syntax.headerLength).elementsEqual(body)
        }
    }

    private mutating func evict(sparing kind: ParameterSetKinds, _ id: UInt32) {
        func isSpare(_ set: Stored) -> Bool { set.kind != kind || set.id != id }
        if sets.count(where: { $0.kind == kind }) > Self.maximumCount,
            let oldest = sets.firstIndex(where: { $0.kind == kind && isSpare($0) })
        {
            sets.remove(at: oldest)
        }
        while sets.reduce(0, { $0 + $1.bytes.count }) > Self.maximumTotal,
            let oldest = sets.firstIndex(where: isSpare)
        {
            sets.remove(at: oldest)
        }
    }

    private mutating func rebuildPayloads() {
        kinds = sets.reduce(into: []) { $0.insert($1.kind) }
        let units = all(.video) + all(.sequence) + all(.picture)
        if units.count > 1, units.reduce(syntax.headerLength, { $0 + 2 + $1.count }) <= limit {
            payloads = [syntax.aggregate(units)]
            return
        }
        payloads = []
        for unit in units {
            var payload = ByteBuffer(bytes: unit)
            guard unit.count > limit, let header = unit.withUnsafeBytes({ syntax.header(of: $0) }) else {
                payloads.append(payload)
                continue
            }
            payload.moveReaderIndex(forwardBy: syntax.headerLength)
            var fragments = syntax.fragments(
                header: header, body: payload, begins: true, ends: true, decodingOrder: 0, limit: limit
            )
            while let fragment = fragments.readSlice(length: min(limit, fragments.readableBytes)),
                fragment.readableBytes > 0
            { payloads.append(fragment) }
        }
    }
}

extension NALUnitSyntax {
    /// The id that a newer set replaces an older one by; `nil` where the set cannot be read.
    func parameterSetID(_ kind: ParameterSetKinds, body: UnsafeRawBufferPointer) -> UInt32? {
        var reader = RBSPReader(body)
        switch self {
        case .h264:
            if kind == .sequence {
                // profile_idc, constraint flags, level_idc
                guard reader.skipBits(24) else { return nil }
                return reader.readExponentialGolomb().flatMap { $0 <= 31 ? $0 : nil }
            }
            return reader.readExponentialGolomb().flatMap { $0 <= 255 ? $0 : nil }
        case .h265:
            if kind == .video { return body.count >= 4 ? reader.readBits(4) : nil }
            if kind == .sequence, !reader.skipToSequenceParameterSetID() { return nil }
            return reader.readExponentialGolomb().flatMap { $0 <= (kind == .sequence ? 15 : 63) ? $0 : nil }
        }
    }
}

extension RBSPReader {
    /// Past sps_video_parameter_set_id and profile_tier_level() of H.265 (§7.3.2.2, §7.3.3).
    fileprivate mutating func skipToSequenceParameterSetID() -> Bool {
        guard skipBits(4), let subLayers = readBits(3), subLayers <= 6, skipBits(1 + 96) else { return false }
        guard subLayers > 0 else { return true }
        var bits = 0
        for _ in 0..<subLayers {
            guard let profile = readBit(), let level = readBit() else { return false }
            bits += Int(profile) * 88 + Int(level) * 8
        }
        return skipBits(Int(8 - subLayers) * 2 + bits)
    }
}
