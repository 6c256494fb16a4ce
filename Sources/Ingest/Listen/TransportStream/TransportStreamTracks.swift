import LibAV
import Media
import NIOCore
import RTP

/// The tracks of a transport stream: which there are, what a viewer must know of them, and their packets.
///
/// The first picture and the first sound of the program that can be passed on; nothing is until both are known, or time is up.
struct TransportStreamTracks {
    fileprivate enum Packetizing {
        case h264(H264Packetizer)
        case h265(H265Packetizer)
        case aac(AACPacketizer, AudioSpecificConfig?)
    }

    fileprivate struct Lane {
        let stream: Int
        let codec: Codec
        let payloadType: UInt8
        var packetizing: Packetizing
        var description: TrackDescription?
        var sequenceNumber = UInt16.random(in: .min ... .max)
        let ssrc = UInt32.random(in: .min ... .max)
        var timestamp: UInt32 = 0
        var clock: SampleClock?
        /// Another form of the sound, and how many frames in a row had it.
        var other: (configuration: AudioSpecificConfig, frames: Int)?
    }

    /// What becomes of a unit.
    enum Reception {
        case taken
        /// The sound has another form now, which no viewer knows of.
        case changed
    }

    private var lanes: [Lane] = []
    /// What the program has that is not passed on.
    private(set) var leftOut: [String] = []
    /// Since the first track was known, until all are.
    private var waiting: [TransportStreamReader.Unit] = []
    private var waitingBytes = 0
    /// Units that made no sense.
    private(set) var malformed: UInt64 = 0
    /// The newest time of the stream.
    private(set) var newest: Int64?

    /// More than this is not kept while a track is waited for, in bytes.
    private static let mostWaiting = 8 << 20

    /// The elementary streams as the program tells them now.
    mutating func announced(_ codecs: [Codec]) {
        leftOut = []
        lanes.removeAll { !codecs.indices.contains($0.stream) || codecs[$0.stream] != $0.codec }
        for (stream, codec) in codecs.enumerated() where !lanes.contains(where: { $0.stream == stream }) {
            let hasVideo = lanes.contains { $0.codec != .aac }
            switch codec {
            case .h264 where !hasVideo:
                lanes.append(Lane(stream: stream, codec: codec, payloadType: 96, packetizing: .h264(.init())))
            case .h265 where !hasVideo:
                lanes.append(Lane(stream: stream, codec: codec, payloadType: 96, packetizing: .h265(.init())))
            case .aac where !lanes.contains { $0.codec == .aac }:
                lanes.append(Lane(stream: stream, codec: codec, payloadType: 97, packetizing: .aac(.init(), nil)))
            case .other(nil): break
            default: leftOut.append(codec.description)
            }
        }
        lanes.sort { $0.payloadType < $1.payloadType }
    }

    /// Nothing that could be passed on was announced so far.
    var isEmpty: Bool { lanes.isEmpty }

    /// One of the tracks can be described.
    var knowsAny: Bool { lanes.contains { $0.description != nil } }

    /// The picture can be described, or there is none.
    var knowsPicture: Bool { lanes.allSatisfy { $0.codec == .aac || $0.description != nil } }

    /// All of them can, or so much came that the others are not waited for.
    var isKnown: Bool {
        !lanes.isEmpty && lanes.allSatisfy { $0.description != nil } || knowsAny && waitingBytes > Self.mostWaiting
    }

    /// A unit from before the tracks were settled: a picture counts from the first with parameter sets on.
    mutating func learn(_ unit: TransportStreamReader.Unit) {
        guard let index = lanes.firstIndex(where: { $0.stream == unit.stream }) else { return }
        if lanes[index].description == nil { lanes[index].learn(unit) }
        // Sound from before the first picture is of no use.
        guard lanes[index].description != nil, knowsPicture else { return }
        waiting.append(unit)
        waitingBytes += unit.bytes.readableBytes
    }

    /// What is not known by now is left out. The descriptions, and the units that came before.
    mutating func settle() -> ([TrackDescription], [TransportStreamReader.Unit]) {
        for lane in lanes where lane.description == nil { leftOut.append("\(lane.codec), not heard of") }
        lanes.removeAll { $0.description == nil }
        defer {
            waiting = []
            waitingBytes = 0
        }
        return (lanes.compactMap(\.description), waiting)
    }

