import Media
import NIOCore
import RTP

/// A depacketizer and what it gave, fed with payloads as packetizers make them.
struct Depacketizing {
    var depacketizer: Depacketizer
    private(set) var units: [DepacketizedUnit] = []
    /// Of the next packet.
    var sequence = 65_530

    /// `nil` where nothing is made of the format.
    init?(
        _ codec: Codec, clockRate: Int = 90_000, channels: Int? = nil, configuration: CodecConfiguration = .none,
        parameters: FormatParameters = FormatParameters(), dimensions: PictureDimensions? = nil
    ) {
        let description = TrackDescription.packetized(
            codec, clockRate: clockRate, channels: channels, configuration: configuration, parameters: parameters)
        var format = description.primary
        if !parameters.parameters.isEmpty { format.parameters = parameters }
        guard let made = Depacketizer(format: format, kind: description.kind, dimensions: dimensions) else {
            return nil
        }
        depacketizer = made
    }

    mutating func receive(_ payload: ByteBuffer, timestamp: UInt32, marker: Bool, beginsGroup: Bool = false) {
        units += depacketizer.receive(
            RTPPacket(
                marker: marker, payloadType: 96,
                sequenceNumber: SequenceNumber(UInt16(truncatingIfNeeded: sequence)), timestamp: timestamp, ssrc: 1,
                payload: payload),
            beginsGroup: beginsGroup)
        sequence += 1
    }

    mutating func receive(_ payload: [UInt8], timestamp: UInt32, marker: Bool, beginsGroup: Bool = false) {
        receive(ByteBuffer(bytes: payload), timestamp: timestamp, marker: marker, beginsGroup: beginsGroup)
    }

    /// All payloads of one access unit; those whose places are in `lost` do not arrive.
    mutating func receive(_ payloads: [NormalizedPayload], timestamp: UInt32, lost: Set<Int> = []) {
        for (place, payload) in payloads.enumerated() {
            if lost.contains(place) {
                sequence += 1
            } else {
                receive(payload.payload, timestamp: timestamp, marker: payload.marker)
            }
        }
    }
}

/// NAL units, each behind a length of four bytes.
func prefixed(_ units: [[UInt8]]) -> ByteBuffer {
    var buffer = ByteBuffer()
    for unit in units {
        buffer.writeInteger(UInt32(unit.count))
        buffer.writeBytes(unit)
    }
    return buffer
}

func packetized(_ units: [[UInt8]], isH265: Bool = false, limit: Int = 400) -> [NormalizedPayload] {
    var payloads: [NormalizedPayload] = []
    let buffers = units.map { ByteBuffer(bytes: $0) }
    if isH265 {
        H265Packetizer(maximumPayloadSize: limit).packetize(units: buffers) { payloads.append($0) }
    } else {
        H264Packetizer(maximumPayloadSize: limit).packetize(units: buffers) { payloads.append($0) }
    }
    return payloads
}
