import Media
import NIOCore
import RTP

/// Sets and units of H.264 and H.265 short enough to be read in a test.
enum Sample {
    // profile 66, constraints, level 3.0, then seq_parameter_set_id 0.
    static let sps: [UInt8] = [0x67, 0x42, 0x00, 0x1E, 0x95, 0xA8]
    /// The same id, other content.
    static let otherSPS: [UInt8] = [0x67, 0x42, 0x00, 0x28, 0x95, 0xA9]
    static let pps: [UInt8] = [0x68, 0xCE, 0x3C, 0x80]
    static let aud: [UInt8] = [0x09, 0xF0]
    static let sei: [UInt8] = [0x06, 0x05, 0x02, 0xAA, 0xBB, 0x80]
    /// User data first, then a recovery point.
    static let recoveryPoint: [UInt8] = [0x06, 0x05, 0x02, 0xAA, 0xBB, 0x06, 0x01, 0xC4, 0x80]
    static let idr: [UInt8] = [0x65, 0x88, 0x11, 0x22]
    /// first_mb_in_slice is 1.
    static let secondIDRSlice: [UInt8] = [0x65, 0x44, 0x11, 0x22]
    static let slice: [UInt8] = [0x41, 0x9A, 0x33, 0x44]

    static let vps265: [UInt8] = [0x40, 0x01, 0x0C, 0x01, 0xFF, 0xFF]
    static let sps265: [UInt8] = [
        0x42, 0x01, 0x01, 0x01, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x78, 0xA0, 0x03,
    ]
    static let pps265: [UInt8] = [0x44, 0x01, 0xC1, 0x73]
    static let idr265: [UInt8] = [0x26, 0x01, 0xAF, 0x09]
    static let cra265: [UInt8] = [0x2A, 0x01, 0xAF, 0x09]
    static let slice265: [UInt8] = [0x02, 0x01, 0xD0, 0x55]

    static func long(_ header: [UInt8], _ count: Int) -> [UInt8] {
        header + (0..<count).map { UInt8($0 % 250) | 0x80 }
    }

    static func aggregate(_ units: [[UInt8]]) -> [UInt8] {
        aggregate([0x78], units)
    }

    static func aggregate(_ header: [UInt8], _ units: [[UInt8]]) -> [UInt8] {
        header + units.flatMap { [UInt8($0.count >> 8), UInt8($0.count & 0xFF)] + $0 }
    }
}

/// A normalizer and what it gave.
struct Normalizing {
    var normalizer: PayloadNormalizer
    var sent: [NormalizedPayload] = []
    private var sequence = 0

    init(
        _ codec: Codec = .h264,
        configuration: CodecConfiguration = .none,
        parameters: FormatParameters = FormatParameters(),
        limit: Int = 1440
    ) {
        let format = TrackFormat(
            payloadType: 96, codec: codec, clockRate: 90_000, parameters: parameters, configuration: configuration
        )
        let kind: MediaKind = [.aac, .opus, .pcma, .pcmu].contains(codec) ? .audio : .video
        normalizer = PayloadNormalizer(format: format, kind: kind, maximumPayloadSize: limit)
    }

    mutating func receive(_ payload: [UInt8], timestamp: UInt32 = 1000, marker: Bool = false, missing: Int = 0) {
        sequence += 1 + missing
        var out: [NormalizedPayload] = []
        normalizer.receive(packet(payload, sequence: sequence, timestamp: timestamp, marker: marker)) { out.append($0) }
        sent += out
    }

    var payloads: [[UInt8]] { sent.map { Array(buffer: $0.payload) } }
    var markers: [Bool] { sent.map(\.marker) }
    var traits: [PayloadTraits] { sent.map(\.traits) }

    /// The units a receiver would get, by RFC 6184 and RFC 7798 to the letter; `nil` where it would complain.
    func units(h265: Bool = false) -> [[UInt8]]? {
        let length = h265 ? 2 : 1
        var units: [[UInt8]] = []
        var open: [UInt8]?
        for payload in payloads {
            guard payload.count > length else { return nil }
            let type = h265 ? payload[0] >> 1 & 0x3F : payload[0] & 0x1F
            if type == (h265 ? 49 : 28) {
                let bits = payload[length]
                let (begins, ends) = (bits & 0x80 != 0, bits & 0x40 != 0)
                guard !(begins && ends), begins == (open == nil), payload.count > length + 1 else { return nil }
                if begins {
                    open =
                        h265 ? [payload[0] & 0x81 | (bits & 0x3F) << 1, payload[1]] : [payload[0] & 0xE0 | bits & 0x1F]
                }
                open? += payload[(length + 1)...]
                if ends, let unit = open {
                    units.append(unit)
                    open = nil
                }
                continue
            }
            guard open == nil else { return nil }
            guard type == (h265 ? 48 : 24) else {
                units.append(payload)
                continue
            }
            var index = length
            while index < payload.count {
                guard index + 2 <= payload.count else { return nil }
                let size = Int(payload[index]) << 8 | Int(payload[index + 1])
                guard size > 0, index + 2 + size <= payload.count else { return nil }
                units.append(Array(payload[(index + 2)..<(index + 2 + size)]))
                index += 2 + size
            }
        }
        return open == nil ? units : nil
    }
}