    /// The packets of a unit, each with its track.
    mutating func packetize(
        _ unit: TransportStreamReader.Unit, deliver: (RTPPacket, Int) -> Void
    ) -> Reception {
        guard let track = lanes.firstIndex(where: { $0.stream == unit.stream }) else { return .taken }
        if let time = unit.presentationTime { newest = time }
        switch lanes[track].packetizing {
        case .h264(let packetizer):
            lanes[track].stamp(pictureAt: unit.presentationTime)
            packetizer.packetize(units: unit.pictureUnits(of: .h264)) { deliver(lanes[track].packet($0), track) }
        case .h265(let packetizer):
            lanes[track].stamp(pictureAt: unit.presentationTime)
            packetizer.packetize(units: unit.pictureUnits(of: .h265)) { deliver(lanes[track].packet($0), track) }
        case .aac(let packetizer, let configuration):
            guard let header = ADTSHeader(parsing: unit.bytes), header.blocks == 1,
                let frame = unit.bytes.getSlice(
                    at: unit.bytes.readerIndex + header.length, length: header.frameLength - header.length)
            else {
                malformed &+= 1
                return .taken
            }
            guard header.configuration == configuration else {
                malformed &+= 1
                return lanes[track].isOther(header.configuration) ? .changed : .taken
            }
            lanes[track].other = nil
            lanes[track].timestamp = lanes[track].clock?.timestamp(ofFrameAt: unit.presentationTime) ?? 0
            packetizer.packetize(frame) { deliver(lanes[track].packet($0), track) }
        }
        return .taken
    }

    /// What ties the tracks together, as a sender would tell it: `seconds` since 1970 are now that of `time`.
    func reports(of time: Int64, at seconds: Double) -> [SenderReport] {
        let ntp = NTPTime(unixNanoseconds: Int64(seconds * 1e9))
        return lanes.map { lane in
            let timestamp = lane.clock == nil ? UInt32(truncatingIfNeeded: time) : lane.clock?.samples(at: time) ?? 0
            return SenderReport(ssrc: lane.ssrc, ntp: ntp, rtpTimestamp: timestamp, packetCount: 0, octetCount: 0)
        }
    }
}

// MARK: One track

extension TransportStreamTracks.Lane {
    fileprivate mutating func learn(_ unit: TransportStreamReader.Unit) {
        let format: TrackFormat
        switch packetizing {
        case .h264, .h265:
            let units = unit.pictureUnits(of: codec).map { Array(buffer: $0) }
            let configuration: CodecConfiguration = codec == .h264 ? .h264(of: units) : .h265(of: units)
            guard configuration.isComplete else { return }
            format = TrackFormat(
                payloadType: payloadType, codec: codec, encodingName: codec.encodingName, clockRate: 90_000,
                configuration: configuration
            )
        case .aac(let packetizer, _):
            guard let header = ADTSHeader(parsing: unit.bytes), header.blocks == 1,
                let bytes = header.configuration.serialized
            else {
                return
            }
            packetizing = .aac(packetizer, header.configuration)
            clock = SampleClock(sampleRate: header.configuration.sampleRate)
            format = TrackFormat(
                payloadType: payloadType, codec: codec, encodingName: codec.encodingName,
                clockRate: header.configuration.sampleRate, channels: header.configuration.channels,
                parameters: FormatParameters([
                    .init(name: "mode", value: "AAC-hbr"), .init(name: "sizelength", value: "13"),
                    .init(name: "indexlength", value: "3"), .init(name: "indexdeltalength", value: "3"),
                ]),
                configuration: .aac(audioSpecificConfig: bytes)
            )
        }
        description = TrackDescription(kind: codec == .aac ? .audio : .video, formats: [format])
    }

    /// One header may be broken; this many in a row that agree are not.
    private static let mostStrayFrames = 5

    fileprivate mutating func isOther(_ configuration: AudioSpecificConfig) -> Bool {
        let frames = other?.configuration == configuration ? other?.frames ?? 0 : 0
        other = (configuration, frames + 1)
        return frames + 1 >= Self.mostStrayFrames
    }

    /// 33 bits of 90 kHz are RTP's own clock with a bit more, so its wrap is RTP's.
    fileprivate mutating func stamp(pictureAt time: Int64?) {
        timestamp = time.map { UInt32(truncatingIfNeeded: $0) } ?? timestamp &+ 1
    }

    fileprivate mutating func packet(_ payload: NormalizedPayload) -> RTPPacket {
        defer { sequenceNumber &+= 1 }
        return RTPPacket(
            marker: payload.marker, payloadType: payloadType, sequenceNumber: SequenceNumber(sequenceNumber),
            timestamp: timestamp, ssrc: ssrc, payload: payload.payload
        )
    }
}

extension TransportStreamReader.Unit {
    /// The NAL units of a picture, without delimiters and filler, of which RTP has no need.
    fileprivate func pictureUnits(of codec: Codec) -> [ByteBuffer] {
        AnnexB.nalUnits(in: bytes).filter { unit in
            guard let header = unit.getInteger(at: unit.readerIndex, as: UInt8.self) else { return false }
            return codec == .h264 ? ![9, 12].contains(header & 0x1F) : ![35, 38].contains(header >> 1 & 0x3F)
        }
    }
}
